//! Hearing of commits by a change stream.
//!
//! It tells only what a majority of the replica set has, so what is heard of is there to be read.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use mongodb::change_stream::ChangeStream;
use ntt_auth_core::store::{Changes, StoreError};
use tokio::time::timeout;

use crate::error::Error;
use crate::server::Server;

/// How long the server waits for a change before it says that there is none.
const SILENCE: Duration = Duration::from_secs(5);

/// A change stream over the collections that others follow.
pub(crate) struct Listener {
    stream: ChangeStream<Document>,
    patience: Duration,
}

impl Listener {
    /// Begins to listen.
    pub(crate) async fn begin(server: &Server) -> Result<Self, Error> {
        let followed = doc! { "$match": {
            "ns.coll": { "$in": ["revocations", "signing_keys"] },
            "operationType": { "$in": ["insert", "update", "replace"] },
        } };
        // Nothing of a change is needed but that there was one. The stream resumes by its `_id`.
        let bare = doc! { "$project": { "_id": 1 } };
        let watched = server
            .database
            .watch()
            .pipeline([followed, bare])
            .max_await_time(SILENCE);
        Ok(Self {
            stream: server.ask("changes", watched).await?.with_type(),
            patience: SILENCE + server.operation_time(),
        })
    }
}

#[async_trait]
impl Changes for Listener {
    async fn next(&mut self) -> Result<(), StoreError> {
        while self.stream.is_alive() {
            // A server that hangs closes no connection and would never be given up.
            match timeout(self.patience, self.stream.next_if_any()).await {
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => return Err(Error::from(error).into()),
                Err(_) => break,
            }
        }
        Err(Error::unavailable("the change stream has ended").into())
    }
}
