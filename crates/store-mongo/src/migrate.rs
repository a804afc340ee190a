//! The steps by which a database's collections come to their present form: forward only, each taken once.

mod lock;
mod steps;

use std::fmt::Write as _;

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use ntt_auth_core::store::can_live_with;
use sha2::Digest as _;

use self::lock::Lock;
use self::steps::{Index, STEPS, Step};
use crate::error::Error;
use crate::server::Server;
use crate::value::Doc;

/// What steps were taken, and the lock of who takes them.
const COLLECTION: &str = "migrations";

/// Takes the steps that were not taken yet, and says how many.
pub(crate) async fn run(server: &Server) -> Result<u32, Error> {
    // Usually there is nothing to do, and nothing to lock.
    if let Some(0) = count_pending(&taken(server).await?)? {
        return Ok(0);
    }
    let lock = Lock::acquire(server).await?;
    let outcome = take(server, &lock).await;
    lock.release().await?;
    outcome
}

/// Whether no step was ever taken.
pub(crate) async fn is_new(server: &Server) -> Result<bool, Error> {
    Ok(taken(server).await?.is_empty())
}

/// How many steps were not taken yet.
pub(crate) async fn pending_steps(server: &Server) -> Result<u32, Error> {
    count_pending(&taken(server).await?)?.ok_or_else(|| {
        Error::unavailable(format!(
            "the MongoDB database {} holds nothing of this program: is the database URL the right one?",
            server.database.name()
        ))
    })
}

/// Empties every collection that the steps make, and fills in what they begin with. Other collections of the database are
/// left alone.
pub(crate) async fn reset(server: &Server) -> Result<(), Error> {
    for step in STEPS {
        for name in step.collections {
            let all = server.collection(name);
            server.in_time(all.delete_many(doc! {})).await?;
        }
    }
    let taken = server.collection(COLLECTION);
    server.in_time(taken.delete_many(doc! {})).await?;
    run(server).await.map(drop)
}

/// `None` if no step was taken at all.
fn count_pending(taken: &[(String, String)]) -> Result<Option<u32>, Error> {
    let pending = pending(taken)?.len();
    Ok((!taken.is_empty()).then(|| u32::try_from(pending).unwrap_or(u32::MAX)))
}

async fn take(server: &Server, lock: &Lock<'_>) -> Result<u32, Error> {
    let taken = taken(server).await?;
    let pending = pending(&taken)?;
    let mut there = server
        .in_time(server.database.list_collection_names())
        .await?;
    for step in pending {
        // A step that was interrupted is taken again: whatever it made is made already, and nothing is made twice.
        for name in step.collections {
            if !there.iter().any(|other| other == name) {
                server
                    .in_time(server.database.create_collection(*name))
                    .await?;
                there.push((*name).to_owned());
            }
        }
        for (collection, indexes) in step.by_collection() {
            make(server, collection, &indexes).await?;
        }
        for (collection, document) in (step.documents)() {
            let documents = server.collection(collection);
            let add = documents
                .update_one(doc! { "_id": 1_i64 }, doc! { "$setOnInsert": document })
                .upsert(true);
            server.in_time(add).await?;
        }
        lock.prolong().await?;
        let notes = server.collection(COLLECTION);
        let note = doc! { "_id": step.name, "checksum": checksum(step) };
        server.in_time(notes.insert_one(note)).await?;
    }
    Ok(u32::try_from(pending.len()).unwrap_or(u32::MAX))
}

/// Makes indexes. On a large collection that takes its time, so it is not bounded as an operation is.
async fn make(server: &Server, collection: &str, indexes: &[&Index]) -> Result<(), Error> {
    let models = indexes.iter().map(|index| {
        let mut options = IndexOptions::default();
        options.name = Some(index.name.to_owned());
        options.unique = index.unique.then_some(true);
        options.partial_filter_expression = (index.only)();
        let keys = index
            .fields
            .iter()
            .map(|field| ((*field).to_owned(), 1.into()));
        IndexModel::builder()
            .keys(keys.collect::<Document>())
            .options(options)
            .build()
    });
    let documents: Collection<Document> = server.collection(collection);
    documents.create_indexes(models).await?;
    Ok(())
}

/// The names and checksums of the steps that were taken, in order.
async fn taken(server: &Server) -> Result<Vec<(String, String)>, Error> {
    let steps = server.collection(COLLECTION);
    let find = steps
        .find(doc! { "checksum": { "$exists": true } })
        .sort(doc! { "_id": 1 });
    let found: Vec<Document> = server
        .in_time(async { find.await?.try_collect().await })
        .await?;
    found
        .into_iter()
        .map(|document| {
            let mut step = Doc::new(COLLECTION, document);
            Ok((step.text("_id")?, step.text("checksum")?))
        })
        .collect()
}

/// The steps after those taken, if those taken are the first of ours, and perhaps later ones that this program can live with.
fn pending(taken: &[(String, String)]) -> Result<&'static [Step], Error> {
    let count = taken.len().min(STEPS.len());
    let (known, pending) = STEPS.split_at_checked(count).unwrap_or_default();
    let newest = STEPS.last().map_or("", |step| step.name);
    let mut newer = taken.iter().skip(count);
    if let Some((name, _)) = newer.find(|(name, _)| !can_live_with(name, newest)) {
        return Err(Error::unavailable(format!(
            "the database was made by a newer version of this program, in whose migration {name} is what this one cannot work with: \
             run that version or a later one"
        )));
    }
    for (step, (name, sum)) in known.iter().zip(taken) {
        if step.name != name || checksum(step) != *sum {
            return Err(Error::unavailable(format!(
                "migration {name} of the database is not the one this program knows as {}: the database belongs to \
                 another version or build of it",
                step.name
            )));
        }
    }
    Ok(pending)
}

/// Of everything that a step makes.
fn checksum(step: &Step) -> String {
    sha2::Sha256::digest(step.text())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests;
