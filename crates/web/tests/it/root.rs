//! The root secret of a store: new ones have one of their own, older ones keep what everything in them was made with (TOK-3).

use futures::future::join_all;
use ntt_auth_core::flow::{
    RootError, invalidate_restored, open_root, rewrap_root, root_is_known_to, verify_audit,
};
use ntt_auth_core::model::EventKind;
use ntt_auth_core::secret::{MasterKey, MasterKeys, RootSecret, SealedBy};

use crate::app::{TestApp, fresh};

fn keys(current: u8, previous: Option<u8>) -> MasterKeys {
    let key = |byte| MasterKey::new([byte; 32]);
    MasterKeys {
        current: key(current),
        previous: previous.map(key),
    }
}

fn same(one: &RootSecret, other: &RootSecret) -> bool {
    one.derive("a test") == other.derive("a test")
}

async fn open(app: &TestApp, keys: &MasterKeys) -> Result<(RootSecret, SealedBy), RootError> {
    let auth = &app.auth;
    open_root(auth.store(), keys, auth.entropy(), auth.now()).await
}

#[tokio::test]
async fn tok3_a_new_store_has_a_root_secret_of_its_own_and_all_who_start_get_the_same() {
    let app = TestApp::new().await;
    let store = fresh().await;
    let ours = keys(8, None);
    let open = || open_root(&*store, &ours, app.auth.entropy(), app.auth.now());
    let opened = join_all((0..8).map(|_| open())).await;
    let (first, by) = opened[0].as_ref().unwrap();
    assert_eq!(*by, SealedBy::Current);
    assert!(!same(first, &ours.current.as_root()));
    for other in &opened {
        assert!(same(first, &other.as_ref().unwrap().0));
    }
}

#[tokio::test]
async fn tok3_a_store_from_before_there_were_root_secrets_keeps_what_it_has() {
    // Keys, sessions and a trail, made with what was the master key.
    let app = TestApp::builder().root([7; 32]).build().await;
    let ada = app.user("ada").await;
    let other = open(&app, &keys(8, None)).await;
    assert!(matches!(other, Err(RootError::OtherKey)), "{other:?}");
    let (root, by) = open(&app, &keys(8, Some(7))).await.unwrap();
    assert!(same(&root, &RootSecret::new([7; 32])));
    assert_eq!(by, SealedBy::Previous);
    // Until it is sealed anew, the program from before could go on as well.
    assert_eq!(
        open(&app, &keys(7, None)).await.unwrap().1,
        SealedBy::Current
    );

    assert!(rewrap_root(&app.auth, &keys(8, Some(7))).await.unwrap());
    assert!(!rewrap_root(&app.auth, &keys(8, Some(7))).await.unwrap());
    let (root, by) = open(&app, &keys(8, None)).await.unwrap();
    assert!(same(&root, &RootSecret::new([7; 32])));
    assert_eq!(by, SealedBy::Current);
    assert!(root_is_known_to(&app.auth, &keys(8, Some(7))));
    assert!(!root_is_known_to(&app.auth, &keys(8, None)));
    ada.refreshed().await.validate().await.is(200);
    let report = verify_audit(&app.auth, &[], &mut |_, _| {}).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
    let replaced = EventKind::MasterKeyReplaced.as_str();
    let head = app.auth.store().read().audit().head().await.unwrap();
    let events = app.auth.store().read().audit().after(0, 100).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.sequence, last.kind.as_str()), (head.latest, replaced));
}

#[tokio::test]
async fn tok3_a_store_without_signing_keys_is_known_by_its_trail() {
    let app = TestApp::builder().root([7; 32]).build().await;
    app.user("ada").await;
    // As after a restore.
    invalidate_restored(&app.auth, app.auth.now())
        .await
        .unwrap();
    let other = open(&app, &keys(8, None)).await;
    assert!(matches!(other, Err(RootError::OtherKey)), "{other:?}");
    let (root, _) = open(&app, &keys(7, None)).await.unwrap();
    assert!(same(&root, &RootSecret::new([7; 32])));
}
