//! Counters of guesses.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::model::{Budget, LockTime, Throttle, ThrottleId};
use ntt_auth_core::store::{Store, StoreError};

use crate::race::{race, winners};
use crate::sample::at;
use crate::work::apply;

const FIVE: Budget = Budget {
    guesses: 5,
    window: Duration::from_mins(1),
    lock: LockTime::Growing {
        first: Duration::from_secs(10),
        longest: Duration::from_secs(20),
    },
};

pub(crate) fn id(number: u8) -> ThrottleId {
    ThrottleId::from_bytes([number; 32])
}

pub(crate) fn counter(guesses: u32, expires: i64) -> Throttle {
    Throttle {
        guesses,
        in_a_row: guesses + 1,
        window_ends: at(50),
        locked_until: (guesses > 4).then(|| at(70)),
        expires_at: at(expires),
    }
}

async fn insert(store: &Arc<dyn Store>, number: u8, account: u8, counter: Throttle) {
    apply!(store, [counter], |tx| tx
        .throttles()
        .insert(&id(number), &id(account), &counter)
        .await)
    .unwrap();
}

async fn get(store: &Arc<dyn Store>, number: u8) -> Option<Throttle> {
    store.read().throttles().get(&id(number)).await.unwrap()
}

/// Counts one guess as the flows do; whether it was admitted.
async fn guess(store: &Arc<dyn Store>, number: u8) -> bool {
    apply!(store, [], |tx| {
        let before = tx.throttles().hold(&id(number)).await?;
        match Throttle::admit(before.as_ref(), &FIVE, at(1)) {
            Err(_) => Ok(false),
            Ok(after) if before.is_some() => {
                tx.throttles().update(&id(number), &after).await?;
                Ok(true)
            }
            Ok(after) => {
                let throttles = tx.throttles();
                throttles.insert(&id(number), &id(0), &after).await?;
                Ok(true)
            }
        }
    })
    .unwrap()
}

/// With and without a lock, read and held.
pub async fn a_counter_comes_back_as_it_was(store: Arc<dyn Store>) {
    assert_eq!(get(&store, 1).await, None);
    let held = apply!(store, [], |tx| tx.throttles().hold(&id(1)).await).unwrap();
    assert_eq!(held, None);
    for (number, guesses) in [(1, 4), (2, 5)] {
        insert(&store, number, 9, counter(guesses, 100)).await;
        assert_eq!(get(&store, number).await, Some(counter(guesses, 100)));
    }
    let changed = counter(7, 300);
    apply!(store, [changed], |tx| tx
        .throttles()
        .update(&id(1), &changed)
        .await)
    .unwrap();
    let held = apply!(store, [], |tx| tx.throttles().hold(&id(1)).await).unwrap();
    assert_eq!(held, Some(changed));
    assert_eq!(get(&store, 2).await, Some(counter(5, 100)));
}

/// It is contention, which a work that is applied again gets over.
pub async fn a_counter_is_added_once(store: Arc<dyn Store>) {
    insert(&store, 1, 9, counter(1, 100)).await;
    let new = counter(2, 100);
    let again = apply!(
        store,
        [new],
        |tx| match tx.throttles().insert(&id(1), &id(9), &new).await {
            Err(StoreError::Contention) => Ok(true),
            other => other.map(|()| false),
        }
    );
    assert!(again.unwrap());
    assert_eq!(get(&store, 1).await, Some(counter(1, 100)));
}

/// Though none of them sees a counter at first (E-24).
pub async fn of_sixteen_guesses_five_are_admitted(store: Arc<dyn Store>) {
    let admitted = race(|_| {
        let store = Arc::clone(&store);
        async move { guess(&store, 3).await }
    })
    .await;
    assert_eq!(winners(&admitted), 5);
    assert!(get(&store, 3).await.unwrap().locked_until.is_some());
}

/// One of its own, or all of an account, and nobody else's.
pub async fn counters_are_forgotten_alone_or_by_account(store: Arc<dyn Store>) {
    for (number, account) in [(1, 8), (2, 8), (3, 9), (4, 9)] {
        insert(&store, number, account, counter(1, 100)).await;
    }
    assert!(apply!(store, [], |tx| tx.throttles().forget(&id(4)).await).unwrap());
    assert!(!apply!(store, [], |tx| tx.throttles().forget(&id(4)).await).unwrap());
    let forgotten = apply!(store, [], |tx| tx.throttles().forget_account(&id(8)).await);
    assert_eq!(forgotten.unwrap(), 2);
    for (number, is_there) in [(1, false), (2, false), (3, true), (4, false)] {
        assert_eq!(get(&store, number).await.is_some(), is_there, "{number}");
    }
}

/// The oldest first.
pub async fn expired_counters_are_forgotten_in_bounded_steps(store: Arc<dyn Store>) {
    for (number, expires) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        insert(&store, number, 9, counter(1, expires)).await;
    }
    let purge = async |limit: u32| {
        apply!(store, [limit], |tx| tx
            .throttles()
            .purge(at(40), limit)
            .await)
        .unwrap()
    };
    assert_eq!(purge(2).await, 2);
    assert!(get(&store, 1).await.is_some());
    assert_eq!(purge(2).await, 1);
    assert_eq!(purge(2).await, 0);
    assert!(get(&store, 4).await.is_some());
}
