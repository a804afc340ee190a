//! Steps, taken on a server.

use mongodb::bson::{Document, doc};
use ntt_auth_core::store::Store as _;
use ntt_auth_store_mongo::MongoStore;

use crate::fresh::{self, Database};
use crate::opened;
use crate::work::append;

fn all() -> u32 {
    let folder = format!(
        "{}/../store-sql/migrations/sqlite",
        env!("CARGO_MANIFEST_DIR")
    );
    u32::try_from(std::fs::read_dir(folder).unwrap().count()).unwrap()
}

async fn collection(database: &Database, name: &str) -> mongodb::Collection<Document> {
    let client = mongodb::Client::with_uri_str(&database.url).await.unwrap();
    client.database(&database.name).collection(name)
}

#[tokio::test]
async fn steps_are_taken_once() {
    let Some(database) = fresh::mongodb() else {
        return;
    };
    let store = MongoStore::open(&database.url).await.unwrap();
    let told = store.pending_steps().await.unwrap_err().to_string();
    assert!(told.contains("holds nothing of this program"), "{told}");
    assert_eq!(store.migrate().await.unwrap(), all());
    assert_eq!(store.pending_steps().await.unwrap(), 0);
    assert_eq!(store.migrate().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_start_at_once_one_takes_the_steps() {
    let Some(database) = fresh::mongodb() else {
        return;
    };
    let starts = (0..4).map(|_| async {
        let store = MongoStore::open(&database.url).await.unwrap();
        store.migrate().await.unwrap()
    });
    let taken = futures::future::join_all(starts).await;
    assert_eq!(taken.iter().sum::<u32>(), all(), "{taken:?}");
}

#[tokio::test]
async fn a_step_that_was_interrupted_is_taken_again() {
    let Some((database, store)) = opened().await else {
        return;
    };
    assert_eq!(append(&*store).await.unwrap(), 1);
    let steps = collection(&database, "migrations").await;
    // The last is made, and not noted yet; who took it is dead.
    let last = steps
        .find_one_and_delete(doc! { "checksum": { "$exists": true } })
        .sort(doc! { "_id": -1 })
        .await
        .unwrap();
    assert!(last.is_some());
    let long_ago = mongodb::bson::DateTime::from_millis(1);
    let dead =
        doc! { "_id": "lock", "owner": mongodb::bson::oid::ObjectId::new(), "until": long_ago };
    steps.insert_one(dead).await.unwrap();
    assert_eq!(store.pending_steps().await.unwrap(), 1);
    assert_eq!(store.migrate().await.unwrap(), 1);
    assert_eq!(append(&*store).await.unwrap(), 2);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let Some((database, store)) = opened().await else {
        return;
    };
    let steps = collection(&database, "migrations").await;
    let newer = doc! { "_id": "9999_future", "checksum": "0" };
    steps.insert_one(newer).await.unwrap();
    let told = store.migrate().await.unwrap_err().to_string();
    assert!(told.contains("newer version"), "{told}");
}

#[tokio::test]
async fn a_reset_leaves_a_new_store_and_other_collections_alone() {
    let Some((database, store)) = opened().await else {
        return;
    };
    let bystanders = collection(&database, "bystander").await;
    bystanders.insert_one(doc! { "a": 1 }).await.unwrap();
    assert_eq!(append(&*store).await.unwrap(), 1);
    store.reset().await.unwrap();
    assert_eq!(store.read().audit().after(0, 9).await.unwrap(), []);
    assert_eq!(append(&*store).await.unwrap(), 1);
    assert_eq!(bystanders.count_documents(doc! {}).await.unwrap(), 1);
    assert_eq!(store.migrate().await.unwrap(), 0);
}
