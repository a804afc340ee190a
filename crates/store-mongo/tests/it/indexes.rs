//! Which questions are answered along an index: all but those about a handful of documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use ntt_auth_core::model::{
    Client, ClientMark, CodeHash, CodeKind, EventKind, JobState, Mark, Role, Search, SessionId,
    Timestamp, UserId,
};
use ntt_auth_core::store::{
    AuditFilter, AuditQuery, JobQuery, Read, Store, UserFilter, UserQuery, UserSort,
};
use ntt_auth_store_mongo::MongoStore;
use uuid::Uuid;

use crate::opened;
use crate::work::in_transaction;

/// These hold a handful of documents, or are emptied whole after a restore.
const SCANNED: [&str; 1] = ["signing_keys"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_along_indexes() {
    let Some((database, store)) = opened().await else {
        return;
    };
    let client = mongodb::Client::with_uri_str(&database.url).await.unwrap();
    let client = client.database(&database.name);
    client.run_command(doc! { "profile": 2 }).await.unwrap();
    read(&store).await;
    write(&store).await;
    client.run_command(doc! { "profile": 0 }).await.unwrap();
    let profile = client.collection::<Document>("system.profile");
    let found: Vec<_> = profile
        .find(doc! {})
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let plans: BTreeSet<_> = found
        .iter()
        .filter_map(|of| {
            let plan = of.get_str("planSummary").ok()?;
            let (_, collection) = of.get_str("ns").ok()?.split_once('.')?;
            (!collection.starts_with("system.")).then(|| (collection.to_owned(), plan.to_owned()))
        })
        .collect();
    assert!(plans.len() > 25, "{plans:#?}");
    let scanned: Vec<_> = plans
        .iter()
        .filter(|(collection, plan)| {
            plan.contains("COLLSCAN") && !SCANNED.contains(&collection.as_str())
        })
        .collect();
    assert!(scanned.is_empty(), "{scanned:#?}");
}

fn somebody() -> UserId {
    UserId::from_uuid(Uuid::from_u128(7))
}

async fn read(store: &Arc<MongoStore>) {
    let now = Timestamp::from_millis(1000);
    let mut read = store.read();
    let searches = [
        None,
        Search::parse("ada"),
        Search::parse("ada example.com x"),
    ];
    for search in searches {
        for sort in [UserSort::CreatedAt, UserSort::Email, UserSort::LastLoginAt] {
            for role in [None, Some(Role::User)] {
                for active in [None, Some(false), Some(true)] {
                    let query = UserQuery {
                        filter: UserFilter {
                            search: search.clone(),
                            role,
                            active,
                            email_verified: active,
                            ..UserFilter::default()
                        },
                        sort,
                        ..UserQuery::everybody(5, now)
                    };
                    read.users().page(&query).await.unwrap();
                }
            }
        }
    }
    others(&mut *read, now).await;
    trail(&mut *read, now).await;
}

async fn others(read: &mut dyn Read, now: Timestamp) {
    read.users().by_id(somebody()).await.unwrap();
    read.users().deleted_before(now, 5).await.unwrap();
    read.users().unverified_before(now, 5).await.unwrap();
    read.users().count_super_admins().await.unwrap();
    let sessions = read.sessions();
    sessions
        .by_id(SessionId::from_uuid(Uuid::max()))
        .await
        .unwrap();
    sessions.open_of_user(somebody(), now).await.unwrap();
    sessions.of_user(somebody(), None, 5).await.unwrap();
    let mark = ClientMark::of(&Client::default());
    sessions.seen(somebody(), &mark, None).await.unwrap();
    let hash = CodeHash::from_bytes([1; 32]);
    for kind in CodeKind::ALL {
        read.codes().by_hash(kind, &hash).await.unwrap();
    }
    let jobs = read.jobs();
    jobs.due(now, 5).await.unwrap();
    jobs.of_subject(somebody(), 5).await.unwrap();
    jobs.asked_since(somebody(), "x", now).await.unwrap();
    jobs.counts().await.unwrap();
    for state in [None, Some(JobState::Dead)] {
        let (after, limit) = (None, 5);
        let query = JobQuery {
            state,
            after,
            limit,
        };
        jobs.page(&query).await.unwrap();
    }
    read.stats().accounts(now).await.unwrap();
    read.stats().open_sessions(now).await.unwrap();
    read.erasures().page(None, 5).await.unwrap();
    read.erasures().users_after(None, 5).await.unwrap();
    read.consents().of_user(somebody()).await.unwrap();
    read.keys().all().await.unwrap();
    read.revocations().after(0, 5).await.unwrap();
    read.revocations().latest().await.unwrap();
}

async fn trail(read: &mut dyn Read, now: Timestamp) {
    let filters = [
        AuditFilter::default(),
        AuditFilter {
            kinds: vec![EventKind::SignedIn, EventKind::SignInFailed],
            ..AuditFilter::default()
        },
        AuditFilter {
            actor: Some(somebody()),
            ..AuditFilter::default()
        },
        AuditFilter {
            subject: Some(somebody()),
            after: Some(now),
            ..AuditFilter::default()
        },
        AuditFilter {
            address: Some(Mark::from_bytes([1; 16])),
            ..AuditFilter::default()
        },
    ];
    for filter in filters {
        let (place, limit) = (Some((now, 3)), 5);
        let query = AuditQuery {
            filter,
            place,
            limit,
        };
        read.audit().page(&query).await.unwrap();
    }
    read.audit().after(0, 5).await.unwrap();
    read.audit().checkpoints(0, 5).await.unwrap();
    read.audit().unchained(5).await.unwrap();
    read.stats()
        .events(EventKind::SignedIn, now, now)
        .await
        .unwrap();
}

async fn write(store: &Arc<MongoStore>) {
    in_transaction(&**store, |tx| {
        Box::pin(async move {
            let now = Timestamp::from_millis(1000);
            tx.erasures().forget(somebody()).await?;
            tx.audit().blank(somebody()).await?;
            tx.audit().trim(1).await?;
            tx.sessions().purge(now, 5).await?;
            tx.codes().purge(now, 5).await?;
            tx.jobs().purge(now, now, 5).await?;
            tx.revocations().purge(now, 5).await?;
            tx.throttles().purge(now, 5).await?;
            tx.erasures().purge(now, 5).await?;
            tx.keys().purge(now).await?;
            Ok(())
        })
    })
    .await
    .unwrap();
}
