//! The sealed root secret.

use std::sync::Arc;

use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::at;
use crate::work::apply;

async fn sealed(store: &Arc<dyn Store>) -> Option<Vec<u8>> {
    store.read().root().sealed().await.unwrap()
}

async fn keep(store: &Arc<dyn Store>, sealed: &[u8]) -> bool {
    let sealed = sealed.to_vec();
    apply!(store, [sealed], |tx| tx.root().keep(&sealed, at(1)).await).unwrap()
}

async fn reseal(store: &Arc<dyn Store>, before: &[u8], sealed: &[u8]) -> bool {
    let (before, sealed) = (before.to_vec(), sealed.to_vec());
    apply!(store, [before, sealed], |tx| tx
        .root()
        .reseal(&before, &sealed, at(2))
        .await)
    .unwrap()
}

/// And nothing that could be sealed anew.
pub async fn a_new_store_has_no_root_secret(store: Arc<dyn Store>) {
    assert_eq!(sealed(&store).await, None);
    assert!(!reseal(&store, b"", b"new").await);
    assert_eq!(sealed(&store).await, None);
}

/// Nothing takes its place by accident.
pub async fn a_root_secret_is_kept_once(store: Arc<dyn Store>) {
    let every_byte: Vec<u8> = (0..=59).chain(196..=255).collect();
    assert!(keep(&store, &every_byte).await);
    assert!(!keep(&store, b"other").await);
    assert_eq!(sealed(&store).await, Some(every_byte));
}

/// Nodes that start at once over a new store.
pub async fn of_sixteen_that_keep_a_root_secret_one_does(store: Arc<dyn Store>) {
    let took = race(|number| {
        let store = Arc::clone(&store);
        async move { keep(&store, &[number]).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
    let kept = sealed(&store).await.unwrap();
    assert!(took[usize::from(kept[0])], "{kept:?}");
}

/// Whoever read it before somebody else sealed it anew changes nothing.
pub async fn a_root_secret_is_sealed_anew_from_what_it_was(store: Arc<dyn Store>) {
    keep(&store, b"old").await;
    assert!(!reseal(&store, b"Old", b"new").await);
    assert!(reseal(&store, b"old", b"new").await);
    assert!(!reseal(&store, b"old", b"newer").await);
    assert_eq!(sealed(&store).await.as_deref(), Some(b"new".as_slice()));
}

/// The same command, given twice.
pub async fn of_sixteen_that_seal_it_anew_one_does(store: Arc<dyn Store>) {
    keep(&store, b"old").await;
    let took = race(|number| {
        let store = Arc::clone(&store);
        async move { reseal(&store, b"old", &[number]).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
}
