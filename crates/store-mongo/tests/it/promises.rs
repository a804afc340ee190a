//! What is this store's own: works that are in each other's way, what fails, and what is told of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{Store, StoreError};
use ntt_auth_store_mongo::{MongoOptions, MongoStore};

use crate::relay::Relay;
use crate::work::{append, in_transaction, record};
use crate::{fresh, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_on_two_nodes_all_get_their_place() {
    let Some((database, one)) = opened().await else {
        return;
    };
    let other = Arc::new(MongoStore::open(&database.url).await.unwrap());
    let callers = (0..64).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &one } else { &other });
        tokio::spawn(async move { append(&*store).await.unwrap() })
    });
    let mut places = futures::future::try_join_all(callers).await.unwrap();
    places.sort_unstable();
    assert_eq!(places, (1..=64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_nobody_goes_on_with_is_ended() {
    let Some((database, store)) = opened().await else {
        return;
    };
    // As if its process had been killed between a write and the commit.
    let url = format!("{}&appName=ntt-auth", database.url);
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    let mut session = client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let heads = client
        .database(&database.name)
        .collection::<Document>("audit_head");
    heads
        .update_one(doc! { "_id": 1 }, doc! { "$inc": { "locks": 1 } })
        .session(&mut session)
        .await
        .unwrap();

    let begun = Instant::now();
    assert_eq!(append(&*store).await.unwrap(), 1);
    assert!(begun.elapsed() < Duration::from_secs(20), "by the server");
    let late = session.commit_transaction().await;
    assert!(late.is_err(), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_a_work_passes_over_is_not_committed() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    let outcome = in_transaction(&*store, |tx| {
        Box::pin(async move {
            tx.audit().insert(&record(1)).await?;
            assert!(tx.audit().insert(&record(1)).await.is_err());
            // Whatever comes after that is refused.
            assert!(tx.audit().head().await.is_err());
            Ok(())
        })
    })
    .await;
    assert!(matches!(outcome, Err(StoreError::Taken(_))), "{outcome:?}");
    let events = store.read().audit().after(0, 9).await.unwrap();
    assert_eq!(events, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_is_given_up_leaves_no_transaction_half_way() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    for _ in 0..20 {
        let given_up = tokio::time::timeout(Duration::from_micros(700), append(&*store)).await;
        drop(given_up);
    }
    // Nobody is in the way, and what was appended has no gap.
    let place = append(&*store).await.unwrap();
    let events = store.read().audit().after(0, 100).await.unwrap();
    let places: Vec<_> = events.iter().map(|event| event.sequence).collect();
    let whole: Vec<_> = (1..=i64::try_from(places.len()).unwrap()).collect();
    assert_eq!(places, whole);
    assert!(places.contains(&place));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_cure_and_without_the_password() {
    let url = "mongodb://ada:s3cr3t@127.0.0.1:1/x?replicaSet=s&serverSelectionTimeoutMS=200";
    let told = MongoStore::open(url).await.unwrap_err().to_string();
    assert!(told.contains("start the server"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
    for wrong in [
        "mongodb://ada:s3cr3t@/x",
        "mongodb://ada:s3cr3t@a:b:c/x",
        "mongodb://a@da:s3cr3t@h/x",
        "mongodb://ada:s3cr3t@h/x?maxPoolSize=many",
        "mongodb://ada:s3cr3t",
        "mongodb://ada:s3/s3cr3t@h/x",
        "mongo://ada:s3cr3t@h/x",
    ] {
        let told = MongoStore::open(wrong).await.unwrap_err();
        assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
        assert!(told.to_string().contains("database URL"), "{told}");
        assert!(!format!("{told} {told:?}").contains("s3cr3t"), "{told}");
    }
}

#[tokio::test]
async fn what_is_printed_of_a_store_is_no_secret() {
    let Some((database, store)) = opened().await else {
        return;
    };
    let printed = format!("{store:?}");
    assert!(printed.contains(&database.name), "{printed}");
    assert!(!printed.contains("mongodb://"), "{printed}");
}

#[tokio::test]
async fn connections_are_counted() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    store.ping().await.unwrap();
    let figures = store.pool();
    assert!(figures.open >= 1, "{figures:?}");
    // It is given back a moment later.
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.pool().in_use > 0 || store.pool().waiting > 0 {
        assert!(Instant::now() < deadline, "{:?}", store.pool());
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_ends_in_its_time() {
    let Some(database) = fresh::mongodb() else {
        return;
    };
    let relay = Relay::to(&database.url).await;
    let options = MongoOptions {
        operation: Duration::from_secs(3),
        ..MongoOptions::default()
    };
    let store = MongoStore::open_with(&relay.url, options).await.unwrap();
    store.ping().await.unwrap();
    relay.silence();
    let told = store.ping().await.unwrap_err().to_string();
    assert!(told.contains("did not answer within 3 s"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_before_the_epoch_and_far_ahead_come_back() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    for (sequence, millis) in [(1, i64::MIN), (2, -1), (3, i64::MAX)] {
        in_transaction(&*store, move |tx| {
            Box::pin(async move {
                let mut event = record(sequence);
                event.at = Timestamp::from_millis(millis);
                tx.audit().insert(&event).await
            })
        })
        .await
        .unwrap();
        let found = store.read().audit().after(sequence - 1, 1).await.unwrap();
        assert_eq!(found.first().unwrap().at.millis(), millis);
    }
}
