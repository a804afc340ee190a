//! Work written as one function.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use ntt_auth_core::model::{Session, User};
use ntt_auth_core::store::{Store, StoreError, Tx, Work, transact};

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

pub(crate) async fn in_transaction<F, T>(store: &Arc<dyn Store>, work: F) -> Result<T, StoreError>
where
    F: for<'t> Fn(&'t mut dyn Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    T: Send + 'static,
{
    transact(&**store, Doing(work, PhantomData)).await
}

/// Runs an expression in one transaction of a store; what it uses is named, and cloned for each time it is applied.
macro_rules! apply {
    ($store:expr, [$($used:ident),*], |$tx:ident| $body:expr) => {{
        $(let $used = $used.clone();)*
        $crate::work::in_transaction(&$store, move |$tx| {
            $(let $used = $used.clone();)*
            Box::pin(async move { $body })
        })
        .await
    }};
}
pub(crate) use apply;

pub(crate) async fn insert_user(store: &Arc<dyn Store>, user: &User) -> Result<(), StoreError> {
    apply!(store, [user], |tx| tx.users().insert(&user).await)
}

pub(crate) async fn insert_session(store: &Arc<dyn Store>, session: &Session) {
    apply!(store, [session], |tx| tx.sessions().insert(&session).await).unwrap();
}
