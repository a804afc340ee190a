//! Security events.

use std::sync::Arc;

use ntt_auth_core::model::{EventId, EventKind, SecurityEvent, SessionId, UserId};
use ntt_auth_core::store::Store;

use crate::sample::{at, uuid};
use crate::work::apply;

/// The newest come first, bounded, and only those that concern the user.
pub async fn events_come_newest_first_and_of_one_user(store: Arc<dyn Store>) {
    let (ada, bob) = (UserId::from_uuid(uuid()), UserId::from_uuid(uuid()));
    let events: Vec<_> = [(1, ada), (2, bob), (3, ada), (4, ada)]
        .into_iter()
        .map(|(millis, subject)| SecurityEvent {
            id: EventId::from_uuid(uuid()),
            kind: EventKind::SignedIn,
            at: at(millis),
            actor: Some(bob),
            subject: Some(subject),
            session: Some(SessionId::from_uuid(uuid())),
            ip_address: Some("192.0.2.7".parse().unwrap()),
            detail: Some("password 🔑".to_owned()),
        })
        .collect();
    for event in &events {
        apply!(store, [event], |tx| tx.events().append(&event).await).unwrap();
    }
    let found = store.read().events().of_subject(ada, 2).await.unwrap();
    assert_eq!(found, [events[3].clone(), events[2].clone()]);
    assert_eq!(
        store
            .read()
            .events()
            .of_subject(ada, 100)
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        store
            .read()
            .events()
            .of_subject(UserId::from_uuid(uuid()), 100)
            .await
            .unwrap(),
        []
    );
}

/// No kind is lost or mistaken, and what an event leaves open stays open.
pub async fn every_kind_of_event_comes_back(store: Arc<dyn Store>) {
    let subject = UserId::from_uuid(uuid());
    for kind in EventKind::ALL.iter().copied() {
        let event = SecurityEvent {
            id: EventId::from_uuid(uuid()),
            kind,
            at: at(0),
            actor: None,
            subject: Some(subject),
            session: None,
            ip_address: None,
            detail: None,
        };
        apply!(store, [event], |tx| tx.events().append(&event).await).unwrap();
        assert_eq!(
            store.read().events().of_subject(subject, 1).await.unwrap(),
            [event]
        );
    }
}
