//! Texts: compared by code point, kept as they are.

use std::sync::Arc;

use ntt_auth_core::model::{
    Consent, DocumentVersion, Email, Job, KeyId, KeyState, Lease, PersonName, Search, Suspension,
    User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{Store, UserFilter, UserQuery};

use crate::case::erasures::consent;
use crate::case::keys::key;
use crate::sample::{at, job, session, user, uuid};
use crate::work::{apply, insert_session, insert_user};

/// What some collation, somewhere, takes for the same.
const TWINS: [(&str, &str); 8] = [
    ("stra\u{df}e", "strasse"),
    ("\u{131}lgaz", "ilgaz"),
    ("am\u{e9}lie", "amelie"),
    ("\u{f8}rsted", "orsted"),
    ("\u{142}ucja", "lucja"),
    ("\u{306f}\u{306f}\u{306f}", "\u{3070}\u{3070}\u{3070}"),
    ("\u{306f}\u{306f}\u{306f}", "\u{30cf}\u{30cf}\u{30cf}"),
    // Two of four octets, which old collations take for one unknown character.
    ("\u{20bb7}\u{20bb7}\u{20bb7}", "\u{20bb8}\u{20bb8}\u{20bb8}"),
];

/// As an address and as a user name, each is somebody else.
pub async fn letters_that_collations_confuse_are_different(store: Arc<dyn Store>) {
    for (number, (one, other)) in TWINS.into_iter().enumerate() {
        let person = |name: &str| User {
            username: Some(Username::from_stored(format!("{name}-{number}"))),
            email: Email::from_stored(format!("{name}-{number}@example.com")),
            ..user("placeholder@example.com")
        };
        let (one, other) = (person(one), person(other));
        insert_user(&store, &one).await.unwrap();
        let mut read = store.read();
        let (email, name) = (
            other.email.folded(),
            other.username.clone().unwrap().folded(),
        );
        assert_eq!(read.users().by_email(&email).await.unwrap(), None);
        assert_eq!(read.users().by_username(&name).await.unwrap(), None);
        insert_user(&store, &other).await.unwrap();
        let found = read.users().by_email(&email).await.unwrap();
        assert_eq!(found, Some(other.clone()));
        assert_eq!(read.users().by_username(&name).await.unwrap(), Some(other));
    }
}

/// However a keyboard makes it: the forms are folded before a store sees them.
pub async fn a_composed_letter_and_a_decomposed_one_are_the_same(store: Arc<dyn Store>) {
    let composed = User {
        username: Some(Username::parse("Am\u{e9}lie").unwrap()),
        ..user("am\u{e9}lie@example.com")
    };
    insert_user(&store, &composed).await.unwrap();
    let mut read = store.read();
    let email = Email::parse("ame\u{301}lie@example.com").unwrap().folded();
    let name = Username::parse("ame\u{301}lie").unwrap().folded();
    let found = read.users().by_email(&email).await.unwrap();
    assert_eq!(found.as_ref(), Some(&composed));
    assert_eq!(read.users().by_username(&name).await.unwrap(), found);
}

/// Words, too, are told apart, also where characters of four octets begin them.
pub async fn words_are_found_letter_by_letter(store: Arc<dyn Store>) {
    for (number, (one, other)) in TWINS.into_iter().enumerate() {
        // Those that differ in accents alone are found by either.
        if number == 2 {
            continue;
        }
        let (one, other) = (&*format!("{one}{number}"), &*format!("{other}{number}"));
        let mut ids = Vec::new();
        for name in [one, other] {
            let mut person = user(&format!("p{number}.{}@example.com", ids.len()));
            person.profile.last_name = Some(PersonName::parse(name).unwrap());
            insert_user(&store, &person).await.unwrap();
            ids.push(person.id);
        }
        for (name, id) in [one, other].into_iter().zip(ids) {
            let query = UserQuery {
                filter: UserFilter {
                    search: Search::parse(name),
                    ..UserFilter::default()
                },
                ..UserQuery::everybody(9, at(0))
            };
            let found = store.read().users().page(&query).await.unwrap();
            let found: Vec<_> = found.iter().map(|user| user.id).collect();
            assert!(found.contains(&id), "{name}: {found:?}");
            // A few of them are folded to one word before a store sees them.
            let alike = Search::parse(one) == Search::parse(other);
            assert_eq!(found.len(), if alike { 2 } else { 1 }, "{name}");
        }
    }
}

/// Of keys, of jobs, of who holds a lease, of documents and of hashes.
pub async fn names_are_compared_with_their_case_and_accents(store: Arc<dyn Store>) {
    let names = [
        "node",
        "Node",
        "n\u{f8}de",
        "no\u{301}de",
        "n\u{f3}de",
        "node\u{1f600}",
        "node\u{1f601}",
    ];
    let ada = User {
        password: Some(PasswordHash::new("node".to_owned())),
        ..user("ada@example.com")
    };
    insert_user(&store, &ada).await.unwrap();
    for name in names {
        let one = key(name, "ES256", KeyState::Next, 1);
        apply!(store, [one], |tx| tx.keys().insert(&one).await).unwrap();
        let one = Job {
            topic: name.to_owned(),
            subject: Some(ada.id),
            ..job()
        };
        let id = one.id;
        apply!(store, [one], |tx| tx.jobs().add(&one).await).unwrap();
        let lease = |by: &str| Lease {
            by: by.to_owned(),
            until: at(9),
        };
        let held = lease(name);
        assert!(apply!(store, [held], |tx| tx.jobs().lease(id, at(1), &held).await).unwrap());
        for other in names.into_iter().filter(|other| *other != name) {
            let lost = lease(other);
            let took = apply!(store, [lost], |tx| tx.jobs().finish(id, &lost, at(2)).await);
            assert!(!took.unwrap(), "{name} {other}");
        }
        assert!(apply!(store, [held], |tx| tx.jobs().finish(id, &held, at(2)).await).unwrap());
    }
    let mut read = store.read();
    for name in names {
        let asked = read.jobs().asked_since(ada.id, name, at(0)).await;
        assert_eq!(asked.unwrap(), 1, "{name}");
    }
    for name in names.into_iter().skip(1) {
        let (old, new) = (
            PasswordHash::new(name.to_owned()),
            PasswordHash::new("other".to_owned()),
        );
        let id = ada.id;
        let users = apply!(store, [old, new], |tx| tx
            .users()
            .upgrade_password(id, &old, &new)
            .await);
        assert!(!users.unwrap(), "{name}");
    }
    let removed = KeyId::new("node".to_owned());
    assert!(apply!(store, [removed], |tx| tx.keys().remove(&removed).await).unwrap());
    assert_eq!(
        store.read().keys().all().await.unwrap().len(),
        names.len() - 1
    );
    for document in ["terms:a", "Terms:a", "terms:A"] {
        let given = Consent {
            document: DocumentVersion::parse(document).unwrap(),
            ..consent(ada.id)
        };
        assert!(apply!(store, [given], |tx| tx.consents().give(&given).await).unwrap());
    }
    let (id, said) = (ada.id, consent(ada.id).given);
    let withdrawn = apply!(store, [said], |tx| tx
        .consents()
        .withdraw(id, "terms", said)
        .await);
    assert_eq!(withdrawn.unwrap(), 2);
}

/// With spaces at both ends, in characters of all lengths, in the direction they were written.
pub async fn texts_are_kept_as_they_are(store: Arc<dyn Store>) {
    for text in [
        " a ",
        "a ",
        "",
        " ",
        "\t\r\n a \n",
        "e\u{301} \u{e9}",
        "\u{1f469}\u{200d}\u{1f680}\u{fe0f}",
        "\u{202e}evil\u{202c} \u{0627}\u{0644}",
        "\u{feff}bom",
        "\u{fffd}\u{10ffff}\u{e000}",
        "\\ \\0 \\' '' \"\" `` ;-- /* */ $1 ? :a @b %s {}",
    ] {
        let mut ada = user(&format!("ada{}@example.com", uuid().simple()));
        ada.standing.suspension = Some(Suspension {
            at: at(1),
            until: None,
            reason: Some(text.to_owned()),
        });
        insert_user(&store, &ada).await.unwrap();
        let mut session = session(ada.id);
        session.client.user_agent = Some(text.to_owned());
        session.client.device_name = Some(text.to_owned());
        insert_session(&store, &session).await;
        let job = Job {
            last_error: Some(text.to_owned()),
            ..job()
        };
        apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
        let mut read = store.read();
        let id: UserId = ada.id;
        assert_eq!(read.users().by_id(id).await.unwrap(), Some(ada));
        let found = read.sessions().by_id(session.id).await.unwrap();
        assert_eq!(found, Some(session));
        assert_eq!(read.jobs().by_id(job.id).await.unwrap(), Some(job));
    }
}
