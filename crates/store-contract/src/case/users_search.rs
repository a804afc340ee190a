//! Users found by words.

use std::sync::Arc;

use ntt_auth_core::model::{
    Email, PersonName, Profile, Search, SearchScope, User, UserId, Username,
};
use ntt_auth_core::store::{Store, UserFilter, UserPlace, UserQuery, UserSort};

use crate::race::{race, winners};
use crate::sample::{at, user};
use crate::work::{apply, insert_user};

fn person(email: &str, username: Option<&str>, first: &str, last: &str) -> User {
    let name = |text: &str| (!text.is_empty()).then(|| PersonName::parse(text).unwrap());
    User {
        username: username.map(|name| Username::parse(name).unwrap()),
        profile: Profile {
            first_name: name(first),
            last_name: name(last),
            ..Profile::default()
        },
        ..user(&format!("{email}@example.com"))
    }
}

async fn found_within(store: &Arc<dyn Store>, text: &str, scope: SearchScope) -> Vec<String> {
    let search = Search::parse(text).map(|search| Search { scope, ..search });
    let query = UserQuery {
        filter: UserFilter {
            search,
            ..UserFilter::default()
        },
        sort: UserSort::Email,
        descending: false,
        after: None,
        limit: 100,
        now: at(100),
    };
    let users = store.read().users().page(&query).await.unwrap();
    users
        .into_iter()
        .map(|user| user.email.as_str().replace("@example.com", ""))
        .collect()
}

async fn found(store: &Arc<dyn Store>, text: &str) -> Vec<String> {
    found_within(store, text, SearchScope::Everything).await
}

/// In any script, without regard to case and accents.
pub async fn users_are_found_by_the_beginning_of_any_word(store: Arc<dyn Store>) {
    for person in [
        person("ada.byron", Some("countess_l"), "Ada", "Lovelace"),
        person("lou", None, "Lou", "Andreas-Salom\u{e9}"),
        person("yamada", None, "\u{592a}\u{90ce}", "\u{5c71}\u{7530}"),
    ] {
        insert_user(&store, &person).await.unwrap();
    }
    for (text, who) in [
        ("ada", "ada.byron"),
        ("LOVE", "ada.byron"),
        ("byron", "ada.byron"),
        ("ada.byron@example.com", "ada.byron"),
        ("byron@ex", "ada.byron"),
        ("countess", "ada.byron"),
        ("l lovelace", "ada.byron"),
        ("andreas-s", "lou"),
        ("salome", "lou"),
        ("\u{7530}", "yamada"),
        ("\u{592a} \u{5c71}", "yamada"),
    ] {
        assert_eq!(found(&store, text).await, [who], "{text}");
    }
    assert_eq!(found(&store, "lo").await, ["ada.byron", "lou"]);
    assert_eq!(found(&store, "@example.com").await.len(), 3);
    for text in ["velace", "com", "ada lou", "adaa", "example.co.uk"] {
        assert_eq!(found(&store, text).await, [""; 0], "{text}");
    }
}

/// No character has a meaning of its own.
pub async fn a_term_is_literal(store: Arc<dyn Store>) {
    for (email, name) in [
        ("a_b", Some("zoe.x")),
        ("axb", Some("zoe-y")),
        ("a%c", None),
        ("\u{5c71}\u{7530}", None),
        ("A!d", None),
    ] {
        insert_user(&store, &person(email, name, "", ""))
            .await
            .unwrap();
    }
    assert_eq!(found(&store, "a_").await, ["a_b"]);
    assert_eq!(found(&store, "a%").await, ["a%c"]);
    assert_eq!(found(&store, "a!").await, ["A!d"]);
    assert_eq!(found(&store, "\u{5c71}").await, ["\u{5c71}\u{7530}"]);
    assert_eq!(found(&store, "zoe").await, ["a_b", "axb"]);
    assert_eq!(found(&store, "zoe-").await, ["axb"]);
    assert_eq!(found(&store, "a_b@example.com").await, ["a_b"]);
    for text in ["' OR 1 = 1 --", "%", "_", "!", "\\"] {
        assert_eq!(found(&store, text).await, [""; 0], "{text}");
    }
    assert_eq!(found(&store, " ").await.len(), 5);
}

/// Whoever may not see addresses cannot ask for them.
pub async fn words_of_the_address_are_of_another_kind(store: Arc<dyn Store>) {
    let ada = person("secret.address", Some("ada"), "Ada", "King");
    insert_user(&store, &ada).await.unwrap();
    for text in ["secret", "address", "example.com", "ada secret"] {
        assert_eq!(found(&store, text).await, ["secret.address"], "{text}");
        assert_eq!(
            found_within(&store, text, SearchScope::Shown).await,
            [""; 0],
            "{text}"
        );
    }
    assert_eq!(
        found_within(&store, "ada king", SearchScope::Shown).await,
        ["secret.address"]
    );
}

/// However a store finds them: by a word that most have, by one that begins several words, and by two.
pub async fn many_of_one_word_are_paged_in_the_order_of_creation(store: Arc<dyn Store>) {
    let people: Vec<User> = (0_u16..900)
        .map(|number| {
            let first = ["Ada", "Ada", "Ada Adam", "Adam", "Bob"][usize::from(number % 5)];
            let last = format!("Last{}", number % 7);
            // Half of them have their name in the address, too.
            let address = match number % 2 {
                0 => format!("p{number}"),
                _ => format!("{}.p{number}", first.to_lowercase().replace(' ', "-")),
            };
            let mut person = person(&address, None, first, &last);
            // Not in the order of ids, and many at one moment.
            person.created_at = at(i64::from(number) * 37 % 50);
            person.standing.deleted_at = (number % 11 == 0).then(|| at(60));
            person
        })
        .collect();
    apply!(store, [people], |tx| {
        for person in &people {
            tx.users().insert(person).await?;
        }
        Ok(())
    })
    .unwrap();
    for (text, first, last) in [
        ("example.com", "", ""),
        ("ada", "Ada", ""),
        ("adam", "Adam", ""),
        ("last3 ada", "Ada", "Last3"),
        ("example.com last3", "", "Last3"),
    ] {
        let holds = |name: &Option<PersonName>, part: &str| {
            name.as_ref()
                .is_some_and(|name| name.as_str().contains(part))
        };
        for (scope, descending) in [
            (SearchScope::Everything, false),
            (SearchScope::Everything, true),
            (SearchScope::Shown, false),
        ] {
            let mut expected: Vec<_> = people
                .iter()
                .filter(|user| user.standing.deleted_at.is_none())
                .filter(|user| holds(&user.profile.first_name, first))
                .filter(|user| holds(&user.profile.last_name, last))
                .filter(|_| scope == SearchScope::Everything || !text.contains("example"))
                .map(|user| (user.created_at, user.id))
                .collect();
            expected.sort_unstable();
            if descending {
                expected.reverse();
            }
            let search = Search::parse(text).map(|search| Search { scope, ..search });
            let mut query = UserQuery {
                filter: UserFilter {
                    search,
                    ..UserFilter::default()
                },
                sort: UserSort::CreatedAt,
                descending,
                after: None,
                limit: 70,
                now: at(100),
            };
            let mut found = Vec::new();
            loop {
                let page = store.read().users().page(&query).await.unwrap();
                let Some(last) = page.last() else { break };
                query.after = Some(UserPlace::Time(last.created_at, last.id));
                found.extend(page.iter().map(|user| (user.created_at, user.id)));
            }
            assert_eq!(found, expected, "{text} {scope:?} {descending}");
        }
    }
}

/// In the same transaction, and in no other.
pub async fn words_follow_their_user(store: Arc<dyn Store>) {
    let mut ada = person("ada", Some("ada"), "Ada", "Byron");
    insert_user(&store, &ada).await.unwrap();
    ada.profile.last_name = Some(PersonName::parse("Lovelace").unwrap());
    ada.email = Email::parse("countess@example.com").unwrap();
    assert!(apply!(store, [ada], |tx| tx.users().update(&ada).await).unwrap());
    assert_eq!(found(&store, "byron").await, [""; 0]);
    assert_eq!(found(&store, "ada@example.com").await, [""; 0]);
    assert_eq!(found(&store, "ada lovelace countess").await, ["countess"]);
    // The revision is old by now.
    ada.profile.last_name = Some(PersonName::parse("Byron").unwrap());
    assert!(!apply!(store, [ada], |tx| tx.users().update(&ada).await).unwrap());
    assert_eq!(found(&store, "byron").await, [""; 0]);
    let undone = apply!(store, [ada], |tx| {
        let mut ada = tx.users().by_id(ada.id).await?.unwrap();
        ada.profile.last_name = None;
        tx.users().update(&ada).await?;
        Err::<(), _>(ntt_auth_core::store::StoreError::corrupt("a test"))
    });
    undone.unwrap_err();
    assert_eq!(found(&store, "lovelace").await, ["countess"]);
}

/// Nor is anything left that another of the same name would trip over.
pub async fn who_is_erased_is_not_found(store: Arc<dyn Store>) {
    let ada = person("ada", Some("ada"), "Ada", "Lovelace");
    insert_user(&store, &ada).await.unwrap();
    insert_user(&store, &person("bob", None, "Bob", "Lovelace"))
        .await
        .unwrap();
    let id = ada.id;
    assert!(apply!(store, [id], |tx| tx.users().erase(id).await).unwrap());
    assert!(!apply!(store, [id], |tx| tx.users().erase(id).await).unwrap());
    assert_eq!(store.read().users().by_id(id).await.unwrap(), None);
    assert_eq!(found(&store, "lovelace").await, ["bob"]);
    insert_user(&store, &ada).await.unwrap();
    assert_eq!(found(&store, "ada lovelace").await, ["ada"]);
}

/// A letter of an address may stand for several words; it is the address's all the same.
pub async fn no_word_holds_a_space(store: Arc<dyn Store>) {
    let mut ada = person("ada", None, "Ada", "");
    ada.email = Email::from_stored("\u{fdfb}@example.com".to_owned());
    insert_user(&store, &ada).await.unwrap();
    let second = "\u{62c}\u{644}\u{627}\u{644}\u{647}";
    assert_eq!(found(&store, &format!("ada {second}")).await.len(), 1);
    for text in [second, &format!("ada {second}")] {
        let shown = found_within(&store, text, SearchScope::Shown).await;
        assert_eq!(shown, [""; 0], "{text}");
    }
    ada.profile.first_name = None;
    assert!(apply!(store, [ada], |tx| tx.users().update(&ada).await).unwrap());
    let id = ada.id;
    assert!(apply!(store, [id], |tx| tx.users().erase(id).await).unwrap());
    insert_user(&store, &ada).await.unwrap();
    assert_eq!(found(&store, second).await.len(), 1);
}

/// Whichever name wins is the one that is found.
pub async fn of_sixteen_renamings_the_words_of_one_remain(store: Arc<dyn Store>) {
    let ada = person("ada", None, "Ada", "Nobody");
    insert_user(&store, &ada).await.unwrap();
    let took = race(|number| {
        let (store, mut ada) = (Arc::clone(&store), ada.clone());
        ada.profile.last_name = Some(PersonName::parse(&format!("Name{number:02}")).unwrap());
        async move { apply!(store, [ada], |tx| tx.users().update(&ada).await).unwrap() }
    })
    .await;
    assert_eq!(winners(&took), 1);
    let mut names = 0;
    for number in 0..took.len() {
        names += found(&store, &format!("name{number:02}")).await.len();
    }
    assert_eq!(names, 1);
    assert_eq!(found(&store, "nobody").await, [""; 0]);
    let _: UserId = ada.id;
}
