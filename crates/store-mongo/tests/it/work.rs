//! Works for tests.

use std::marker::PhantomData;

use async_trait::async_trait;
use futures::future::BoxFuture;
use ntt_auth_core::model::{AuditRecord, EventId, EventKind, Timestamp};
use ntt_auth_core::store::{Store, StoreError, Tx, Work, transact};
use uuid::Uuid;

struct Doing<F, T>(F, PhantomData<fn() -> T>);

#[async_trait]
impl<F, T> Work for Doing<F, T>
where
    F: for<'t> Fn(&'t mut dyn Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    T: Send + 'static,
{
    type Output = T;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<T, StoreError> {
        (self.0)(tx).await
    }
}

/// Runs a function in one transaction.
pub(crate) async fn in_transaction<F, T>(store: &dyn Store, work: F) -> Result<T, StoreError>
where
    F: for<'t> Fn(&'t mut dyn Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    T: Send + 'static,
{
    transact(store, Doing(work, PhantomData)).await
}

/// Takes the next place in the audit trail.
pub(crate) async fn append(store: &dyn Store) -> Result<i64, StoreError> {
    in_transaction(store, |tx| {
        Box::pin(async move {
            let mut head = tx.audit().lock_head().await?;
            head.latest += 1;
            tx.audit().insert(&record(head.latest)).await?;
            tx.audit().set_head(&head).await?;
            Ok(head.latest)
        })
    })
    .await
}

/// An event at a place of the trail.
pub(crate) fn record(sequence: i64) -> AuditRecord {
    AuditRecord {
        sequence,
        id: EventId::from_uuid(Uuid::from_u128(sequence.unsigned_abs().into())),
        kind: EventKind::SignedIn.as_str().to_owned(),
        at: Timestamp::from_millis(sequence),
        actor: None,
        subject: None,
        session: None,
        address_mark: None,
        actor_mark: None,
        subject_mark: None,
        session_mark: None,
        detail: None,
        sealed: None,
        hash: [5; 32],
        mac: [6; 16],
    }
}
