//! What holds of any work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ntt_auth_core::model::Revoked;
use ntt_auth_core::store::{Store, StoreError};

use crate::race::race;
use crate::sample::{at, session, user};
use crate::work::{apply, insert_user};

/// To a ping.
pub async fn the_engine_answers(store: Arc<dyn Store>) {
    store.ping().await.unwrap();
}

/// Nothing of a failed transaction is left, whatever it wrote.
pub async fn an_error_rolls_back_every_noun(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    let session = session(ada.id);
    let head = store.read().audit().head().await.unwrap();
    let undone: Result<(), _> = apply!(store, [ada, session], |tx| {
        tx.users().insert(&ada).await?;
        tx.sessions().insert(&session).await?;
        tx.revocations()
            .append(Revoked::Session(session.id), at(0), at(9))
            .await?;
        let mut head = tx.audit().lock_head().await?;
        head.latest += 1;
        tx.audit().set_head(&head).await?;
        assert!(tx.setup().close(at(0)).await?);
        Err(StoreError::corrupt("nothing, on purpose"))
    });
    assert!(matches!(undone, Err(StoreError::Corrupt(_))), "{undone:?}");
    let mut read = store.read();
    assert_eq!(read.users().by_id(ada.id).await.unwrap(), None);
    assert_eq!(read.sessions().by_id(session.id).await.unwrap(), None);
    assert_eq!(read.revocations().latest().await.unwrap(), 0);
    assert_eq!(read.audit().head().await.unwrap(), head);
    assert_eq!(read.setup().get().await.unwrap().closed_at, None);
}

/// A refusal is an output: what was noted with it stays.
pub async fn a_rejection_is_committed(store: Arc<dyn Store>) {
    let noted = user("noted@example.com");
    let rejected: Result<&str, ()> = apply!(store, [noted], |tx| {
        tx.users().insert(&noted).await?;
        Ok(Err(()))
    })
    .unwrap();
    assert_eq!(rejected, Err(()));
    let kept = store.read().users().by_id(noted.id).await.unwrap();
    assert_eq!(kept, Some(noted));
}

/// Before it is committed.
pub async fn a_transaction_sees_what_it_wrote(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    let seen = apply!(store, [ada], |tx| {
        tx.users().insert(&ada).await?;
        let mut found = tx.users().by_email(&ada.email.folded()).await?.unwrap();
        found.token_version = 5;
        assert!(tx.users().update(&found).await?);
        tx.users().by_id(ada.id).await
    });
    assert_eq!(seen.unwrap().unwrap().token_version, 5);
}

/// The store goes on.
pub async fn a_panic_rolls_back_and_is_told(store: Arc<dyn Store>) {
    let (ada, bob) = (user("ada@example.com"), user("bob@example.com"));
    let panicked = apply!(store, [ada], |tx| {
        tx.users().insert(&ada).await?;
        let fault = tx.users().by_id(ada.id).await?;
        assert_eq!(fault, None, "on purpose");
        Ok(())
    });
    assert!(
        matches!(panicked, Err(StoreError::Driver(_))),
        "{panicked:?}"
    );
    assert_eq!(store.read().users().by_id(ada.id).await.unwrap(), None);
    insert_user(&store, &bob).await.unwrap();
}

/// What an attempt wrote is undone before the next.
pub async fn contention_is_tried_again_from_the_start(store: Arc<dyn Store>) {
    let (ada, tries) = (user("ada@example.com"), Arc::new(AtomicU32::new(0)));
    let number = apply!(store, [ada, tries], |tx| {
        tx.users().insert(&ada).await?;
        match tries.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Err(StoreError::Contention),
            number => Ok(number),
        }
    });
    assert_eq!(number.unwrap(), 2);
    assert!(store.read().users().by_id(ada.id).await.unwrap().is_some());
}

/// After a bounded number of tries.
pub async fn endless_contention_is_told(store: Arc<dyn Store>) {
    let tries = Arc::new(AtomicU32::new(0));
    let given_up: Result<(), _> = apply!(store, [tries], |_tx| {
        tries.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::Contention)
    });
    assert!(
        matches!(given_up, Err(StoreError::Contention)),
        "{given_up:?}"
    );
    assert!((2..100).contains(&tries.load(Ordering::SeqCst)));
}

/// None is lost, and each caller's own error is its own.
pub async fn many_transactions_at_once_are_all_kept(store: Arc<dyn Store>) {
    let taken = user("taken@example.com");
    insert_user(&store, &taken).await.unwrap();
    let outcomes = race(|number| {
        let store = Arc::clone(&store);
        async move {
            let mut kept = Vec::new();
            for round in 0..4 {
                let ada = user(&format!("user{number}.{round}@example.com"));
                insert_user(&store, &ada).await.unwrap();
                kept.push(ada.id);
                let refused = insert_user(&store, &user("taken@example.com")).await;
                assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
            }
            kept
        }
    })
    .await;
    for id in outcomes.into_iter().flatten() {
        assert!(store.read().users().by_id(id).await.unwrap().is_some());
    }
}

/// While nobody reads.
pub async fn what_was_deleted_can_be_overwritten(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    let id = ada.id;
    assert!(apply!(store, [id], |tx| tx.users().erase(id).await).unwrap());
    assert!(store.scrub().await.unwrap());
    insert_user(&store, &ada).await.unwrap();
}
