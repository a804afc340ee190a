//! What a restored store must not go on with.

use std::sync::Arc;

use ntt_auth_core::model::{EndReason, JobState};
use ntt_auth_core::store::{Invalidated, JobQuery, Store};

use crate::sample::{at, job, session, user};
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
    apply!(store, [waiting], |tx| tx.jobs().add(&waiting).await).unwrap();
    let found = apply!(store, [], |tx| tx.restores().invalidate(at(7)).await).unwrap();
    assert_eq!(
        found,
        Invalidated {
            sessions: 1,
            keys: 0,
            jobs: 1
        }
    );
    let mut read = store.read();
    let now = read.sessions().by_id(open.id).await.unwrap().unwrap();
    let over = now.ended.unwrap();
    assert_eq!((over.at, over.reason), (at(7), EndReason::Restored));
    assert_eq!(read.sessions().by_id(ended.id).await.unwrap(), Some(ended));
    assert!(read.users().by_id(ada.id).await.unwrap().is_some());
    let query = JobQuery {
        state: Some(JobState::Waiting),
        after: None,
        limit: 9,
    };
    assert_eq!(read.jobs().page(&query).await.unwrap(), []);
}
