//! Lists that are read page by page while others add to them: whoever was there is shown once and in order, and nobody twice.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use ntt_auth_core::model::{Erasure, Job, Session, Timestamp, User, UserId};
use ntt_auth_core::store::{
    AuditFilter, AuditQuery, JobQuery, Store, UserPlace, UserQuery, UserSort,
};
use tokio::task::JoinHandle;

use crate::case::audit::bare;
use crate::case::erasures::erasure;
use crate::sample::{at, job, session, user, uuid};
use crate::work::{apply, insert_session, insert_user};

/// Those of even places, which are there from the beginning, and the others, which come meanwhile.
fn halves<T: Clone>(all: &[T]) -> (Vec<T>, Vec<T>) {
    let half = |odd| all.iter().skip(odd).step_by(2).cloned().collect();
    (half(0), half(1))
}

fn meanwhile<T, F>(
    store: &Arc<dyn Store>,
    items: Vec<T>,
    insert: impl Fn(Arc<dyn Store>, T) -> F + Send + 'static,
) -> JoinHandle<()>
where
    T: Send + 'static,
    F: Future<Output = ()> + Send,
{
    let store = Arc::clone(store);
    tokio::spawn(async move {
        for item in items {
            insert(Arc::clone(&store), item).await;
        }
    })
}

/// `known` are in `seen`, in their order, and nothing is there twice.
fn each_once<T: Ord + Debug>(seen: &[T], known: &[T]) {
    let once: BTreeSet<&T> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{seen:?}");
    let found: Vec<&T> = seen.iter().filter(|one| known.contains(one)).collect();
    assert_eq!(found, known.iter().collect::<Vec<_>>());
}

/// In every order of the list.
pub async fn of_users(store: Arc<dyn Store>) {
    let mut people: Vec<User> = (0..60_i64)
        .map(|number| User {
            created_at: at(number / 3),
            last_login_at: (number % 5 != 0).then(|| at(number / 2)),
            ..user(&format!("user{:02}@example.com", number * 7 % 60))
        })
        .collect();
    let orders: Vec<_> = [UserSort::CreatedAt, UserSort::Email, UserSort::LastLoginAt]
        .into_iter()
        .flat_map(|sort| [(sort, false), (sort, true)])
        .collect();
    // Each order has newcomers of its own.
    let (mut known, newcomers) = halves(&people);
    for user in &known {
        insert_user(&store, user).await.unwrap();
    }
    for ((sort, descending), newcomers) in orders.into_iter().zip(newcomers.chunks(5)) {
        let place = |user: &User| match sort {
            UserSort::CreatedAt => (user.created_at, String::new(), user.id),
            UserSort::Email => (
                Timestamp::EPOCH,
                user.email.folded().as_str().to_owned(),
                user.id,
            ),
            UserSort::LastLoginAt => (
                user.last_login_at.unwrap_or(Timestamp::EPOCH),
                String::new(),
                user.id,
            ),
        };
        known.sort_by_key(place);
        if descending {
            known.reverse();
        }
        let writer = meanwhile(&store, newcomers.to_vec(), |store, user| async move {
            insert_user(&store, &user).await.unwrap();
        });
        let mut query = UserQuery {
            sort,
            descending,
            ..UserQuery::everybody(2, at(0))
        };
        let mut seen = Vec::new();
        loop {
            let page = store.read().users().page(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(match place(last) {
                (_, text, id) if sort == UserSort::Email => UserPlace::Text(text, id),
                (time, _, id) => UserPlace::Time(time, id),
            });
            seen.extend(page.iter().map(|user| user.id));
        }
        writer.await.unwrap();
        let ids: Vec<_> = known.iter().map(|user| user.id).collect();
        each_once(&seen, &ids);
        known.extend_from_slice(newcomers);
    }
    people.sort_by_key(|user| user.id);
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = store.read().erasures().users_after(after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        seen.extend(page);
    }
    assert_eq!(seen, people.iter().map(|user| user.id).collect::<Vec<_>>());
}

/// In the order of their ids.
pub async fn of_the_ids_of_users(store: Arc<dyn Store>) {
    let people: Vec<User> = (0..40)
        .map(|number| user(&format!("user{number}@example.com")))
        .collect();
    let (known, newcomers) = halves(&people);
    for user in &known {
        insert_user(&store, user).await.unwrap();
    }
    let writer = meanwhile(&store, newcomers, |store, user| async move {
        insert_user(&store, &user).await.unwrap();
    });
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.read().erasures().users_after(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        seen.extend(page);
    }
    writer.await.unwrap();
    let ids: Vec<_> = known.iter().map(|user| user.id).collect();
    each_once(&seen, &ids);
    assert!(seen.is_sorted(), "{seen:?}");
}

/// In the order of their beginning, ended ones too, and none of anybody else.
pub async fn of_the_sessions_of_a_user(store: Arc<dyn Store>) {
    let (ada, bob) = (UserId::from_uuid(uuid()), UserId::from_uuid(uuid()));
    let all: Vec<Session> = (0..40)
        .map(|number| session(if number % 8 == 1 { bob } else { ada }))
        .collect();
    let (known, newcomers) = halves(&all);
    for one in &known {
        insert_session(&store, one).await;
    }
    let writer = meanwhile(&store, newcomers, |store, session| async move {
        insert_session(&store, &session).await;
    });
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .read()
            .sessions()
            .of_user(ada, after, 3)
            .await
            .unwrap();
        assert!(page.len() <= 3 && page.iter().all(|one| one.user_id == ada));
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|one| one.id));
    }
    writer.await.unwrap();
    let ids: Vec<_> = known.iter().map(|one| one.id).collect();
    each_once(&seen, &ids);
    assert!(seen.is_sorted(), "{seen:?}");
}

/// Newest first.
pub async fn of_jobs(store: Arc<dyn Store>) {
    let all: Vec<Job> = (0..40).map(|_| job()).collect();
    let (mut known, newcomers) = halves(&all);
    let add = |store: Arc<dyn Store>, job: Job| async move {
        apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
    };
    for one in &known {
        add(Arc::clone(&store), one.clone()).await;
    }
    let writer = meanwhile(&store, newcomers, add);
    let mut query = JobQuery {
        state: None,
        after: None,
        limit: 3,
    };
    let mut seen = Vec::new();
    loop {
        let page = store.read().jobs().page(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        seen.extend(page.iter().map(|one| one.id));
    }
    writer.await.unwrap();
    known.reverse();
    let ids: Vec<_> = known.iter().map(|one| one.id).collect();
    each_once(&seen, &ids);
    assert!(seen.iter().rev().is_sorted(), "{seen:?}");
}

/// Newest first, and in the order of the chain.
pub async fn of_events(store: Arc<dyn Store>) {
    // The chain is appended to, and times do not follow it.
    let millis = |sequence: i64| sequence * 7 % 10;
    let insert = move |store: Arc<dyn Store>, sequence: i64| async move {
        let record = bare(sequence, millis(sequence));
        apply!(store, [record], |tx| tx.audit().insert(&record).await).unwrap();
    };
    for sequence in 1..=20 {
        insert(Arc::clone(&store), sequence).await;
    }
    let writer = meanwhile(&store, (21..=40).collect(), insert);
    let mut query = AuditQuery {
        filter: AuditFilter::default(),
        place: None,
        limit: 3,
    };
    let mut seen = Vec::new();
    loop {
        let page = store.read().audit().page(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.place = Some((last.at, last.sequence));
        seen.extend(page.iter().map(|record| record.sequence));
    }
    let (mut chain, mut after) = (Vec::new(), 0);
    loop {
        let page = store.read().audit().after(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.sequence;
        chain.extend(page.iter().map(|record| record.sequence));
    }
    writer.await.unwrap();
    let mut known: Vec<i64> = (1..=20).collect();
    assert_eq!(chain[..20], known);
    known.sort_by_key(|sequence| std::cmp::Reverse((millis(*sequence), *sequence)));
    each_once(&seen, &known);
}

/// In the order of their subjects.
pub async fn of_erasures(store: Arc<dyn Store>) {
    let all: Vec<_> = (0..40).map(|number| erasure(number, 5)).collect();
    let (known, newcomers) = halves(&all);
    let insert = |store: Arc<dyn Store>, erasure: Erasure| async move {
        assert!(apply!(store, [erasure], |tx| tx.erasures().insert(&erasure).await).unwrap());
    };
    for one in &known {
        insert(Arc::clone(&store), *one).await;
    }
    let writer = meanwhile(&store, newcomers, insert);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.read().erasures().page(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.subject);
        seen.extend(page.iter().map(|one| *one.subject.bytes()));
    }
    writer.await.unwrap();
    let ids: Vec<_> = known.iter().map(|one| *one.subject.bytes()).collect();
    each_once(&seen, &ids);
    assert!(seen.is_sorted(), "{seen:?}");
}
