//! The lock under which steps are taken: a document, with a time after which somebody else may have it.

use std::time::{Duration, Instant};

use mongodb::Collection;
use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use mongodb::options::ReturnDocument;

use super::COLLECTION;
use crate::error::Error;
use crate::server::Server;

const ID: &str = "lock";
/// How long a lock is good that nobody prolongs. The time is the server's: this is about processes, not about what is kept.
const LEASE_MILLIS: i64 = 120_000;
/// How long somebody else's steps are waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often.
const REST: Duration = Duration::from_millis(100);

/// Held by one process.
pub(super) struct Lock<'s> {
    server: &'s Server,
    locks: Collection<Document>,
    owner: ObjectId,
}

impl<'s> Lock<'s> {
    pub(super) async fn acquire(server: &'s Server) -> Result<Self, Error> {
        let (begun, owner) = (Instant::now(), ObjectId::new());
        let locks = server.collection(COLLECTION);
        loop {
            let take = locks
                .find_one_and_update(doc! { "_id": ID }, taking(owner))
                .upsert(true)
                .return_document(ReturnDocument::After);
            match server.in_time(take).await {
                Ok(Some(lock)) if lock.get_object_id("owner").is_ok_and(|of| of == owner) => {
                    return Ok(Self {
                        server,
                        locks,
                        owner,
                    });
                }
                // Somebody else's, perhaps since this moment.
                Ok(_) | Err(Error::Duplicate(_)) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(REST).await;
                }
                Ok(_) | Err(Error::Duplicate(_)) => {
                    return Err(Error::unavailable(
                        "another process has been changing the database for a minute: wait for it to end",
                    ));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes sure that it is still ours, for another while.
    pub(super) async fn prolong(&self) -> Result<(), Error> {
        let ours = doc! { "_id": ID, "owner": self.owner };
        let prolong = self
            .locks
            .update_one(ours, vec![doc! { "$set": { "until": lease_end() } }]);
        match self.server.in_time(prolong).await?.matched_count {
            0 => Err(Error::unavailable(
                "a migration took so long that another process took it over: start again when that one is ready",
            )),
            _ => Ok(()),
        }
    }

    pub(super) async fn release(self) -> Result<(), Error> {
        let ours = doc! { "_id": ID, "owner": self.owner };
        let release = self.locks.delete_one(ours);
        self.server.in_time(release).await.map(drop)
    }
}

/// Takes the lock if it is nobody's any more.
fn taking(owner: ObjectId) -> Vec<Document> {
    let never = DateTime::from_millis(0);
    let is_free = doc! { "$lt": [{ "$ifNull": ["$until", never] }, "$$NOW"] };
    let if_free = |ours: Bson, theirs| doc! { "$cond": ["$is_free", ours, theirs] };
    vec![
        doc! { "$set": { "is_free": is_free } },
        doc! { "$set": {
            "owner": if_free(owner.into(), "$owner"),
            "until": if_free(lease_end(), "$until"),
        } },
        doc! { "$unset": "is_free" },
    ]
}

fn lease_end() -> Bson {
    doc! { "$add": ["$$NOW", LEASE_MILLIS] }.into()
}
