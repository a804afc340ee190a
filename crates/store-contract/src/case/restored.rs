//! What a restored store must not go on with.

use std::sync::Arc;

use ntt_auth_core::model::{EndReason, Job, JobState, KeyState};
use ntt_auth_core::store::{Invalidated, JobQuery, Store};

use crate::case::keys::key;
use crate::sample::{at, code, job, session, user};
use crate::work::{apply, insert_session, insert_user};

/// Sessions end, keys and what waits are forgotten; users, and what is over, stay.
pub async fn what_a_backup_believes_to_be_good_is_made_invalid(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    let (open, mut ended) = (session(ada.id), session(ada.id));
    ended.ended = Some(ntt_auth_core::model::Ended {
        at: at(1),
        reason: EndReason::SignedOut,
    });
    insert_session(&store, &open).await;
    insert_session(&store, &ended).await;
    let waiting = job();
    let [leased, done, dead] =
        [JobState::Leased, JobState::Done, JobState::Dead].map(|state| Job { state, ..job() });
    let (code, signing) = (code(ada.id), key("k", "ES256", KeyState::Current, 1));
    apply!(store, [waiting, leased, done, dead, code, signing], |tx| {
        for job in [&waiting, &leased, &done, &dead] {
            tx.jobs().add(job).await?;
        }
        tx.codes().put(&code).await?;
        tx.keys().insert(&signing).await
    })
    .unwrap();
    let found = apply!(store, [], |tx| tx.restores().invalidate(at(7)).await).unwrap();
    assert_eq!(
        found,
        Invalidated {
            sessions: 1,
            keys: 1,
            jobs: 2
        }
    );
    let mut read = store.read();
    let now = read.sessions().by_id(open.id).await.unwrap().unwrap();
    let over = now.ended.unwrap();
    assert_eq!((over.at, over.reason), (at(7), EndReason::Restored));
    assert_eq!(read.sessions().by_id(ended.id).await.unwrap(), Some(ended));
    assert!(read.users().by_id(ada.id).await.unwrap().is_some());
    assert_eq!(read.keys().all().await.unwrap().len(), 0);
    let found = read.codes().by_hash(code.kind, &code.hash).await.unwrap();
    assert_eq!(found, None);
    let query = JobQuery {
        state: None,
        after: None,
        limit: 9,
    };
    assert_eq!(read.jobs().page(&query).await.unwrap(), [dead, done]);
}
