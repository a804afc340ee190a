//! A store has no clock: only the times in its arguments count, and what is over is over for every clock, also for that
//! of a node that is behind or ahead.

use std::sync::Arc;

use ntt_auth_core::model::{
    ClientMark, EndReason, Ended, Job, KeyState, Lease, Revoked, SetupTokenHash, UserId,
};
use ntt_auth_core::store::{Rotation, Store};

use crate::case::keys::key;
use crate::race::{race, winners};
use crate::sample::{at, client, code, job, session, user, uuid};
use crate::work::{apply, insert_session, insert_user};

/// Whoever asks with whatever time.
const CLOCKS: [i64; 5] = [-1_000_000, -1, 0, 500, 999];

fn rotation(session: &ntt_auth_core::model::Session, now: i64) -> Rotation {
    let client = client("Safari");
    Rotation {
        id: session.id,
        generation: session.generation,
        at: at(now),
        idle_expires_at: at(now + 1000),
        mark: ClientMark::of(&client),
        client,
    }
}

/// It is neither refreshed, nor listed, nor ended for another reason.
pub async fn an_ended_session_stays_ended_for_every_clock(store: Arc<dyn Store>) {
    let session = session(UserId::from_uuid(uuid()));
    insert_session(&store, &session).await;
    let end = async |now: i64, reason| {
        let id = session.id;
        apply!(store, [], |tx| tx.sessions().end(id, at(now), reason).await).unwrap()
    };
    assert!(end(500, EndReason::SignedOut).await);
    for now in CLOCKS {
        let rotation = rotation(&session, now);
        assert!(
            !apply!(store, [rotation], |tx| tx
                .sessions()
                .rotate(&rotation)
                .await)
            .unwrap()
        );
        assert!(!end(now, EndReason::Deleted).await);
        let mut read = store.read();
        let open = read.sessions().open_of_user(session.user_id, at(now)).await;
        assert_eq!(open.unwrap(), [], "{now}");
        let found = read.sessions().by_id(session.id).await.unwrap().unwrap();
        let ended = Some(Ended {
            at: at(500),
            reason: EndReason::SignedOut,
        });
        assert_eq!((found.ended, found.generation), (ended, 0));
    }
}

/// By a node that is behind its predecessor: the token that it was given is used up all the same.
pub async fn a_generation_is_used_up_for_every_clock(store: Arc<dyn Store>) {
    let session = session(UserId::from_uuid(uuid()));
    insert_session(&store, &session).await;
    let took = race(|number| {
        let (store, now) = (
            Arc::clone(&store),
            CLOCKS[usize::from(number) % CLOCKS.len()],
        );
        let rotation = rotation(&session, now);
        async move {
            apply!(store, [rotation], |tx| tx
                .sessions()
                .rotate(&rotation)
                .await)
            .unwrap()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
    for now in CLOCKS {
        let rotation = rotation(&session, now);
        assert!(
            !apply!(store, [rotation], |tx| tx
                .sessions()
                .rotate(&rotation)
                .await)
            .unwrap()
        );
    }
}

/// And its expiry is judged by who asks.
pub async fn a_used_code_stays_used_for_every_clock(store: Arc<dyn Store>) {
    let code = code(UserId::from_uuid(uuid()));
    apply!(store, [code], |tx| tx.codes().put(&code).await).unwrap();
    let redeem = async |now: i64| {
        let (kind, hash) = (code.kind, code.hash);
        apply!(store, [], |tx| tx
            .codes()
            .redeem(kind, &hash, at(now))
            .await)
        .unwrap()
    };
    assert!(!redeem(1000).await);
    assert!(!redeem(1_000_000).await);
    assert!(redeem(999).await);
    for now in CLOCKS {
        assert!(!redeem(now).await, "{now}");
    }
}

/// Set-up that was closed, too.
pub async fn closed_set_up_stays_closed_for_every_clock(store: Arc<dyn Store>) {
    let token = SetupTokenHash::of("token");
    apply!(store, [token], |tx| tx
        .setup()
        .offer(&token, at(1000))
        .await)
    .unwrap();
    assert!(
        apply!(store, [token], |tx| tx
            .setup()
            .redeem(&token, at(500))
            .await)
        .unwrap()
    );
    for now in CLOCKS {
        assert!(
            !apply!(store, [token], |tx| tx
                .setup()
                .redeem(&token, at(now))
                .await)
            .unwrap()
        );
        assert!(!apply!(store, [], |tx| tx.setup().close(at(now)).await).unwrap());
        assert!(
            !apply!(store, [token], |tx| tx
                .setup()
                .offer(&token, at(now + 9))
                .await)
            .unwrap()
        );
    }
    let closed = store.read().setup().get().await.unwrap().closed_at;
    assert_eq!(closed, Some(at(500)));
}

/// Whatever time each of them thinks it is.
pub async fn of_sixteen_nodes_with_other_clocks_one_gets_the_job(store: Arc<dyn Store>) {
    let one = job();
    apply!(store, [one], |tx| tx.jobs().add(&one).await).unwrap();
    let claim = |store: &Arc<dyn Store>, by: String, now: i64, until: i64| {
        let (store, id) = (Arc::clone(store), one.id);
        let lease = Lease {
            by,
            until: at(until),
        };
        async move {
            apply!(store, [lease], |tx| tx
                .jobs()
                .lease(id, at(now), &lease)
                .await)
            .unwrap()
        }
    };
    // Nobody so far ahead that the others' leases have run out by its clock.
    let took = race(|number| {
        let now = i64::from(number) * 10;
        claim(&store, format!("node {number}"), now, now + 1000)
    })
    .await;
    assert_eq!(winners(&took), 1);
    let until = store
        .read()
        .jobs()
        .by_id(one.id)
        .await
        .unwrap()
        .unwrap()
        .due_at
        .unwrap();
    let until = until.millis() - at(0).millis();
    // Who is behind does not get it; who is ahead does, and then the first one's answer comes too late for everybody.
    assert!(!claim(&store, "behind".to_owned(), -1_000_000, 9).await);
    assert!(!claim(&store, "behind".to_owned(), until - 1, until + 9).await);
    assert!(claim(&store, "ahead".to_owned(), until, until + 1000).await);
    let holder = took.iter().position(|took| *took).unwrap();
    let lost = Lease {
        by: format!("node {holder}"),
        until: at(until),
    };
    let id = one.id;
    for now in CLOCKS {
        assert!(
            !apply!(store, [lost], |tx| tx
                .jobs()
                .finish(id, &lost, at(now))
                .await)
            .unwrap()
        );
        assert!(
            !apply!(store, [lost], |tx| tx
                .jobs()
                .bury(id, &lost, at(now), "")
                .await)
            .unwrap()
        );
        let postponed = apply!(store, [lost], |tx| tx
            .jobs()
            .postpone(id, &lost, at(now), "")
            .await);
        assert!(!postponed.unwrap());
    }
}

/// And one that is done is not begun again.
pub async fn a_finished_job_stays_finished_for_every_clock(store: Arc<dyn Store>) {
    let one = Job {
        due_at: Some(at(100)),
        ..job()
    };
    apply!(store, [one], |tx| tx.jobs().add(&one).await).unwrap();
    let (id, held) = (
        one.id,
        Lease {
            by: "node".to_owned(),
            until: at(200),
        },
    );
    assert!(
        apply!(store, [held], |tx| tx
            .jobs()
            .lease(id, at(100), &held)
            .await)
        .unwrap()
    );
    // By a node whose clock says that it is not due yet.
    assert!(
        apply!(store, [held], |tx| tx
            .jobs()
            .finish(id, &held, at(-5))
            .await)
        .unwrap()
    );
    for now in CLOCKS.into_iter().chain([i64::MAX / 2]) {
        assert_eq!(store.read().jobs().due(at(now), 9).await.unwrap(), []);
        assert!(
            !apply!(store, [held], |tx| tx
                .jobs()
                .lease(id, at(now), &held)
                .await)
            .unwrap()
        );
        assert!(!apply!(store, [], |tx| tx.jobs().retry(id, at(now)).await).unwrap());
    }
}

/// Their order is that of their commits, and nothing but their expiry forgets them.
pub async fn revocations_of_a_node_that_is_behind_are_followed(store: Arc<dyn Store>) {
    let revoked = [9, 5, -1_000_000, 7].map(|now| {
        let user = UserId::from_uuid(uuid());
        (now, Revoked::UserBelow { user, version: 1 })
    });
    for (now, revoked) in revoked {
        let append = apply!(store, [], |tx| tx
            .revocations()
            .append(revoked, at(now), at(100))
            .await);
        append.unwrap();
    }
    let purged = apply!(store, [], |tx| tx.revocations().purge(at(100), 9).await);
    assert_eq!(purged.unwrap(), 0);
    let found = store.read().revocations().after(0, 9).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|entry| (entry.at.millis() - at(0).millis(), entry.revoked))
        .collect();
    assert_eq!(found, revoked);
}

/// It never signs again, whenever it was retired.
pub async fn a_retired_key_stays_retired_for_every_clock(store: Arc<dyn Store>) {
    let one = key("k", "ES256", KeyState::Current, 1);
    let id = one.id.clone();
    apply!(store, [one], |tx| tx.keys().insert(&one).await).unwrap();
    let retired = apply!(store, [id], |tx| tx
        .keys()
        .retire(&id, at(500), at(900))
        .await);
    assert!(retired.unwrap());
    for now in CLOCKS {
        assert!(!apply!(store, [id], |tx| tx.keys().activate(&id, at(now)).await).unwrap());
        let again = apply!(store, [id], |tx| tx
            .keys()
            .retire(&id, at(now), at(now + 9))
            .await);
        assert!(!again.unwrap());
    }
    let found = store.read().keys().all().await.unwrap().remove(0);
    assert_eq!(
        (found.retired_at, found.expires_at),
        (Some(at(500)), Some(at(900)))
    );
}

/// The latest of them stays, whichever is told last.
pub async fn a_sign_in_told_late_is_not_the_last(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    for now in [50, 10, 70, 60] {
        let id = ada.id;
        apply!(store, [], |tx| tx.users().note_sign_in(id, at(now)).await).unwrap();
    }
    let found = store.read().users().by_id(ada.id).await.unwrap().unwrap();
    assert_eq!(found.last_login_at, Some(at(70)));
}
