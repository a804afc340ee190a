//! A server for tests of what is inside.

use std::sync::Arc;

use ntt_auth_core::model::User;
use ntt_auth_core::store::{EngineOptions, Users};

use crate::migrate;
use crate::options::MongoOptions;
use crate::server::Server;
use crate::transaction::Transaction;
use crate::view::View;

/// A migrated database of its own on the server of `NTT_TEST_MONGODB_URL`. Without one nothing is tested here; that it is told,
/// and forbidden in CI, is for `tests/it`.
pub(crate) async fn server() -> Option<Arc<Server>> {
    let url = std::env::var("NTT_TEST_MONGODB_URL").ok()?;
    let (hosts, options) = url.split_once("/?").unwrap_or((&url, ""));
    let name = mongodb::bson::oid::ObjectId::new();
    let url = format!("{hosts}/ntt_auth_{name}?minPoolSize=0&{options}");
    let server = Server::connect(&url, MongoOptions::default(), EngineOptions::default().gate)
        .await
        .unwrap();
    migrate::run(&server).await.unwrap();
    Some(Arc::new(server))
}

/// Adds users in one transaction.
pub(crate) async fn insert(server: &Arc<Server>, users: &[User]) {
    let mut transaction = Transaction::begin(server).await.unwrap();
    let mut view = View::writing(&mut transaction);
    for user in users {
        Users::insert(&mut view, user).await.unwrap();
    }
    let committed = transaction.commit().await.unwrap();
    committed.make_sure().await.unwrap();
}
