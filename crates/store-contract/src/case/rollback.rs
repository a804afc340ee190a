//! Of a transaction that is not committed nothing is left, in any noun, however it ended.

use std::sync::Arc;

use ntt_auth_core::model::{
    Checkpoint, CodeKind, EndReason, Job, KeyState, Lease, Revoked, SetupTokenHash, SubjectKey,
    UserId,
};
use ntt_auth_core::store::{JobQuery, Rotation, Store, StoreError, Tx, UserQuery};
use tokio::sync::Notify;

use crate::case::audit::{bare, mark};
use crate::case::erasures::{consent, erasure};
use crate::case::imports::import;
use crate::case::keys::key;
use crate::case::throttles::{counter, id};
use crate::sample::{at, client, code, job, session, user};
use crate::work::{apply, insert_user};

/// One of everything, written in one transaction.
async fn fill(tx: &mut dyn Tx, number: u8) -> Result<UserId, StoreError> {
    let mut ada = user(&format!("ada{number}@example.com"));
    ada.id = UserId::from_uuid(uuid::Uuid::from_u128(number.into()));
    let who = ada.id;
    tx.users().insert(&ada).await?;
    tx.sessions().insert(&session(who)).await?;
    tx.codes().put(&code(who)).await?;
    let mail = Job {
        subject: Some(who),
        ..job()
    };
    tx.jobs().add(&mail).await?;
    let signing = key(&format!("key {number}"), "ES256", KeyState::Next, 1);
    tx.keys().insert(&signing).await?;
    let below = Revoked::UserBelow {
        user: who,
        version: 1,
    };
    tx.revocations().append(below, at(0), at(9)).await?;
    let mut head = tx.audit().lock_head().await?;
    head.latest += 1;
    tx.audit().insert(&bare(head.latest, 0)).await?;
    tx.audit().set_head(&head).await?;
    let checkpoint = Checkpoint {
        sequence: head.latest,
        previous: 0,
        at: at(0),
        hash: [1; 32],
        key: "key".to_owned(),
        signature: [2; 64],
    };
    tx.audit().insert_checkpoint(&checkpoint).await?;
    let personal = SubjectKey {
        mark: mark(number),
        sealed: Some(vec![number]),
        created_at: at(0),
        erased_at: None,
        proof: None,
    };
    tx.audit().put_key(&personal).await?;
    tx.setup()
        .offer(&SetupTokenHash::of("token"), at(i64::from(number)))
        .await?;
    tx.erasures().insert(&erasure(number, 1)).await?;
    tx.consents().give(&consent(who)).await?;
    tx.throttles()
        .insert(&id(number), &id(200), &counter(1, 9))
        .await?;
    tx.imports().begin(&import(number)).await?;
    tx.root().keep(&[number], at(0)).await?;
    Ok(who)
}

/// Changes or removes what [`fill`] wrote.
async fn upset(tx: &mut dyn Tx, who: UserId) -> Result<(), StoreError> {
    let mut ada = tx.users().by_id(who).await?.unwrap();
    ada.token_version += 1;
    assert!(tx.users().update(&ada).await?);
    tx.users().note_sign_in(who, at(5)).await?;
    let session = tx.sessions().of_user(who, None, 1).await?.remove(0);
    let rotation = Rotation {
        id: session.id,
        generation: 0,
        at: at(5),
        idle_expires_at: at(50),
        client: client("Safari"),
        mark: session.rotated_by,
    };
    assert!(tx.sessions().rotate(&rotation).await?);
    let ended = tx
        .sessions()
        .end_all_of_user(who, None, at(6), EndReason::Deleted)
        .await?;
    assert_eq!(ended, [session.id]);
    assert_eq!(tx.codes().void(who, CodeKind::VerifyEmail).await?, 1);
    let job = tx.jobs().of_subject(who, 1).await?.remove(0);
    let held = Lease {
        by: "node".to_owned(),
        until: at(9),
    };
    assert!(tx.jobs().lease(job.id, at(5), &held).await?);
    assert!(tx.jobs().finish(job.id, &held, at(6)).await?);
    let key = tx.keys().all().await?.remove(0).id;
    assert!(tx.keys().activate(&key, at(5)).await?);
    assert_eq!(tx.revocations().purge(at(10), 9).await?, 1);
    assert_eq!(tx.audit().trim(1).await?, 1);
    assert_eq!(tx.audit().trim_checkpoints(9).await?, 1);
    let personal = tx.audit().key(mark(1)).await?.unwrap();
    let erased = SubjectKey {
        sealed: None,
        erased_at: Some(at(5)),
        ..personal
    };
    tx.audit().put_key(&erased).await?;
    assert!(
        tx.setup()
            .redeem(&SetupTokenHash::of("token"), at(0))
            .await?
    );
    assert_eq!(tx.erasures().purge(at(9), 9).await?, 1);
    assert_eq!(
        tx.consents()
            .withdraw(who, "terms", consent(who).given)
            .await?,
        1
    );
    assert!(tx.throttles().hold(&id(1)).await?.is_some());
    tx.throttles().update(&id(1), &counter(4, 99)).await?;
    let mut step = import(1);
    step.counts.rows += 1;
    assert!(tx.imports().advance(&step, step.counts.rows - 1).await?);
    assert!(tx.root().reseal(&[1], &[9], at(5)).await?);
    fill(tx, 2).await.map(drop)
}

/// Everything that is there, as a text.
async fn picture(store: &Arc<dyn Store>, who: UserId) -> String {
    let mut read = store.read();
    let everybody = UserQuery::everybody(9, at(0));
    let users = read.users().page(&everybody).await.unwrap();
    let sessions = read.sessions().of_user(who, None, 9).await.unwrap();
    let jobs = JobQuery {
        state: None,
        after: None,
        limit: 9,
    };
    let jobs = read.jobs().page(&jobs).await.unwrap();
    let keys = read.keys().all().await.unwrap();
    let revoked = read.revocations().after(0, 9).await.unwrap();
    let latest = read.revocations().latest().await.unwrap();
    let head = read.audit().head().await.unwrap();
    let events = read.audit().after(0, 9).await.unwrap();
    let checkpoints = read.audit().checkpoints(0, 9).await.unwrap();
    let mut personal = Vec::new();
    let mut counters = Vec::new();
    let mut imports = Vec::new();
    for number in 1..=2 {
        personal.push(read.audit().key(mark(number)).await.unwrap());
        counters.push(read.throttles().get(&id(number)).await.unwrap());
        let digest = import(number).digest;
        imports.push(read.imports().by_digest(&digest).await.unwrap());
    }
    let setup = read.setup().get().await.unwrap();
    let erasures = read.erasures().page(None, 9).await.unwrap();
    let consents = read.consents().of_user(who).await.unwrap();
    let root = read.root().sealed().await.unwrap();
    let counts = read.stats().accounts(at(0)).await.unwrap();
    format!(
        "{users:?} {sessions:?} {jobs:?} {keys:?} {revoked:?} {latest} {head:?} {events:?} {checkpoints:?} {personal:?} \
         {counters:?} {imports:?} {setup:?} {erasures:?} {consents:?} {root:?} {counts:?}"
    )
}

/// What it added, changed and removed.
pub async fn an_error_leaves_every_noun_as_it_was(store: Arc<dyn Store>) {
    let who = apply!(store, [], |tx| fill(tx, 1).await).unwrap();
    let before = picture(&store, who).await;
    let undone: Result<(), _> = apply!(store, [], |tx| {
        upset(tx, who).await?;
        Err(StoreError::corrupt("nothing, on purpose"))
    });
    assert!(matches!(undone, Err(StoreError::Corrupt(_))), "{undone:?}");
    assert_eq!(picture(&store, who).await, before);
    // It can be done all the same.
    apply!(store, [], |tx| upset(tx, who).await).unwrap();
    assert_ne!(picture(&store, who).await, before);
}

/// As a crash of the work would.
pub async fn a_panic_leaves_every_noun_as_it_was(store: Arc<dyn Store>) {
    let who = apply!(store, [], |tx| fill(tx, 1).await).unwrap();
    let before = picture(&store, who).await;
    let panicked: Result<(), _> = apply!(store, [], |tx| {
        upset(tx, who).await?;
        assert!(tx.users().by_id(who).await?.is_none(), "on purpose");
        Ok(())
    });
    assert!(
        matches!(panicked, Err(StoreError::Driver(_))),
        "{panicked:?}"
    );
    assert_eq!(picture(&store, who).await, before);
    apply!(store, [], |tx| upset(tx, who).await).unwrap();
}

/// An error that the work swallows is none of its business to hide: either the transaction goes on and is whole, or it is not
/// committed.
pub async fn a_swallowed_refusal_loses_nothing(store: Arc<dyn Store>) {
    let job = job();
    apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
    let (ada, bob) = (user("ada@example.com"), user("bob@example.com"));
    let outcome = apply!(store, [ada, bob, job], |tx| {
        tx.users().insert(&ada).await?;
        let _ = tx.jobs().add(&job).await;
        let _ = tx.users().insert(&bob).await;
        Ok(())
    });
    let mut read = store.read();
    for user in [&ada, &bob] {
        let found = read.users().by_id(user.id).await.unwrap();
        assert_eq!(found.is_some(), outcome.is_ok(), "{outcome:?}");
    }
}

/// At whatever moment: the work is done wholly or not at all, and holds nobody up.
pub async fn a_caller_who_goes_away_leaves_all_or_nothing(store: Arc<dyn Store>) {
    let mut left = Vec::new();
    for reads in 0..12 {
        let ada = user(&format!("ada{reads}@example.com"));
        let session = session(ada.id);
        let between = Arc::new(Notify::new());
        let caller = tokio::spawn({
            let (store, ada, session) = (Arc::clone(&store), ada.clone(), session.clone());
            let between = Arc::clone(&between);
            async move {
                apply!(store, [ada, session, between], |tx| {
                    tx.users().insert(&ada).await?;
                    between.notify_one();
                    for _ in 0..reads * 3 {
                        tx.users().by_id(ada.id).await?;
                    }
                    tx.sessions().insert(&session).await
                })
            }
        });
        between.notified().await;
        caller.abort();
        // Whether it was too late for that does not matter.
        let _ = caller.await;
        left.push((ada, session));
    }
    // Where one writes after another, what was begun is over when this is.
    insert_user(&store, &user("bob@example.com")).await.unwrap();
    for (ada, session) in left {
        // Nothing of it is locked any more.
        let again = insert_user(&store, &ada).await;
        let was_there = matches!(again, Err(StoreError::Taken(_)));
        assert!(again.is_ok() || was_there, "{again:?}");
        let found = store.read().sessions().by_id(session.id).await.unwrap();
        assert_eq!(found.is_some(), was_there);
    }
}
