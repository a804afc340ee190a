//! The revocation log.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::model::{Revocation, Revoked, SessionId, UserId};
use ntt_auth_core::store::{Store, StoreError};
use tokio::time::timeout;

use crate::race::{RACERS, race};
use crate::sample::{at, uuid};
use crate::work::apply;

fn of_session() -> Revoked {
    Revoked::Session(SessionId::from_uuid(uuid()))
}

async fn append(store: &Arc<dyn Store>, revoked: Revoked, expires: i64) -> i64 {
    apply!(store, [revoked], |tx| tx
        .revocations()
        .append(revoked, at(1), at(expires))
        .await)
    .unwrap()
}

async fn after(store: &Arc<dyn Store>, sequence: i64, limit: u32) -> Vec<Revocation> {
    store
        .read()
        .revocations()
        .after(sequence, limit)
        .await
        .unwrap()
}

/// Once it is there to be read; an engine that cannot tell says so.
pub async fn whoever_listens_hears_of_each_commit(store: Arc<dyn Store>) {
    let Some(mut changes) = store.changes().await.unwrap() else {
        return;
    };
    let mut heard = async |by: &str| {
        let patience = Duration::from_secs(10);
        let heard = timeout(patience, changes.next()).await;
        assert!(matches!(heard, Ok(Ok(()))), "{by}: {heard:?}");
    };
    append(&store, of_session(), 100).await;
    heard("a revocation").await;
    let appended: Result<(), _> = apply!(store, [], |tx| {
        tx.revocations()
            .append(of_session(), at(1), at(100))
            .await?;
        Err(StoreError::Contention)
    });
    appended.unwrap_err();
    let key = crate::case::keys::sample();
    apply!(store, [key], |tx| tx.keys().insert(&key).await).unwrap();
    heard("a key").await;
    apply!(store, [], |tx| {
        for _ in 0..3 {
            tx.revocations()
                .append(of_session(), at(1), at(100))
                .await?;
        }
        Ok(())
    })
    .unwrap();
    heard("several revocations").await;
    // What was heard of is there to be read.
    assert_eq!(store.read().revocations().latest().await.unwrap(), 4);
}

/// And its newest sequence is 0.
pub async fn a_new_log_is_empty(store: Arc<dyn Store>) {
    assert_eq!(store.read().revocations().latest().await.unwrap(), 0);
    assert_eq!(after(&store, 0, 10).await, []);
}

/// From 1, as they were written, after any place and bounded.
pub async fn entries_come_back_in_order(store: Arc<dyn Store>) {
    let all = [
        of_session(),
        Revoked::UserBelow {
            user: UserId::from_uuid(uuid()),
            version: 3,
        },
        of_session(),
    ];
    for (expected, revoked) in (1..).zip(all) {
        assert_eq!(append(&store, revoked, 100).await, expected);
    }
    let entry = |sequence, revoked| Revocation {
        sequence,
        revoked,
        at: at(1),
        expires_at: at(100),
    };
    assert_eq!(
        after(&store, 0, 2).await,
        [entry(1, all[0]), entry(2, all[1])]
    );
    assert_eq!(after(&store, 2, 2).await, [entry(3, all[2])]);
    assert_eq!(after(&store, 3, 2).await, []);
    assert_eq!(store.read().revocations().latest().await.unwrap(), 3);
}

/// Followers wait for the next number, so it must come.
pub async fn an_append_that_is_rolled_back_leaves_no_gap(store: Arc<dyn Store>) {
    append(&store, of_session(), 100).await;
    let revoked = of_session();
    let undone: Result<(), _> = apply!(store, [revoked], |tx| {
        assert_eq!(tx.revocations().append(revoked, at(1), at(100)).await?, 2);
        Err(StoreError::unavailable("on purpose"))
    });
    assert!(undone.is_err());
    assert_eq!(append(&store, of_session(), 100).await, 2);
}

/// Each gets a number of its own.
pub async fn concurrent_appends_leave_no_gap(store: Arc<dyn Store>) {
    let mut given = race(|_| {
        let store = Arc::clone(&store);
        async move { append(&store, of_session(), 100).await }
    })
    .await;
    given.sort_unstable();
    assert_eq!(given, (1..=i64::from(RACERS)).collect::<Vec<_>>());
    assert_eq!(after(&store, 0, 100).await.len(), usize::from(RACERS));
}

/// Whoever asks for what came after the last entry they saw sees every entry, in order, while others append.
pub async fn a_follower_never_misses_an_entry(store: Arc<dyn Store>) {
    let follower = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut seen = Vec::new();
            while seen.len() < usize::from(RACERS) {
                let last = seen.last().copied().unwrap_or(0);
                seen.extend(
                    after(&store, last, 5)
                        .await
                        .into_iter()
                        .map(|entry| entry.sequence),
                );
                tokio::task::yield_now().await;
            }
            seen
        }
    });
    race(|_| {
        let store = Arc::clone(&store);
        async move { append(&store, of_session(), 100).await }
    })
    .await;
    assert_eq!(
        follower.await.unwrap(),
        (1..=i64::from(RACERS)).collect::<Vec<_>>()
    );
}

/// In bounded steps; the newest sequence stays, and the next entry goes on from it.
pub async fn expired_entries_are_forgotten_but_never_counted_again(store: Arc<dyn Store>) {
    for expires in [10, 10, 10, 20] {
        append(&store, of_session(), expires).await;
    }
    assert_eq!(
        apply!(store, [], |tx| tx.revocations().purge(at(10), 10).await).unwrap(),
        0
    );
    assert_eq!(
        apply!(store, [], |tx| tx.revocations().purge(at(11), 2).await).unwrap(),
        2
    );
    assert_eq!(
        apply!(store, [], |tx| tx.revocations().purge(at(11), 2).await).unwrap(),
        1
    );
    assert_eq!(after(&store, 0, 10).await.len(), 1);
    assert_eq!(
        apply!(store, [], |tx| tx.revocations().purge(at(99), 10).await).unwrap(),
        1
    );
    assert_eq!(store.read().revocations().latest().await.unwrap(), 4);
    assert_eq!(append(&store, of_session(), 100).await, 5);
}
