//! Erasures.

use std::sync::Arc;

use ntt_auth_core::model::{
    Consent, ConsentId, DocumentVersion, ErasedId, Erasure, Job, Revoked, Said, UserId,
};
use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::{at, code, full_user, job, session, user, uuid};
use crate::work::{apply, insert_session, insert_user};

pub(crate) fn erasure(number: u8, millis: i64) -> Erasure {
    Erasure {
        subject: ErasedId::from_bytes([number; 32]),
        at: at(millis),
    }
}

async fn note(store: &Arc<dyn Store>, erasure: Erasure) -> bool {
    apply!(store, [erasure], |tx| tx.erasures().insert(&erasure).await).unwrap()
}

/// In the order of their subjects, page by page.
pub async fn erasures_come_back_page_by_page(store: Arc<dyn Store>) {
    let all: Vec<_> = [9, 0, 255, 3].map(|number| erasure(number, 7)).into();
    for erasure in &all {
        assert!(note(&store, *erasure).await);
    }
    let mut read = store.read();
    let first = read.erasures().page(None, 3).await.unwrap();
    assert_eq!(first, [all[1], all[3], all[0]]);
    let rest = read.erasures().page(Some(first[2].subject), 3).await;
    assert_eq!(rest.unwrap(), [all[2]]);
}

/// However many note it.
pub async fn of_sixteen_that_note_an_erasure_one_takes(store: Arc<dyn Store>) {
    let took = race(|_| {
        let store = Arc::clone(&store);
        async move { note(&store, erasure(1, 5)).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
    assert_eq!(
        store.read().erasures().page(None, 9).await.unwrap().len(),
        1
    );
}

/// The oldest first, in bounded steps.
pub async fn old_erasures_are_forgotten_in_bounded_steps(store: Arc<dyn Store>) {
    for number in 0..4 {
        note(&store, erasure(number, i64::from(number))).await;
    }
    let purge = async |limit: u32| {
        let before = at(3);
        apply!(store, [before, limit], |tx| tx
            .erasures()
            .purge(before, limit)
            .await)
        .unwrap()
    };
    assert_eq!(purge(2).await, 2);
    assert_eq!(purge(2).await, 1);
    assert_eq!(purge(2).await, 0);
    let left = store.read().erasures().page(None, 9).await.unwrap();
    assert_eq!(left, [erasure(3, 3)]);
}

/// Every one, deleted ones too, each once.
pub async fn users_are_walked_in_order_of_their_ids(store: Arc<dyn Store>) {
    let mut ids = Vec::new();
    for number in 0..5 {
        let mut walked = user(&format!("user{number}@example.com"));
        walked.standing.deleted_at = (number % 2 == 0).then_some(at(1));
        insert_user(&store, &walked).await.unwrap();
        ids.push(walked.id);
    }
    ids.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.read().erasures().users_after(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        found.extend(page);
    }
    assert_eq!(found, ids);
}

pub(crate) fn consent(user: UserId) -> Consent {
    Consent {
        id: ConsentId::from_uuid(uuid()),
        user_id: user,
        document: DocumentVersion::parse("terms:1").unwrap(),
        given: Said {
            at: at(1),
            from: Some("192.0.2.7".parse().unwrap()),
        },
        withdrawn: None,
    }
}

/// Nothing about the person is left in any noun, and nothing of anybody else is gone.
pub async fn who_is_forgotten_is_forgotten_everywhere_and_nobody_else_is(store: Arc<dyn Store>) {
    let (ada, bob) = (full_user(), user("bob@example.com"));
    let (hers, his) = (session(ada.id), session(bob.id));
    for one in [&ada, &bob] {
        insert_user(&store, one).await.unwrap();
    }
    for one in [&hers, &his] {
        insert_session(&store, one).await;
    }
    let (her_consent, his_consent) = (consent(ada.id), consent(bob.id));
    let (her_code, his_code) = (code(ada.id), code(bob.id));
    let [her_job, his_job] = [ada.id, bob.id].map(|user| Job {
        subject: Some(user),
        ..job()
    });
    apply!(store, [her_code, his_code, her_job, his_job], |tx| {
        for code in [&her_code, &his_code] {
            tx.codes().put(code).await?;
        }
        for job in [&her_job, &his_job] {
            tx.jobs().add(job).await?;
        }
        Ok(())
    })
    .unwrap();
    apply!(store, [ada, bob, her_consent, his_consent], |tx| {
        for said in [&her_consent, &his_consent] {
            assert!(tx.consents().give(said).await?);
        }
        for user in [ada.id, bob.id] {
            let below = Revoked::UserBelow { user, version: 1 };
            tx.revocations().append(below, at(0), at(9)).await?;
        }
        Ok(())
    })
    .unwrap();

    let forgotten = apply!(store, [ada], |tx| tx.erasures().forget(ada.id).await).unwrap();
    assert!(forgotten >= 6, "{forgotten}");

    let mut read = store.read();
    assert_eq!(read.users().by_id(ada.id).await.unwrap(), None);
    let folded = ada.email.folded();
    assert_eq!(read.users().by_email(&folded).await.unwrap(), None);
    assert_eq!(read.sessions().by_id(hers.id).await.unwrap(), None);
    assert_eq!(read.consents().of_user(ada.id).await.unwrap(), []);
    assert_eq!(read.users().by_id(bob.id).await.unwrap(), Some(bob.clone()));
    for (code, kept) in [(&her_code, false), (&his_code, true)] {
        let found = read.codes().by_hash(code.kind, &code.hash).await.unwrap();
        assert_eq!(found.is_some(), kept);
    }
    for (job, kept) in [(&her_job, false), (&his_job, true)] {
        assert_eq!(read.jobs().by_id(job.id).await.unwrap().is_some(), kept);
    }
    assert_eq!(read.sessions().by_id(his.id).await.unwrap(), Some(his));
    assert_eq!(
        read.consents().of_user(bob.id).await.unwrap(),
        [his_consent]
    );
    let revoked: Vec<_> = read
        .revocations()
        .after(0, 9)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.revoked)
        .collect();
    let his = Revoked::UserBelow {
        user: bob.id,
        version: 1,
    };
    assert_eq!(revoked, [his]);

    // Once more does nothing, and the address is free again.
    let again = apply!(store, [ada], |tx| tx.erasures().forget(ada.id).await).unwrap();
    assert_eq!(again, 0);
    insert_user(&store, &ada).await.unwrap();
}
