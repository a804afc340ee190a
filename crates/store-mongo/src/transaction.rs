//! One transaction, from its first operation to its commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::options::{
    Acknowledgment, ReadConcern, ReturnDocument, TransactionOptions, WriteConcern,
};

use crate::error::{Error, is_commit_unknown};
use crate::server::Server;

/// How long a commit is asked for again whose outcome is not known.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it is rested before that.
const REST: Duration = Duration::from_millis(50);

/// An open transaction. After any error it refuses everything and cannot be committed, because the server has given it up.
pub(crate) struct Transaction {
    pub(crate) server: Arc<Server>,
    pub(crate) session: ClientSession,
    failed: Option<Error>,
    /// The head of the audit trail as it was taken, until somebody asks for it or writes it.
    head: Option<Document>,
}

impl Transaction {
    pub(crate) async fn begin(server: &Arc<Server>) -> Result<Self, Error> {
        let mut session = server.in_time(server.client.start_session()).await?;
        let options = TransactionOptions::builder()
            .read_concern(ReadConcern::snapshot())
            .write_concern(first_write_concern(server))
            .build();
        let begun = session.start_transaction().with_options(options);
        server.in_time(begun).await?;
        Ok(Self {
            server: Arc::clone(server),
            session,
            failed: None,
            head: None,
        })
    }

    /// Refuses to go on after an error.
    pub(crate) fn usable(&self) -> Result<(), Error> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Remembers the first error.
    pub(crate) fn note<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome
            && self.failed.is_none()
        {
            self.failed = Some(error.clone());
        }
        outcome
    }

    /// Takes the document that nearly every work writes at its end, before anything is read: from then on others meet this
    /// transaction instead of it them.
    pub(crate) async fn take_head(&mut self) -> Result<(), Error> {
        let heads = self.server.collection("audit_head");
        let lock = heads
            .find_one_and_update(doc! { "_id": 1_i64 }, doc! { "$inc": { "locks": 1_i64 } })
            .return_document(ReturnDocument::After)
            .session(&mut self.session);
        let taken = self.server.in_time(lock).await;
        self.head = self.note(taken)?;
        Ok(())
    }

    /// The head, if it was taken, and nobody has asked for it or written it since.
    pub(crate) fn taken_head(&mut self) -> Option<Document> {
        self.head.take()
    }

    /// Undoes everything. That it cannot be told is no harm: the server gives up what nobody goes on with.
    pub(crate) async fn abort(mut self) {
        if self.failed.is_some() {
            // The server has undone it already, or does not answer: the session tells it by itself when it can.
            return;
        }
        let abort = self.session.abort_transaction();
        let _ = tokio::time::timeout(self.server.operation_time(), abort).await;
    }

    /// Commits, and returns when others can see it: it is neither durable nor sure then.
    pub(crate) async fn commit(mut self) -> Result<Committed, Error> {
        self.usable()?;
        let commit = self.session.commit_transaction();
        match tokio::time::timeout(self.server.operation_time(), commit).await {
            Ok(Err(error)) if !is_commit_unknown(&error) => Err(error.into()),
            // What is not known is asked for again when it is made sure.
            _ => Ok(Committed {
                server: self.server,
                session: self.session,
            }),
        }
    }
}

/// A transaction that others see, and that may still be lost.
pub(crate) struct Committed {
    server: Arc<Server>,
    session: ClientSession,
}

impl Committed {
    /// Waits until a majority has it on disk. If they never will, because the primary was lost before it told them, the work
    /// is to be applied again.
    pub(crate) async fn make_sure(mut self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            // The driver asks for a majority whenever a commit is asked for again.
            let commit = self.session.commit_transaction();
            let outcome = tokio::time::timeout(self.server.operation_time(), commit).await;
            let why = match outcome {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if !is_commit_unknown(&error) => return Err(error.into()),
                Ok(Err(error)) => Error::from(error).to_string(),
                Err(_) => self.server.too_slow().to_string(),
            };
            if begun.elapsed() >= PATIENCE {
                return Err(Error::unavailable(format!(
                    "whether a transaction was committed is not known: {why}"
                )));
            }
            tokio::time::sleep(REST).await;
        }
    }
}

/// The first commit is not waited for by more than the primary, so that the next transaction can begin meanwhile; unless what
/// a majority confirms may be in their memory alone: then the primary's disk is waited for here.
fn first_write_concern(server: &Server) -> WriteConcern {
    let mut concern = WriteConcern::builder().w(Acknowledgment::Nodes(1)).build();
    if !server.majority_is_durable {
        concern.journal = Some(true);
    }
    concern
}
