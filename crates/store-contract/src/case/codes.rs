//! Codes.

use std::sync::Arc;

use ntt_auth_core::model::{Code, CodeHash, CodeKind, SessionId, UserId};
use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::{at, code, uuid};
use crate::work::apply;

async fn put(store: &Arc<dyn Store>, code: &Code) {
    apply!(store, [code], |tx| tx.codes().put(&code).await).unwrap();
}

async fn added(store: &Arc<dyn Store>) -> Code {
    let code = code(UserId::from_uuid(uuid()));
    put(store, &code).await;
    code
}

async fn found(store: &Arc<dyn Store>, kind: CodeKind, hash: CodeHash) -> Option<Code> {
    store.read().codes().by_hash(kind, &hash).await.unwrap()
}

async fn redeem(store: &Arc<dyn Store>, kind: CodeKind, hash: CodeHash, now: i64) -> bool {
    apply!(store, [], |tx| tx
        .codes()
        .redeem(kind, &hash, at(now))
        .await)
    .unwrap()
}

/// By its hash, with everything and with nothing that is optional.
pub async fn a_code_comes_back_as_it_was(store: Arc<dyn Store>) {
    let full = Code {
        kind: CodeKind::NotMe,
        session: Some(SessionId::from_uuid(uuid())),
        used_at: Some(at(5)),
        ..code(UserId::from_uuid(uuid()))
    };
    let bare = Code {
        sealed: Vec::new(),
        ..code(full.user)
    };
    for code in [&full, &bare] {
        put(&store, code).await;
        assert_eq!(
            found(&store, code.kind, code.hash).await.as_ref(),
            Some(code)
        );
    }
}

/// Not even to be looked at (E-18).
pub async fn a_code_is_of_one_kind(store: Arc<dyn Store>) {
    for kind in CodeKind::ALL {
        let code = Code {
            kind,
            ..code(UserId::from_uuid(uuid()))
        };
        put(&store, &code).await;
        for other in CodeKind::ALL.into_iter().filter(|other| *other != kind) {
            assert_eq!(found(&store, other, code.hash).await, None);
            assert!(!redeem(&store, other, code.hash, 1).await);
        }
        assert!(redeem(&store, kind, code.hash, 1).await);
    }
}

/// Before its end, and one that is known.
pub async fn a_code_is_used_once_and_in_time(store: Arc<dyn Store>) {
    let code = added(&store).await;
    assert!(!redeem(&store, code.kind, code.hash, 1000).await);
    let unknown = CodeHash::from_bytes([0; 32]);
    assert!(!redeem(&store, code.kind, unknown, 1).await);
    assert!(redeem(&store, code.kind, code.hash, 999).await);
    assert!(!redeem(&store, code.kind, code.hash, 999).await);
    let used = Code {
        used_at: Some(at(999)),
        ..code
    };
    assert_eq!(found(&store, used.kind, used.hash).await, Some(used));
}

/// Whoever was faster.
pub async fn of_sixteen_redeemers_one_takes(store: Arc<dyn Store>) {
    let code = added(&store).await;
    let took = race(|_| {
        let (store, hash, kind) = (Arc::clone(&store), code.hash, code.kind);
        async move { redeem(&store, kind, hash, 5).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// Of the same user, kind and session; used or not. All others stay.
pub async fn a_newer_code_takes_the_place_of_an_older_one(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let older = code(user);
    put(&store, &older).await;
    let others = [
        code(UserId::from_uuid(uuid())),
        Code {
            kind: CodeKind::ResetPassword,
            ..code(user)
        },
        Code {
            session: Some(SessionId::from_uuid(uuid())),
            ..code(user)
        },
        Code {
            session: Some(SessionId::from_uuid(uuid())),
            ..code(user)
        },
    ];
    for other in &others {
        put(&store, other).await;
    }
    let newer = code(user);
    put(&store, &newer).await;
    assert_eq!(found(&store, older.kind, older.hash).await, None);
    assert!(!redeem(&store, older.kind, older.hash, 1).await);
    for code in others.iter().chain([&newer]) {
        assert!(redeem(&store, code.kind, code.hash, 1).await);
    }
    let newest = code(user);
    put(&store, &newest).await;
    assert!(redeem(&store, newest.kind, newest.hash, 1).await);
}

/// However many are put at once.
pub async fn of_sixteen_codes_for_one_place_one_stays(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let put = race(|_| {
        let (store, code) = (Arc::clone(&store), code(user));
        async move {
            put(&store, &code).await;
            code
        }
    })
    .await;
    let mut left = 0;
    for code in put {
        left += usize::from(redeem(&store, code.kind, code.hash, 1).await);
    }
    assert_eq!(left, 1);
}

/// Those of one kind, or all; of no other user.
pub async fn codes_are_voided_by_kind_and_go_with_their_user(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let other = added(&store).await;
    let mut codes = Vec::new();
    for kind in CodeKind::ALL {
        let code = Code { kind, ..code(user) };
        put(&store, &code).await;
        codes.push(code);
    }
    let void =
        async |kind: CodeKind| apply!(store, [], |tx| tx.codes().void(user, kind).await).unwrap();
    assert_eq!(void(CodeKind::ConfirmEmail).await, 1);
    assert_eq!(void(CodeKind::ConfirmEmail).await, 0);
    let remove = async || apply!(store, [], |tx| tx.codes().remove_of_user(user).await).unwrap();
    assert_eq!(remove().await, 3);
    assert_eq!(remove().await, 0);
    for code in codes {
        assert_eq!(found(&store, code.kind, code.hash).await, None);
    }
    assert_eq!(
        found(&store, other.kind, other.hash).await,
        Some(other.clone())
    );
}

/// Used or not.
pub async fn expired_codes_are_forgotten_in_bounded_steps(store: Arc<dyn Store>) {
    let (a, b) = (added(&store).await, added(&store).await);
    redeem(&store, a.kind, a.hash, 1).await;
    let later = Code {
        expires_at: at(2000),
        ..code(b.user)
    };
    let later = Code {
        user: UserId::from_uuid(uuid()),
        ..later
    };
    put(&store, &later).await;
    let purge = async |before: i64, limit: u32| {
        apply!(store, [], |tx| tx.codes().purge(at(before), limit).await).unwrap()
    };
    assert_eq!(purge(1000, 10).await, 0);
    assert_eq!(purge(1001, 1).await, 1);
    assert_eq!(purge(1001, 10).await, 1);
    assert_eq!(purge(1001, 10).await, 0);
    assert!(found(&store, later.kind, later.hash).await.is_some());
}
