//! A unit of writing, in a form that a store can run anywhere and more than once.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tracing::{Instrument as _, Span};

use crate::store::{Store, StoreError, Tx};

/// What is to be written in one transaction. It owns all it needs, so that an engine may run it on another thread, and
/// may be applied again after a rollback, so it must change nothing but through `tx`.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// What the caller learns after the commit; a rejection is an output, too.
    type Output: Send + 'static;

    /// Reads and writes through `tx`. An error rolls everything back.
    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError>;
}

/// A [`Work`] whose output is kept aside, so that a store need not know its type.
#[async_trait]
pub trait ErasedWork: Send + Sync {
    /// Applies the work; its output is kept for whoever submitted it.
    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError>;
}

struct Kept<W: Work> {
    work: W,
    output: Arc<Mutex<Option<W::Output>>>,
    /// Goes along to whatever thread the work is done on, so that its statements are told as its parts.
    span: Span,
}

#[async_trait]
impl<W: Work> ErasedWork for Kept<W> {
    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let output = self.work.apply(tx).instrument(self.span.clone()).await?;
        *self.output.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
        Ok(())
    }
}

/// The name of a type without its modules; of one around another, the inner one's.
fn name_of<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    let path = path.rsplit('<').next().unwrap_or(path);
    let path = path.split(['>', ',']).next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// Runs `work` in one transaction of `store` and gives its output once the commit is durable.
pub async fn transact<W: Work>(store: &dyn Store, work: W) -> Result<W::Output, StoreError> {
    let output = Arc::new(Mutex::new(None));
    let span = tracing::info_span!(
        target: "trace",
        "transaction",
        otel.name = %format_args!("transaction {}", name_of::<W>()),
    );
    store
        .run(Box::new(Kept {
            work,
            output: Arc::clone(&output),
            span: span.clone(),
        }))
        .instrument(span)
        .await?;
    let output = output.lock().unwrap_or_else(PoisonError::into_inner).take();
    output.ok_or_else(|| {
        StoreError::corrupt("a transaction that was committed without being applied")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Around<T>(T);

    #[test]
    fn a_transaction_is_named_after_what_it_does() {
        struct SignIn;
        assert_eq!(name_of::<SignIn>(), "SignIn");
        assert_eq!(name_of::<Around<SignIn>>(), "SignIn");
        assert_eq!(name_of::<Around<Around<SignIn>>>(), "SignIn");
        let _ = Around(SignIn).0;
    }
}
