//! The server: how it is reached, and what it must be able to do.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, Tls,
    WriteConcern,
};
use mongodb::{Client, Collection, Database};
use ntt_auth_core::store::{Gate, StoreError};

use crate::error::Error;
use crate::options::MongoOptions;
use crate::pool::Pool;

/// Where a URL names no database.
const DATABASE: &str = "ntt_auth";
/// What the server lists in its log and among its connections, unless the URL has an `appName`.
const APPLICATION: &str = "ntt-auth";
/// What servers of 5.0 call themselves in their handshake.
const WIRE_VERSION_OF_5_0: i64 = 13;

/// A database of a replica set.
pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) pool: Pool,
    /// Whether what a majority confirms is on their disks.
    pub(crate) majority_is_durable: bool,
    /// What the server knows this program by.
    pub(crate) app_name: String,
    operation: Duration,
    /// Most connections to each server of the replica set.
    pub(crate) most: u32,
    gate: Arc<dyn Gate>,
}

impl Server {
    /// Connects to the server that `url` names, and makes sure that it can do what is needed.
    pub(crate) async fn connect(
        url: &str,
        options: MongoOptions,
        gate: Arc<dyn Gate>,
    ) -> Result<Self, Error> {
        let mut asked = ClientOptions::parse(url)
            .await
            .map_err(|error| unreadable(url, error))?;
        let app_name = asked
            .app_name
            .get_or_insert_with(|| APPLICATION.to_owned())
            .clone();
        let most = asked.max_pool_size.unwrap_or(options.max_pool);
        // One more, on which it is listened to changes; none at all is for the driver to refuse.
        asked.max_pool_size = Some(most.saturating_add(u32::from(most > 0)));
        asked
            .min_pool_size
            .get_or_insert(options.min_pool.min(most));
        let selection = *asked
            .server_selection_timeout
            .get_or_insert(options.server_selection);
        asked.connect_timeout.get_or_insert(options.connect);
        if let (Some(Tls::Enabled(tls)), Some(authorities)) = (&mut asked.tls, options.ca_file) {
            tls.ca_file_path.get_or_insert(authorities);
        }
        // Reads never show what may be rolled back, and come from where writes go.
        asked.read_concern = Some(ReadConcern::majority());
        asked.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        asked.write_concern = Some(durable());
        let pool = Pool::default();
        asked.cmap_event_handler = Some(pool.handler());
        let name = asked
            .default_database
            .clone()
            .unwrap_or_else(|| DATABASE.to_owned());
        let client = Client::with_options(asked).map_err(|error| unreadable(url, error))?;
        let mut server = Self {
            database: client.database(&name),
            client,
            pool,
            majority_is_durable: false,
            app_name,
            operation: options.operation,
            most,
            gate,
        };
        server.check(selection).await?;
        server.majority_is_durable = server.journals_majorities().await;
        Ok(server)
    }

    /// A collection of the database.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    /// Waits for an operation no longer than one may take.
    pub(crate) async fn in_time<O, T>(&self, operation: O) -> Result<T, Error>
    where
        O: IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Send> + Send,
    {
        match tokio::time::timeout(self.operation, operation).await {
            Ok(outcome) => outcome.map_err(Error::from),
            Err(_) => Err(self.too_slow()),
        }
    }

    /// Asks something outside any transaction: through the gate, if it lets anybody through.
    pub(crate) async fn ask<O, T>(&self, what: &'static str, operation: O) -> Result<T, Error>
    where
        O: IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Send> + Send,
    {
        let pass = self.gate.enter().map_err(|refused| match refused {
            StoreError::Unavailable(why) => Error::Unavailable(why),
            other => Error::Driver(Arc::new(other)),
        })?;
        let patience = pass.patience();
        let outcome = match tokio::time::timeout(patience, self.timed(what, operation)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.too_slow()),
        };
        match &outcome {
            Err(Error::Unavailable(_)) => pass.failed(),
            _ => pass.answered(),
        }
        outcome
    }

    /// Waits for an operation no longer than one may take, and has it told how long it took; `what` is its collection.
    pub(crate) async fn timed<O, T>(&self, what: &'static str, operation: O) -> Result<T, Error>
    where
        O: IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Send> + Send,
    {
        let began = Instant::now();
        let outcome = self.in_time(operation).await;
        self.gate.took(what, began.elapsed());
        outcome
    }

    /// What is told of an operation that took too long.
    pub(crate) fn too_slow(&self) -> Error {
        Error::unavailable(format!(
            "MongoDB did not answer within {} s (is the server overloaded, stopped, or cut off?)",
            self.operation.as_secs_f32()
        ))
    }

    /// How long one operation may take.
    pub(crate) fn operation_time(&self) -> Duration {
        self.operation
    }

    /// Whether the server answers.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let ping = self.database.run_command(doc! { "ping": 1 });
        self.ask("ping", ping).await.map(drop)
    }

    /// Whether this is a server that can be worked with. `selection` is how long the driver looks for a primary. It is waited for besides the
    /// time of an operation: what the driver tells when it gives up (a certificate, a name, a refusal) says more than that it took too long.
    async fn check(&self, selection: Duration) -> Result<(), Error> {
        let hello = self.database.run_command(doc! { "hello": 1 });
        let hello = tokio::time::timeout(selection + self.operation, hello)
            .await
            .map_err(|_| self.too_slow())??;
        let version = hello.get_i32("maxWireVersion").map_or(0, i64::from);
        if version < WIRE_VERSION_OF_5_0 {
            return Err(Error::unavailable(
                "the MongoDB server is older than 5.0: upgrade it to 5.0 or later",
            ));
        }
        let is_router = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
        if !hello.contains_key("setName") && !is_router {
            return Err(Error::unavailable(
                "the MongoDB server stands alone, and transactions need a replica set, be it of one node: start mongod \
                 with `--replSet NAME` (in mongod.conf: replication.replSetName), run `rs.initiate()` once in mongosh, \
                 and write `replicaSet=NAME` into the database URL",
            ));
        }
        // The handshake needs no permission; this needs what every start needs.
        self.in_time(self.database.list_collection_names())
            .await
            .map(drop)
    }

    /// Whether the replica set confirms a majority only when it is on disk, as is its default. Who may not ask does not know.
    async fn journals_majorities(&self) -> bool {
        let admin = self.client.database("admin");
        let asked = admin.run_command(doc! { "replSetGetConfig": 1 });
        let answer = self.in_time(asked).await;
        answer.is_ok_and(|answer| {
            let config = answer.get_document("config");
            config.is_ok_and(|config| {
                config
                    .get_bool("writeConcernMajorityJournalDefault")
                    .unwrap_or(true)
            })
        })
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The driver's options hold the password.
        f.debug_struct("Server")
            .field("database", &self.database.name())
            .finish_non_exhaustive()
    }
}

/// On the disks of a majority.
pub(crate) fn durable() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .build()
}

/// What is told of a URL. What the driver says of it is left out where it repeats a part of what may be a password.
fn unreadable(url: &str, error: mongodb::error::Error) -> Error {
    if matches!(*error.kind, ErrorKind::DnsResolve { .. }) {
        return error.into();
    }
    let why = error.kind.to_string();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.rfind('@').unwrap_or_default();
    let end = rest.find('/').map_or(rest.len(), |slash| slash.max(end));
    let (authority, _) = rest.split_at(end);
    let repeats = authority
        .split(['@', ':', ','])
        .any(|part| !part.is_empty() && why.contains(part));
    let why = if repeats { "" } else { &why };
    Error::unavailable(format!(
        "the database URL cannot be used, it is to be mongodb://USER:PASSWORD@HOST:PORT/DATABASE?replicaSet=NAME with \
         special characters written as %XX. {why}"
    ))
}
