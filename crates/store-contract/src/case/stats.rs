//! Counts.

use std::sync::Arc;

use ntt_auth_core::model::{AuditRecord, EndReason, EventKind, Role, Suspension};
use ntt_auth_core::store::Store;

use crate::case::audit::bare;
use crate::sample::{at, session, user};
use crate::work::{apply, insert_session, insert_user};

/// By role and by state, at a time.
pub async fn accounts_are_counted(store: Arc<dyn Store>) {
    let mut sample = Vec::new();
    for (number, role) in [Role::User, Role::User, Role::Admin, Role::Guest, Role::User]
        .into_iter()
        .enumerate()
    {
        let mut user = user(&format!("user{number}@example.com"));
        user.role = role;
        sample.push(user);
    }
    let suspension = |until| Suspension {
        at: at(1),
        until,
        reason: None,
    };
    sample[0].standing.suspension = Some(suspension(None));
    sample[1].standing.suspension = Some(suspension(Some(at(50))));
    sample[2].email_verified_at = Some(at(1));
    sample[3].standing.suspension = Some(suspension(None));
    sample[3].standing.deleted_at = Some(at(2));
    for user in &sample {
        insert_user(&store, user).await.unwrap();
    }
    let mut read = store.read();
    let counts = read.stats().accounts(at(49)).await.unwrap();
    assert_eq!(
        counts.by_role,
        [
            (Role::SuperAdmin, 0),
            (Role::Admin, 1),
            (Role::Moderator, 0),
            (Role::User, 3),
            (Role::Guest, 0)
        ]
    );
    assert_eq!(
        (counts.suspended, counts.deleted, counts.unverified),
        (2, 1, 4)
    );
    assert_eq!(read.stats().accounts(at(50)).await.unwrap().suspended, 1);
}

/// Neither ended ones nor expired ones.
pub async fn open_sessions_are_counted(store: Arc<dyn Store>) {
    let user = user("ada@example.com");
    insert_user(&store, &user).await.unwrap();
    let sessions = [session(user.id), session(user.id), session(user.id)];
    for session in &sessions {
        insert_session(&store, session).await;
    }
    let id = sessions[0].id;
    assert!(
        apply!(store, [id], |tx| tx
            .sessions()
            .end(id, at(10), EndReason::SignedOut)
            .await)
        .unwrap()
    );
    let count = async |now| store.read().stats().open_sessions(at(now)).await.unwrap();
    assert_eq!(count(20).await, 2);
    assert_eq!(count(999).await, 2);
    assert_eq!(count(1000).await, 0);
}

/// Of one kind, from the first time to before the second.
pub async fn events_are_counted(store: Arc<dyn Store>) {
    for (sequence, millis, kind) in [
        (1, 10, EventKind::SignedIn),
        (2, 20, EventKind::SignedIn),
        (3, 20, EventKind::SignInFailed),
        (4, 30, EventKind::SignedIn),
        (5, 5, EventKind::SignedIn),
    ] {
        let event = AuditRecord {
            kind: kind.as_str().to_owned(),
            ..bare(sequence, millis)
        };
        apply!(store, [event], |tx| tx.audit().insert(&event).await).unwrap();
    }
    let count = async |kind, from, until| {
        let mut read = store.read();
        read.stats()
            .events(kind, at(from), at(until))
            .await
            .unwrap()
    };
    assert_eq!(count(EventKind::SignedIn, 10, 30).await, 2);
    assert_eq!(count(EventKind::SignedIn, 11, 31).await, 2);
    assert_eq!(count(EventKind::SignedIn, 0, 100).await, 4);
    assert_eq!(count(EventKind::SignInFailed, 20, 21).await, 1);
    assert_eq!(count(EventKind::SignInFailed, 20, 20).await, 0);
    assert_eq!(count(EventKind::RoleChanged, 0, 100).await, 0);
}
