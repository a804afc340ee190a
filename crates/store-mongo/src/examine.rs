//! What the server tells of itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{EngineFacts, SchemaFacts, StoreError};

use crate::MongoStore;
use crate::error::Error;
use crate::migrate;
use crate::server::Server;

/// What the steps make.
const SCHEMA: &str = include_str!("../schema/mongodb.txt");
const TRIAL: &str = "ntt_auth_trial";

impl MongoStore {
    /// Collections and indexes as they are, a line for each, in the words of the committed schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server does not answer.
    pub async fn catalogue(&self) -> Result<Vec<String>, StoreError> {
        Ok(catalogue(self.server()).await?)
    }
}

pub(crate) async fn facts(server: &Server) -> Result<EngineFacts, StoreError> {
    let build = server.database.run_command(doc! { "buildInfo": 1 });
    let version = server.in_time(build).await?;
    let majority = server.majority_is_durable.to_string();
    Ok(EngineFacts {
        product: "MongoDB",
        version: version.get_str("version").unwrap_or_default().to_owned(),
        schema: schema(server).await?,
        denied: denied(server).await?,
        connections: connections(server).await,
        settings: BTreeMap::from([("writeConcernMajorityJournalDefault".to_owned(), majority)]),
    })
}

pub(crate) async fn clock(server: &Server) -> Result<Option<Timestamp>, StoreError> {
    let hello = server.database.run_command(doc! { "hello": 1 });
    let hello = server.in_time(hello).await?;
    let time = hello.get_datetime("localTime").ok();
    Ok(time.map(|time| Timestamp::from_millis(time.timestamp_millis())))
}

/// Not everybody may ask for that.
async fn connections(server: &Server) -> Option<(u64, u64)> {
    let status = server.database.run_command(doc! { "serverStatus": 1 });
    let status = server.in_time(status).await.ok()?;
    let connections = status.get_document("connections").ok()?;
    let number = |name| {
        let number = connections.get_i32(name).map(i64::from);
        let number = number.or_else(|_| connections.get_i64(name)).ok()?;
        u64::try_from(number).ok()
    };
    let open = number("current")?;
    Some((open, open + number("available")?))
}

async fn schema(server: &Server) -> Result<SchemaFacts, StoreError> {
    if migrate::is_new(server).await? {
        return Ok(SchemaFacts::default());
    }
    let pending = match migrate::pending_steps(server).await {
        Ok(pending) => Ok(pending),
        Err(Error::Unavailable(why)) => Err(why.into()),
        Err(error) => return Err(error.into()),
    };
    let missing = match pending {
        Ok(0) => {
            let found: BTreeSet<String> = catalogue(server).await?.into_iter().collect();
            let wanted = SCHEMA.lines().filter(|line| !found.contains(*line));
            wanted.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    Ok(SchemaFacts {
        is_new: false,
        pending,
        missing,
    })
}

async fn catalogue(server: &Server) -> Result<Vec<String>, Error> {
    let list = server.database.list_collection_names();
    let mut names = server.in_time(list).await?;
    names.retain(|name| name != "migrations");
    names.sort();
    let mut lines: Vec<_> = names
        .iter()
        .map(|name| format!("COLLECTION {name}"))
        .collect();
    for name in &names {
        let documents = server.collection(name);
        let list = async {
            documents
                .list_indexes()
                .await?
                .try_collect::<Vec<_>>()
                .await
        };
        let mut indexes: Vec<IndexModel> = server.in_time(list).await?;
        indexes.sort_by_key(|index| index.options.clone().and_then(|options| options.name));
        lines.extend(indexes.into_iter().filter_map(|index| line(name, index)));
    }
    Ok(lines)
}

/// `None` for the key that every collection has.
fn line(collection: &str, index: IndexModel) -> Option<String> {
    let options = index.options.unwrap_or_default();
    let name = options.name.filter(|name| name != "_id_")?;
    let kind = match options.unique {
        Some(true) => "UNIQUE",
        _ => "INDEX",
    };
    let fields = index.keys.keys().cloned().collect::<Vec<_>>().join(", ");
    let only = options.partial_filter_expression;
    let only = only.map_or_else(String::new, |only| format!(" WHERE {only}"));
    Some(format!("{kind} {collection} {name} ({fields}){only}"))
}

/// What is not permitted, and what the server says to it. The right to drop a collection comes first: nothing is made that
/// could not be taken away again.
async fn denied(server: &Server) -> Result<Vec<(&'static str, String)>, Error> {
    let mut denied = Vec::new();
    if let Some(first) = tried(server).await? {
        denied.push(first);
    }
    let _ = server.in_time(server.collection(TRIAL).drop()).await;
    Ok(denied)
}

async fn tried(server: &Server) -> Result<Option<(&'static str, String)>, Error> {
    let trial = server.collection(TRIAL);
    let one = doc! { "_id": 1_i64 };
    let index = IndexModel::builder().keys(doc! { "b": 1 }).build();
    let of = |right, outcome: Result<(), Error>| match outcome {
        Ok(()) => Ok(None),
        // Being away or busy denies nothing.
        Err(error @ (Error::Driver(_) | Error::Unavailable(_))) => {
            Ok(Some((right, error.to_string())))
        }
        Err(error) => Err(error),
    };
    let drop_it = || server.in_time(trial.drop());
    let create = || server.in_time(server.database.create_collection(TRIAL));
    let make_index = async || {
        server
            .in_time(trial.create_index(index.clone()))
            .await
            .map(drop)
    };
    let insert = async || {
        server
            .in_time(trial.insert_one(one.clone()))
            .await
            .map(drop)
    };
    let update = async || {
        let change: Document = doc! { "$set": { "b": 1_i64 } };
        server
            .in_time(trial.update_one(one.clone(), change))
            .await
            .map(drop)
    };
    let delete = async || {
        server
            .in_time(trial.delete_one(one.clone()))
            .await
            .map(drop)
    };
    for step in 0..6 {
        let denied = match step {
            0 => of("dropCollection", drop_it().await)?,
            1 => of("createCollection", create().await)?,
            2 => of("createIndex", make_index().await)?,
            3 => of("insert", insert().await)?,
            4 => of("update", update().await)?,
            _ => of("remove", delete().await)?,
        };
        if denied.is_some() {
            return Ok(denied);
        }
    }
    Ok(None)
}
