//! Consents.

use std::sync::Arc;

use ntt_auth_core::model::{Consent, ConsentId, DocumentVersion, Said, UserId};
use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::{at, uuid};
use crate::work::apply;

fn consent(user: UserId, document: &str, millis: i64) -> Consent {
    Consent {
        id: ConsentId::from_uuid(uuid()),
        user_id: user,
        document: DocumentVersion::parse(document).unwrap(),
        given: said(millis),
        withdrawn: None,
    }
}

fn said(millis: i64) -> Said {
    Said {
        at: at(millis),
        from: (millis % 2 == 0).then(|| "2001:db8::7".parse().unwrap()),
    }
}

async fn give(store: &Arc<dyn Store>, consent: &Consent) -> bool {
    apply!(store, [consent], |tx| tx.consents().give(&consent).await).unwrap()
}

async fn withdraw(store: &Arc<dyn Store>, user: UserId, document: &'static str, at: i64) -> u64 {
    let said = said(at);
    apply!(store, [user, document, said], |tx| tx
        .consents()
        .withdraw(user, document, said)
        .await)
    .unwrap()
}

/// Each version of each document for itself, in the order they were given.
pub async fn consents_come_back_as_they_were_given(store: Arc<dyn Store>) {
    let (ada, bob) = (UserId::from_uuid(uuid()), UserId::from_uuid(uuid()));
    let given = [
        consent(ada, "terms:1", 1),
        consent(ada, "privacy:1", 2),
        consent(ada, "terms:2", 3),
    ];
    for one in given.iter().rev() {
        assert!(give(&store, one).await);
    }
    assert!(give(&store, &consent(bob, "terms:1", 4)).await);
    assert_eq!(store.read().consents().of_user(ada).await.unwrap(), given);
}

/// Every version of it that stands; what was withdrawn stays told, and can be given again.
pub async fn a_withdrawal_is_of_the_whole_document(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    let given = [
        consent(ada, "terms:1", 1),
        consent(ada, "terms:2", 2),
        consent(ada, "news:1", 3),
    ];
    for one in &given {
        assert!(give(&store, one).await);
    }
    assert_eq!(withdraw(&store, ada, "terms", 4).await, 2);
    assert_eq!(withdraw(&store, ada, "terms", 5).await, 0);
    let again = consent(ada, "terms:2", 6);
    assert!(give(&store, &again).await);
    assert_eq!(withdraw(&store, ada, "terms", 7).await, 1);
    let withdrawn = |consent: &Consent, millis| Consent {
        withdrawn: Some(said(millis)),
        ..consent.clone()
    };
    assert_eq!(
        store.read().consents().of_user(ada).await.unwrap(),
        [
            withdrawn(&given[0], 4),
            withdrawn(&given[1], 4),
            given[2].clone(),
            withdrawn(&again, 7)
        ]
    );
}

/// However often it is said at once, one consent to a version stands.
pub async fn of_sixteen_consents_one_stands(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    let took = race(|number| {
        let store = Arc::clone(&store);
        async move { give(&store, &consent(ada, "terms:1", number.into())).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
    assert_eq!(store.read().consents().of_user(ada).await.unwrap().len(), 1);
}
