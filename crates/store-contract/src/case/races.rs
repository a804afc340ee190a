//! Once, whoever else does the same at the same time; and what is counted is counted once.

use std::sync::Arc;

use futures::future::BoxFuture;
use ntt_auth_core::model::{
    Client, ClientMark, Code, CodeKind, EndReason, Ended, Job, JobState, KeyState, Lease, Revoked,
    Said, UserId,
};
use ntt_auth_core::store::{Rotation, Store, StoreError, Tx};

use crate::case::erasures::{consent, erasure};
use crate::case::keys::key;
use crate::case::throttles::{counter, id};
use crate::race::{race, winners};
use crate::sample::{at, code, job, session, user, uuid};
use crate::work::{apply, in_transaction, insert_session, insert_user};

/// What sixteen found that did the same at once, each in a transaction of its own.
async fn sixteen<T, F>(store: &Arc<dyn Store>, work: F) -> Vec<T>
where
    F: for<'t> Fn(&'t mut dyn Tx) -> BoxFuture<'t, Result<T, StoreError>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    race(|_| {
        let (store, work) = (Arc::clone(store), work.clone());
        async move { in_transaction(&store, work).await.unwrap() }
    })
    .await
}

fn held() -> Lease {
    Lease {
        by: "node".to_owned(),
        until: at(100),
    }
}

/// A job that is leased by [`held`].
async fn leased(store: &Arc<dyn Store>) -> Job {
    let job = Job {
        state: JobState::Leased,
        due_at: Some(at(100)),
        leased_by: Some(held().by),
        attempts: 1,
        ..job()
    };
    apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
    job
}

/// So that what goes with the account is told once.
pub async fn of_sixteen_that_erase_a_user_one_does(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    let who = ada.id;
    let took = sixteen(&store, move |tx| {
        Box::pin(async move { tx.users().erase(who).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// A lease is given back once, whatever is said of the job.
pub async fn of_sixteen_that_end_a_lease_one_does(store: Arc<dyn Store>) {
    let job = leased(&store).await;
    let which = job.id;
    let took = race(|number| {
        let store = Arc::clone(&store);
        async move {
            apply!(store, [], |tx| {
                let (jobs, held) = (tx.jobs(), held());
                match number % 3 {
                    0 => jobs.finish(which, &held, at(5)).await,
                    1 => jobs.postpone(which, &held, at(5), "no answer").await,
                    _ => jobs.bury(which, &held, at(5), "no answer").await,
                }
            })
            .unwrap()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// In any state.
pub async fn of_sixteen_that_remove_a_job_one_does(store: Arc<dyn Store>) {
    let which = leased(&store).await.id;
    let took = sixteen(&store, move |tx| {
        Box::pin(async move { tx.jobs().remove(which).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// And retires it, then.
pub async fn of_sixteen_that_activate_a_key_one_does(store: Arc<dyn Store>) {
    let next = key("n", "ES256", KeyState::Next, 1);
    apply!(store, [next], |tx| tx.keys().insert(&next).await).unwrap();
    let which = next.id.clone();
    let took = sixteen(&store, move |tx| {
        let which = which.clone();
        Box::pin(async move { tx.keys().activate(&which, at(5)).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
    let which = next.id;
    let took = sixteen(&store, move |tx| {
        let which = which.clone();
        Box::pin(async move { tx.keys().retire(&which, at(6), at(9)).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// By whichever means.
pub async fn of_sixteen_that_close_set_up_one_does(store: Arc<dyn Store>) {
    let took = sixteen(&store, move |tx| {
        Box::pin(async move { tx.setup().close(at(5)).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// One alone, or all of an account.
pub async fn of_sixteen_that_forget_a_counter_one_does(store: Arc<dyn Store>) {
    for number in 1..=3 {
        let one = counter(1, 100);
        apply!(store, [one], |tx| tx
            .throttles()
            .insert(&id(number), &id(9), &one)
            .await)
        .unwrap();
    }
    let took = sixteen(&store, move |tx| {
        Box::pin(async move { tx.throttles().forget(&id(1)).await })
    })
    .await;
    assert_eq!(winners(&took), 1);
    let told = sixteen(&store, move |tx| {
        Box::pin(async move { tx.throttles().forget_account(&id(9)).await })
    })
    .await;
    assert_eq!(told.iter().sum::<u64>(), 2);
}

/// Of the same person by sixteen: each row is told to one of them.
pub async fn what_sixteen_take_back_at_once_is_counted_once(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    for kind in CodeKind::ALL {
        let code = Code { kind, ..code(ada) };
        apply!(store, [code], |tx| tx.codes().put(&code).await).unwrap();
    }
    let given = consent(ada);
    apply!(store, [given], |tx| tx.consents().give(&given).await).unwrap();
    let job = Job {
        subject: Some(ada),
        ..job()
    };
    apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();

    let told = sixteen(&store, move |tx| {
        Box::pin(async move { tx.codes().void(ada, CodeKind::NotMe).await })
    })
    .await;
    assert_eq!(told.iter().sum::<u64>(), 1);
    let told = sixteen(&store, move |tx| {
        Box::pin(async move { tx.codes().remove_of_user(ada).await })
    })
    .await;
    assert_eq!(told.iter().sum::<u64>(), CodeKind::ALL.len() as u64 - 1);
    let told = sixteen(&store, move |tx| {
        Box::pin(async move { tx.jobs().remove_of_subject(ada).await })
    })
    .await;
    assert_eq!(told.iter().sum::<u64>(), 1);
    let told = sixteen(&store, move |tx| {
        let said = Said {
            at: at(5),
            from: None,
        };
        Box::pin(async move { tx.consents().withdraw(ada, "terms", said).await })
    })
    .await;
    assert_eq!(told.iter().sum::<u64>(), 1);
}

type Purge = fn(&mut dyn Tx) -> BoxFuture<'_, Result<u64, StoreError>>;

/// Every noun that is cleared up in the background, by sixteen nodes that do it at once.
pub async fn what_sixteen_clear_up_at_once_is_counted_once(store: Arc<dyn Store>) {
    const ROWS: u8 = 20;
    for number in 0..ROWS {
        let session = session(UserId::from_uuid(uuid()));
        let code = code(session.user_id);
        let job = Job {
            state: JobState::Done,
            due_at: None,
            finished_at: Some(at(5)),
            ..job()
        };
        let (erasure, counter) = (erasure(number, 5), counter(1, 5));
        apply!(store, [session, code, job, erasure, counter], |tx| {
            tx.sessions().insert(&session).await?;
            tx.codes().put(&code).await?;
            tx.jobs().add(&job).await?;
            tx.erasures().insert(&erasure).await?;
            tx.throttles()
                .insert(&id(number), &id(200), &counter)
                .await?;
            let revoked = Revoked::Session(session.id);
            tx.revocations()
                .append(revoked, at(0), at(5))
                .await
                .map(drop)
        })
        .unwrap();
    }
    let works: [(&str, Purge); 6] = [
        ("sessions", |tx| {
            Box::pin(async move { tx.sessions().purge(at(9000), 7).await })
        }),
        ("codes", |tx| {
            Box::pin(async move { tx.codes().purge(at(9000), 7).await })
        }),
        ("jobs", |tx| {
            Box::pin(async move { tx.jobs().purge(at(9), at(9), 7).await })
        }),
        ("erasures", |tx| {
            Box::pin(async move { tx.erasures().purge(at(9), 7).await })
        }),
        ("throttles", |tx| {
            Box::pin(async move { tx.throttles().purge(at(9), 7).await })
        }),
        ("revocations", |tx| {
            Box::pin(async move { tx.revocations().purge(at(9), 7).await })
        }),
    ];
    for (noun, work) in works {
        let mut told: u64 = sixteen(&store, work).await.iter().sum();
        // Those who met were not told of each other's rows, so that some may be left.
        loop {
            let more = in_transaction(&store, work).await.unwrap();
            assert!(more <= 7, "{noun}");
            if more == 0 {
                break;
            }
            told += more;
        }
        assert_eq!(told, u64::from(ROWS), "{noun}");
    }
}

/// Whoever comes first, it has ended afterwards, and is refreshed no more.
pub async fn a_session_that_ends_while_it_is_refreshed_stays_ended(store: Arc<dyn Store>) {
    for _ in 0..4 {
        let session = session(UserId::from_uuid(uuid()));
        insert_session(&store, &session).await;
        let (which, whose) = (session.id, session.user_id);
        let took = race(|number| {
            let store = Arc::clone(&store);
            let rotation = Rotation {
                id: which,
                generation: 0,
                at: at(5),
                idle_expires_at: at(1005),
                client: Client::default(),
                mark: ClientMark::of(&Client::default()),
            };
            async move {
                apply!(store, [rotation], |tx| match number {
                    0 => tx.sessions().end(which, at(5), EndReason::SignedOut).await,
                    1 => {
                        let reason = EndReason::PasswordChanged;
                        let all = tx
                            .sessions()
                            .end_all_of_user(whose, None, at(5), reason)
                            .await?;
                        Ok(!all.is_empty())
                    }
                    _ => tx.sessions().rotate(&rotation).await,
                })
                .unwrap()
            }
        })
        .await;
        assert_eq!(winners(&took[..2]), 1, "one of the two has ended it");
        assert!(winners(&took[2..]) <= 1);
        let found = store.read().sessions().by_id(which).await.unwrap().unwrap();
        let reason = if took[0] {
            EndReason::SignedOut
        } else {
            EndReason::PasswordChanged
        };
        assert_eq!(found.ended, Some(Ended { at: at(5), reason }));
        assert_eq!(found.generation, i64::from(winners(&took[2..]) == 1));
    }
}

/// What is written in one transaction is seen at once or not at all.
pub async fn what_is_written_together_is_seen_together(store: Arc<dyn Store>) {
    let people: Vec<_> = (0..30)
        .map(|number| {
            let user = user(&format!("user{number}@example.com"));
            let session = session(user.id);
            (user, session)
        })
        .collect();
    let writer = tokio::spawn({
        let (store, people) = (Arc::clone(&store), people.clone());
        async move {
            for (user, session) in people {
                apply!(store, [user, session], |tx| {
                    tx.users().insert(&user).await?;
                    tx.sessions().insert(&session).await
                })
                .unwrap();
            }
        }
    });
    // A view that was there before sees it, too.
    let mut read = store.read();
    for (user, session) in &people {
        loop {
            let later = read.sessions().by_id(session.id).await.unwrap().is_some();
            let earlier = read.users().by_id(user.id).await.unwrap().is_some();
            assert!(earlier || !later, "the second without the first");
            let again = read.sessions().by_id(session.id).await.unwrap().is_some();
            assert!(again || !earlier, "the first without the second");
            if earlier {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    writer.await.unwrap();
}
