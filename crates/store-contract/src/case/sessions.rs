//! Sessions.

use std::sync::Arc;

use ntt_auth_core::model::{ClientMark, EndReason, Ended, Session, SessionId, UserId};
use ntt_auth_core::store::{Rotation, Store};

use crate::race::{race, winners};
use crate::sample::{at, client, session, uuid};
use crate::work::{apply, insert_session};

async fn begun(store: &Arc<dyn Store>) -> Session {
    let session = session(UserId::from_uuid(uuid()));
    insert_session(store, &session).await;
    session
}

async fn found(store: &Arc<dyn Store>, id: SessionId) -> Session {
    store.read().sessions().by_id(id).await.unwrap().unwrap()
}

fn rotation(session: &Session, millis: i64) -> Rotation {
    let client = client("Safari");
    Rotation {
        id: session.id,
        generation: session.generation,
        at: at(millis),
        idle_expires_at: at(millis + 1000),
        mark: ClientMark::of(&client),
        client,
    }
}

async fn rotate(store: &Arc<dyn Store>, rotation: &Rotation) -> bool {
    apply!(store, [rotation], |tx| tx
        .sessions()
        .rotate(&rotation)
        .await)
    .unwrap()
}

async fn end(store: &Arc<dyn Store>, id: SessionId, millis: i64) -> bool {
    apply!(store, [], |tx| tx
        .sessions()
        .end(id, at(millis), EndReason::SignedOut)
        .await)
    .unwrap()
}

async fn end_all(
    store: &Arc<dyn Store>,
    user: UserId,
    except: Option<SessionId>,
) -> Vec<SessionId> {
    let reason = EndReason::PasswordChanged;
    apply!(store, [], |tx| tx
        .sessions()
        .end_all_of_user(user, except, at(7), reason)
        .await)
    .unwrap()
}

async fn purge(store: &Arc<dyn Store>, before: i64, limit: u32) -> u64 {
    apply!(store, [], |tx| tx.sessions().purge(at(before), limit).await).unwrap()
}

/// With everything, and with nothing that is optional.
pub async fn a_session_comes_back_as_it_was(store: Arc<dyn Store>) {
    let full = Session {
        generation: i64::MAX,
        ended: Some(Ended {
            at: at(9),
            reason: EndReason::RefreshTokenReused,
        }),
        ..session(UserId::from_uuid(uuid()))
    };
    let bare = Session {
        client: ntt_auth_core::model::Client::default(),
        ..session(full.user_id)
    };
    for session in [&full, &bare] {
        insert_session(&store, session).await;
        assert_eq!(found(&store, session.id).await, *session);
    }
    assert_eq!(
        store
            .read()
            .sessions()
            .by_id(SessionId::from_uuid(uuid()))
            .await
            .unwrap(),
        None
    );
}

/// And writes what it says; the device name stays.
pub async fn rotation_takes_once_per_generation(store: Arc<dyn Store>) {
    let session = begun(&store).await;
    let mut first = rotation(&session, 10);
    first.client.device_name = None;
    assert!(rotate(&store, &first).await);
    assert!(!rotate(&store, &first).await);
    let expected = Session {
        generation: 1,
        client: client("Safari"),
        rotated_by: first.mark,
        rotated_at: at(10),
        last_used_at: at(10),
        idle_expires_at: at(1010),
        ..session
    };
    assert_eq!(found(&store, expected.id).await, expected);
    assert!(
        !rotate(
            &store,
            &Rotation {
                generation: 2,
                ..first.clone()
            }
        )
        .await
    );
    assert!(
        rotate(
            &store,
            &Rotation {
                generation: 1,
                ..first
            }
        )
        .await
    );
}

/// Neither ended nor past either of its ends; and a refusal writes nothing.
pub async fn rotation_needs_an_open_session(store: Arc<dyn Store>) {
    let idle = begun(&store).await;
    assert!(!rotate(&store, &rotation(&idle, 1000)).await);
    assert_eq!(found(&store, idle.id).await, idle);
    assert!(rotate(&store, &rotation(&idle, 999)).await);
    let old = Session {
        idle_expires_at: at(9000),
        ..session(idle.user_id)
    };
    insert_session(&store, &old).await;
    assert!(!rotate(&store, &rotation(&old, 5000)).await);
    assert!(rotate(&store, &rotation(&old, 4999)).await);
    let ended = begun(&store).await;
    assert!(end(&store, ended.id, 5).await);
    assert!(!rotate(&store, &rotation(&ended, 6)).await);
    // Also by a clock that is behind the one that ended it.
    assert!(!rotate(&store, &rotation(&ended, 4)).await);
    assert_eq!(found(&store, ended.id).await.generation, 0);
    assert!(
        !rotate(
            &store,
            &Rotation {
                id: SessionId::from_uuid(uuid()),
                ..rotation(&ended, 1)
            }
        )
        .await
    );
}

/// One successor, however many present the same token.
pub async fn of_sixteen_rotations_one_takes(store: Arc<dyn Store>) {
    let session = begun(&store).await;
    let took = race(|number| {
        let (store, rotation) = (Arc::clone(&store), rotation(&session, number.into()));
        async move { rotate(&store, &rotation).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
    assert_eq!(found(&store, session.id).await.generation, 1);
}

/// A session that is refreshed again and again still ends in the end.
pub async fn rotation_cannot_prolong_beyond_the_end(store: Arc<dyn Store>) {
    let mut session = begun(&store).await;
    for millis in [900, 1800, 2700, 3600, 4500] {
        assert!(rotate(&store, &rotation(&session, millis)).await);
        session.generation += 1;
    }
    assert_eq!(
        store
            .read()
            .sessions()
            .open_of_user(session.user_id, at(4999))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        store
            .read()
            .sessions()
            .open_of_user(session.user_id, at(5000))
            .await
            .unwrap(),
        []
    );
    assert!(!rotate(&store, &rotation(&session, 5000)).await);
}

/// Of one user, and none that is closed.
pub async fn open_sessions_are_listed_last_used_first(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let mut listed = Vec::new();
    for last_used in [5, 7, 6] {
        let session = Session {
            last_used_at: at(last_used),
            ..session(user)
        };
        insert_session(&store, &session).await;
        listed.push(session);
    }
    insert_session(
        &store,
        &Session {
            idle_expires_at: at(10),
            ..session(user)
        },
    )
    .await;
    let ended = session(user);
    insert_session(&store, &ended).await;
    end(&store, ended.id, 3).await;
    begun(&store).await;
    listed.sort_by_key(|session| std::cmp::Reverse(session.last_used_at));
    assert_eq!(
        store
            .read()
            .sessions()
            .open_of_user(user, at(10))
            .await
            .unwrap(),
        listed
    );
}

/// The first reason stays.
pub async fn a_session_ends_once(store: Arc<dyn Store>) {
    let session = begun(&store).await;
    assert!(end(&store, session.id, 5).await);
    let again = apply!(store, [], |tx| tx
        .sessions()
        .end(session.id, at(6), EndReason::Deleted)
        .await);
    assert!(!again.unwrap());
    assert!(!end(&store, SessionId::from_uuid(uuid()), 5).await);
    let ended = Some(Ended {
        at: at(5),
        reason: EndReason::SignedOut,
    });
    assert_eq!(
        found(&store, session.id).await,
        Session { ended, ..session }
    );
}

/// So one security event is written.
pub async fn of_sixteen_that_end_a_session_one_does(store: Arc<dyn Store>) {
    let session = begun(&store).await;
    let took = race(|_| {
        let (store, id) = (Arc::clone(&store), session.id);
        async move { end(&store, id, 5).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// Others' sessions, and those that had ended, are not touched and not told.
pub async fn ending_all_spares_the_exception_and_says_which(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let session = session(user);
        insert_session(&store, &session).await;
        sessions.push(session.id);
    }
    let other = begun(&store).await;
    end(&store, sessions[3], 5).await;
    let mut ended = end_all(&store, user, Some(sessions[0])).await;
    ended.sort();
    assert_eq!(ended, sessions[1..3]);
    assert_eq!(found(&store, sessions[0]).await.ended, None);
    assert_eq!(found(&store, other.id).await.ended, None);
    let reason = EndReason::PasswordChanged;
    assert_eq!(
        found(&store, sessions[1]).await.ended,
        Some(Ended { at: at(7), reason })
    );
    assert_eq!(
        found(&store, sessions[3]).await.ended,
        Some(Ended {
            at: at(5),
            reason: EndReason::SignedOut
        })
    );
    assert_eq!(end_all(&store, user, None).await, [sessions[0]]);
    assert_eq!(end_all(&store, user, None).await, []);
}

/// Of any number that end them all, one is told of each.
pub async fn of_sixteen_that_end_all_each_session_is_told_once(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let mut sessions = Vec::new();
    for _ in 0..5 {
        let session = session(user);
        insert_session(&store, &session).await;
        sessions.push(session.id);
    }
    let told = race(|_| {
        let store = Arc::clone(&store);
        async move { end_all(&store, user, None).await }
    })
    .await;
    let mut told = told.concat();
    told.sort();
    assert_eq!(told, sessions);
}

/// Ended, idle or past their end, all before the given time; never one that is open.
pub async fn closed_sessions_are_forgotten_in_bounded_steps(store: Arc<dyn Store>) {
    let user = UserId::from_uuid(uuid());
    let ended = Session {
        ended: Some(Ended {
            at: at(100),
            reason: EndReason::SignedOut,
        }),
        ..session(user)
    };
    let ended_later = session(user);
    let idle = Session {
        idle_expires_at: at(100),
        ..session(user)
    };
    let old = Session {
        expires_at: at(100),
        ..session(user)
    };
    let open = session(user);
    for session in [&ended, &ended_later, &idle, &old, &open] {
        insert_session(&store, session).await;
    }
    end(&store, ended_later.id, 100).await;
    assert_eq!(purge(&store, 100, 10).await, 0);
    assert_eq!(purge(&store, 101, 3).await, 3);
    assert_eq!(purge(&store, 101, 3).await, 1);
    assert_eq!(purge(&store, 101, 3).await, 0);
    assert_eq!(found(&store, open.id).await, open);
    // What was refreshed is kept.
    assert!(rotate(&store, &rotation(&open, 900)).await);
    assert_eq!(purge(&store, 1500, 3).await, 0);
    assert_eq!(purge(&store, 1901, 3).await, 1);
}

/// Open or ended; by both program and address, and by nobody else.
pub async fn where_a_user_was_seen_is_remembered(store: Arc<dyn Store>) {
    let begun = begun(&store).await;
    let nowhere = Session {
        client: ntt_auth_core::model::Client::default(),
        ..session(begun.user_id)
    };
    insert_session(&store, &nowhere).await;
    end(&store, begun.id, 5).await;
    let seen = async |user, mark, address: Option<&str>| {
        let address = address.map(|text| text.parse().unwrap());
        let mut read = store.read();
        read.sessions().seen(user, &mark, address).await.unwrap()
    };
    let (user, mark) = (begun.user_id, begun.rotated_by);
    assert!(seen(user, mark, Some("2001:db8::7")).await);
    assert!(seen(user, mark, None).await);
    assert!(!seen(user, mark, Some("2001:db8::8")).await);
    assert!(!seen(UserId::from_uuid(uuid()), mark, Some("2001:db8::7")).await);
    let other = ClientMark::of(&client("Safari"));
    assert!(!seen(user, other, Some("2001:db8::7")).await);
}

/// In the order of their beginning, ended ones too, after any of them and bounded.
pub async fn all_sessions_of_a_user_are_listed(store: Arc<dyn Store>) {
    let first = begun(&store).await;
    let mut all = vec![first.clone()];
    for last_used in [9, 3] {
        let session = Session {
            last_used_at: at(last_used),
            expires_at: at(last_used),
            ..session(first.user_id)
        };
        insert_session(&store, &session).await;
        all.push(session);
    }
    begun(&store).await;
    end(&store, first.id, 5).await;
    let listed = async |after, limit| {
        let mut read = store.read();
        let page = read.sessions().of_user(first.user_id, after, limit).await;
        page.unwrap()
            .into_iter()
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    let ids: Vec<_> = all.iter().map(|one| one.id).collect();
    assert_eq!(listed(None, 9).await, ids);
    assert_eq!(listed(None, 2).await, ids[..2]);
    assert_eq!(listed(Some(ids[0]), 9).await, ids[1..]);
    assert_eq!(listed(Some(ids[2]), 9).await, []);
}
