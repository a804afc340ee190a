//! Signing keys.

use std::sync::Arc;

use ntt_auth_core::model::{KeyId, KeyState, StoredKey};
use ntt_auth_core::store::{Store, StoreError, Unique};

use crate::race::{race, winners};
use crate::sample::at;
use crate::work::apply;

/// Any key.
pub(crate) fn sample() -> StoredKey {
    key("k", "ES256", KeyState::Next, 1)
}

pub(crate) fn key(id: &str, algorithm: &str, state: KeyState, made: i64) -> StoredKey {
    StoredKey {
        id: KeyId::new(id.to_owned()),
        algorithm: algorithm.parse().unwrap(),
        state,
        sealed: vec![0, 255, 39, 92, 0],
        created_at: at(made),
        activated_at: None,
        retired_at: None,
        expires_at: None,
    }
}

async fn insert(store: &Arc<dyn Store>, key: &StoredKey) -> Result<(), StoreError> {
    apply!(store, [key], |tx| tx.keys().insert(&key).await)
}

async fn activate(store: &Arc<dyn Store>, id: &KeyId) -> bool {
    apply!(store, [id], |tx| tx.keys().activate(&id, at(10)).await).unwrap()
}

async fn retire(store: &Arc<dyn Store>, id: &KeyId) -> bool {
    apply!(store, [id], |tx| tx
        .keys()
        .retire(&id, at(20), at(30))
        .await)
    .unwrap()
}

async fn states(store: &Arc<dyn Store>) -> Vec<(String, KeyState)> {
    let keys = store.read().keys().all().await.unwrap();
    keys.into_iter()
        .map(|key| (key.id.as_str().to_owned(), key.state))
        .collect()
}

/// Every field of every kind of key comes back.
pub async fn keys_come_back_in_the_order_they_were_made(store: Arc<dyn Store>) {
    let mut later = key("b", "ES256", KeyState::Retired, 2);
    (later.activated_at, later.retired_at, later.expires_at) =
        (Some(at(3)), Some(at(4)), Some(at(5)));
    let all = [
        key("z", "HS256", KeyState::Next, 1),
        later,
        key("a", "RS256", KeyState::Current, 3),
    ];
    for key in [&all[2], &all[0], &all[1]] {
        insert(&store, key).await.unwrap();
    }
    insert(&store, &key("c", "EdDSA", KeyState::Next, 9))
        .await
        .unwrap();
    let found = store.read().keys().all().await.unwrap();
    assert_eq!(found.len(), 4);
    for (found, expected) in found.iter().zip(&all) {
        assert_eq!(
            (&found.id, found.algorithm, found.state),
            (&expected.id, expected.algorithm, expected.state)
        );
        assert_eq!(found.sealed, expected.sealed);
        assert_eq!(
            (found.created_at, found.activated_at),
            (expected.created_at, expected.activated_at)
        );
        assert_eq!(
            (found.retired_at, found.expires_at),
            (expected.retired_at, expected.expires_at)
        );
    }
}

/// Each step takes once, and only from the step before it.
pub async fn a_key_goes_from_next_to_current_to_retired_and_never_back(store: Arc<dyn Store>) {
    let next = key("k", "ES256", KeyState::Next, 1);
    insert(&store, &next).await.unwrap();
    assert!(!retire(&store, &next.id).await);
    assert!(activate(&store, &next.id).await);
    assert!(!activate(&store, &next.id).await);
    assert!(retire(&store, &next.id).await);
    assert!(!retire(&store, &next.id).await);
    assert!(!activate(&store, &next.id).await);
    assert!(!activate(&store, &KeyId::new("nobody".to_owned())).await);
    let found = store.read().keys().all().await.unwrap().remove(0);
    assert_eq!(
        (found.activated_at, found.retired_at, found.expires_at),
        (Some(at(10)), Some(at(20)), Some(at(30)))
    );
}

/// A rotation retires the current key and activates the next; of several at once, one does both.
pub async fn of_sixteen_rotations_one_takes(store: Arc<dyn Store>) {
    let (current, next) = (
        key("c", "ES256", KeyState::Current, 1),
        key("n", "ES256", KeyState::Next, 2),
    );
    insert(&store, &current).await.unwrap();
    insert(&store, &next).await.unwrap();
    let took = race(|_| {
        let (store, old, new) = (Arc::clone(&store), current.id.clone(), next.id.clone());
        async move {
            apply!(store, [old, new], |tx| {
                let keys = tx.keys();
                Ok(keys.retire(&old, at(20), at(30)).await? && keys.activate(&new, at(20)).await?)
            })
            .unwrap()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
    assert_eq!(
        states(&store).await,
        [
            ("c".to_owned(), KeyState::Retired),
            ("n".to_owned(), KeyState::Current)
        ]
    );
}

/// Whatever its state, and of several who do it one did it.
pub async fn of_sixteen_that_remove_a_key_one_does(store: Arc<dyn Store>) {
    for (id, state) in [
        ("c", KeyState::Current),
        ("n", KeyState::Next),
        ("r", KeyState::Retired),
    ] {
        insert(&store, &key(id, "ES256", state, 1)).await.unwrap();
    }
    for id in ["c", "n", "r"] {
        let took = race(|_| {
            let store = Arc::clone(&store);
            async move {
                let id = KeyId::new(id.to_owned());
                apply!(store, [id], |tx| tx.keys().remove(&id).await).unwrap()
            }
        })
        .await;
        assert_eq!(winners(&took), 1);
    }
    assert_eq!(states(&store).await, []);
}

/// At their time, not before; and never a key that is not retired.
pub async fn retired_keys_are_forgotten_when_they_expire(store: Arc<dyn Store>) {
    for (id, state, expires) in [
        ("a", KeyState::Retired, 10),
        ("b", KeyState::Retired, 11),
        ("c", KeyState::Current, 5),
        ("d", KeyState::Next, 5),
    ] {
        let mut key = key(id, "ES256", state, 0);
        key.expires_at = Some(at(expires));
        insert(&store, &key).await.unwrap();
    }
    assert_eq!(
        apply!(store, [], |tx| tx.keys().purge(at(9)).await).unwrap(),
        0
    );
    assert_eq!(
        apply!(store, [], |tx| tx.keys().purge(at(10)).await).unwrap(),
        1
    );
    let left: Vec<_> = states(&store).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, ["b", "c", "d"]);
}

/// And ids that differ in case are two ids.
pub async fn a_key_id_is_used_once(store: Arc<dyn Store>) {
    insert(&store, &key("k", "ES256", KeyState::Next, 1))
        .await
        .unwrap();
    insert(&store, &key("K", "ES256", KeyState::Next, 1))
        .await
        .unwrap();
    let again = insert(&store, &key("k", "ES256", KeyState::Next, 1)).await;
    assert!(
        matches!(again, Err(StoreError::Taken(Unique::Id))),
        "{again:?}"
    );
}
