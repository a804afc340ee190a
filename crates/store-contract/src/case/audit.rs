//! The audit trail, as far as a store keeps it.

use std::sync::Arc;

use ntt_auth_core::model::{
    AuditHead, AuditRecord, Checkpoint, EventId, EventKind, Mark, SecurityEvent, SessionId,
    SubjectKey, UserId,
};
use ntt_auth_core::store::{AuditFilter, AuditQuery, Store, StoreError};

use crate::race::{RACERS, race};
use crate::sample::{at, uuid};
use crate::work::apply;

pub(crate) fn mark(number: u8) -> Mark {
    Mark::from_bytes([number; 16])
}

/// An event of which everything is there.
pub(crate) fn record(sequence: i64, millis: i64) -> AuditRecord {
    AuditRecord {
        sequence,
        id: EventId::from_uuid(uuid()),
        kind: EventKind::SignedIn.as_str().to_owned(),
        at: at(millis),
        actor: Some(UserId::from_uuid(uuid())),
        subject: Some(UserId::from_uuid(uuid())),
        session: Some(SessionId::from_uuid(uuid())),
        address_mark: Some(mark(1)),
        actor_mark: Some(mark(2)),
        subject_mark: Some(mark(3)),
        session_mark: Some(mark(4)),
        detail: Some("password 🔑 ' \" \\ ?".to_owned()),
        sealed: Some(vec![0, 255, 7]),
        hash: [5; 32],
        mac: [6; 16],
    }
}

/// An event of which nothing optional is there.
pub(crate) fn bare(sequence: i64, millis: i64) -> AuditRecord {
    AuditRecord {
        actor: None,
        subject: None,
        session: None,
        address_mark: None,
        actor_mark: None,
        subject_mark: None,
        session_mark: None,
        detail: None,
        sealed: None,
        ..record(sequence, millis)
    }
}

async fn insert(store: &Arc<dyn Store>, record: &AuditRecord) -> Result<(), StoreError> {
    apply!(store, [record], |tx| tx.audit().insert(&record).await)
}

/// Takes the next place in the chain.
async fn append(store: &Arc<dyn Store>) -> i64 {
    apply!(store, [], |tx| {
        let mut head = tx.audit().lock_head().await?;
        head.latest += 1;
        tx.audit().insert(&bare(head.latest, 0)).await?;
        tx.audit().set_head(&head).await?;
        Ok(head.latest)
    })
    .unwrap()
}

async fn sequences(store: &Arc<dyn Store>, query: &AuditQuery) -> Vec<i64> {
    let page = store.read().audit().page(query).await.unwrap();
    page.iter().map(|record| record.sequence).collect()
}

fn of(filter: AuditFilter) -> AuditQuery {
    AuditQuery {
        filter,
        place: None,
        limit: 100,
    }
}

/// Nothing happened in it, and what is older may be taken over.
pub async fn a_new_trail_is_empty(store: Arc<dyn Store>) {
    let mut read = store.read();
    let head = AuditHead {
        adopting: true,
        ..AuditHead::default()
    };
    assert_eq!(read.audit().head().await.unwrap(), head);
    assert_eq!(read.audit().after(0, 10).await.unwrap(), []);
    assert_eq!(read.audit().unchained(10).await.unwrap(), []);
    assert_eq!(read.audit().checkpoints(0, 10).await.unwrap(), []);
}

/// In the order of the chain, after any place and bounded.
pub async fn events_come_back_as_they_were(store: Arc<dyn Store>) {
    let all = [record(1, 5), bare(2, 9), record(3, 1)];
    for one in &all {
        insert(&store, one).await.unwrap();
    }
    let mut read = store.read();
    assert_eq!(read.audit().after(0, 2).await.unwrap(), all[..2]);
    assert_eq!(read.audit().after(2, 2).await.unwrap(), all[2..]);
    assert_eq!(read.audit().after(3, 2).await.unwrap(), []);
}

/// Two events of one sequence are never there.
pub async fn a_place_is_taken_once(store: Arc<dyn Store>) {
    insert(&store, &bare(1, 0)).await.unwrap();
    let again = insert(&store, &bare(1, 0)).await;
    assert!(again.is_err(), "{again:?}");
}

/// Each its own, without gaps.
pub async fn of_sixteen_that_append_each_takes_a_place(store: Arc<dyn Store>) {
    let mut given = race(|_| {
        let store = Arc::clone(&store);
        async move { append(&store).await }
    })
    .await;
    given.sort_unstable();
    assert_eq!(given, (1..=i64::from(RACERS)).collect::<Vec<_>>());
    let all = store.read().audit().after(0, 100).await.unwrap();
    assert_eq!(all.len(), usize::from(RACERS));
}

/// The next one takes its place.
pub async fn an_append_that_is_rolled_back_leaves_no_gap(store: Arc<dyn Store>) {
    append(&store).await;
    let undone: Result<(), _> = apply!(store, [], |tx| {
        let mut head = tx.audit().lock_head().await?;
        head.latest += 1;
        tx.audit().insert(&bare(head.latest, 0)).await?;
        tx.audit().set_head(&head).await?;
        Err(StoreError::unavailable("on purpose"))
    });
    assert!(undone.is_err());
    assert_eq!(append(&store).await, 2);
}

/// With all its parts.
pub async fn the_head_comes_back_as_it_was(store: Arc<dyn Store>) {
    let head = AuditHead {
        latest: 9,
        hash: [1; 32],
        cut: 3,
        cut_hash: [2; 32],
        checkpoint: 7,
        adopting: false,
        mac: Some([3; 32]),
    };
    apply!(store, [head], |tx| tx.audit().set_head(&head).await).unwrap();
    assert_eq!(store.read().audit().head().await.unwrap(), head);
    let locked = apply!(store, [], |tx| tx.audit().lock_head().await).unwrap();
    assert_eq!(locked, head);
}

/// By time, and of one time by place in the chain.
pub async fn pages_show_each_event_once_newest_first(store: Arc<dyn Store>) {
    for (sequence, millis) in [(1, 5), (2, 5), (3, 9), (4, 1), (5, 5)] {
        insert(&store, &record(sequence, millis)).await.unwrap();
    }
    let expected = [3, 5, 2, 1, 4];
    assert_eq!(
        sequences(&store, &of(AuditFilter::default())).await,
        expected
    );
    for limit in 1..6 {
        let mut seen = Vec::new();
        let mut place = None;
        loop {
            let query = AuditQuery {
                filter: AuditFilter::default(),
                place,
                limit,
            };
            let page = store.read().audit().page(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            place = Some((last.at, last.sequence));
            seen.extend(page.iter().map(|record| record.sequence));
        }
        assert_eq!(seen, expected, "{limit}");
    }
}

/// Alone and together.
pub async fn each_filter_of_events_holds(store: Arc<dyn Store>) {
    let one = record(1, 10);
    let two = AuditRecord {
        kind: EventKind::SignInFailed.as_str().to_owned(),
        actor: None,
        subject: one.subject,
        address_mark: Some(mark(9)),
        ..record(2, 20)
    };
    let three = AuditRecord {
        kind: EventKind::RoleChanged.as_str().to_owned(),
        actor: one.actor,
        session: one.session,
        ..record(3, 30)
    };
    for record in [&one, &two, &three, &bare(4, 40)] {
        insert(&store, record).await.unwrap();
    }
    let cases = [
        (
            AuditFilter {
                kinds: vec![EventKind::SignedIn],
                ..AuditFilter::default()
            },
            vec![4, 1],
        ),
        (
            AuditFilter {
                kinds: vec![EventKind::RoleChanged, EventKind::SignInFailed],
                ..AuditFilter::default()
            },
            vec![3, 2],
        ),
        (
            AuditFilter {
                actor: one.actor,
                ..AuditFilter::default()
            },
            vec![3, 1],
        ),
        (
            AuditFilter {
                subject: one.subject,
                ..AuditFilter::default()
            },
            vec![2, 1],
        ),
        (
            AuditFilter {
                session: one.session,
                ..AuditFilter::default()
            },
            vec![3, 1],
        ),
        (
            AuditFilter {
                address: Some(mark(9)),
                ..AuditFilter::default()
            },
            vec![2],
        ),
        (
            AuditFilter {
                after: Some(at(20)),
                before: Some(at(40)),
                ..AuditFilter::default()
            },
            vec![3, 2],
        ),
        (
            AuditFilter {
                kinds: vec![EventKind::SignedIn],
                actor: one.actor,
                subject: one.subject,
                session: one.session,
                address: one.address_mark,
                after: Some(at(10)),
                before: Some(at(11)),
            },
            vec![1],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            sequences(&store, &of(filter.clone())).await,
            expected,
            "{filter:?}"
        );
    }
}

/// As it was, and one in the place of another.
pub async fn the_key_of_a_person_can_be_replaced(store: Arc<dyn Store>) {
    let key = SubjectKey {
        mark: mark(1),
        sealed: Some(vec![1, 2, 3]),
        created_at: at(1),
        erased_at: None,
        proof: None,
    };
    let erased = SubjectKey {
        sealed: None,
        erased_at: Some(at(2)),
        proof: Some([7; 32]),
        ..key.clone()
    };
    assert_eq!(store.read().audit().key(mark(1)).await.unwrap(), None);
    for stored in [key, erased] {
        apply!(store, [stored], |tx| tx.audit().put_key(&stored).await).unwrap();
        let found = store.read().audit().key(mark(1)).await.unwrap();
        assert_eq!(found, Some(stored));
    }
    assert_eq!(store.read().audit().key(mark(2)).await.unwrap(), None);
}

/// Their id, their sessions and their address, wherever they stand; nothing else and nobody else.
pub async fn whoever_is_erased_is_blank(store: Arc<dyn Store>) {
    let did = record(1, 0);
    let ada = did.actor.unwrap();
    let suffered = AuditRecord {
        subject: Some(ada),
        ..record(2, 0)
    };
    let alone = AuditRecord {
        actor: None,
        actor_mark: None,
        subject: Some(ada),
        ..record(3, 0)
    };
    let other = record(4, 0);
    for record in [&did, &suffered, &alone, &other] {
        insert(&store, record).await.unwrap();
    }
    let blanked = apply!(store, [ada], |tx| tx.audit().blank(ada).await).unwrap();
    assert_eq!(blanked, 3);
    let expected = [
        AuditRecord {
            actor: None,
            session: None,
            address_mark: None,
            ..did
        },
        AuditRecord {
            subject: None,
            session: None,
            ..suffered
        },
        AuditRecord {
            subject: None,
            session: None,
            address_mark: None,
            ..alone
        },
        other,
    ];
    assert_eq!(store.read().audit().after(0, 9).await.unwrap(), expected);
    let again = apply!(store, [ada], |tx| tx.audit().blank(ada).await).unwrap();
    assert_eq!(again, 0);
}

/// In order, after any place; those before a place can be forgotten.
pub async fn checkpoints_come_back_as_they_were(store: Arc<dyn Store>) {
    let all = [3, 7, 12].map(|sequence| Checkpoint {
        sequence,
        previous: sequence - 1,
        at: at(sequence),
        hash: [8; 32],
        key: "0123456789abcdef".to_owned(),
        signature: [9; 64],
    });
    for checkpoint in &all {
        apply!(store, [checkpoint], |tx| tx
            .audit()
            .insert_checkpoint(&checkpoint)
            .await)
        .unwrap();
    }
    let found = store.read().audit().checkpoints(3, 1).await.unwrap();
    assert_eq!(found, all[1..2]);
    let count = apply!(store, [], |tx| tx.audit().trim_checkpoints(7).await);
    assert_eq!(count.unwrap(), 1);
    let found = store.read().audit().checkpoints(0, 9).await.unwrap();
    assert_eq!(found, all[1..]);
}

/// Up to a place, and no further.
pub async fn old_events_are_forgotten(store: Arc<dyn Store>) {
    for sequence in 1..=4 {
        insert(&store, &record(sequence, 0)).await.unwrap();
    }
    let count = apply!(store, [], |tx| tx.audit().trim(2).await).unwrap();
    assert_eq!(count, 2);
    assert_eq!(sequences(&store, &of(AuditFilter::default())).await, [4, 3]);
}

/// An event that would not be in the trail rolls back what it tells of.
pub async fn events_that_nobody_chains_are_refused(store: Arc<dyn Store>) {
    let event = SecurityEvent {
        id: EventId::from_uuid(uuid()),
        kind: EventKind::SignedIn,
        at: at(0),
        actor: None,
        subject: None,
        session: None,
        ip_address: None,
        user_agent: None,
        request_id: None,
        detail: None,
    };
    let refused = apply!(store, [event], |tx| {
        tx.audit().insert(&bare(1, 0)).await?;
        tx.events().append(&event).await
    });
    assert!(matches!(refused, Err(StoreError::Driver(_))), "{refused:?}");
    let ada = UserId::from_uuid(uuid());
    let refused = apply!(store, [ada], |tx| tx.subject_keys().erase(ada).await);
    assert!(matches!(refused, Err(StoreError::Driver(_))), "{refused:?}");
    let taken = apply!(store, [event, ada], |tx| {
        tx.events().append(&event).await?;
        tx.subject_keys().erase(ada).await?;
        let notes = tx.take_notes();
        assert!(tx.take_notes().is_empty());
        Ok((notes.events, notes.erased))
    });
    assert_eq!(taken.unwrap(), (vec![event], vec![ada]));
    assert_eq!(store.read().audit().after(0, 9).await.unwrap(), []);
}
