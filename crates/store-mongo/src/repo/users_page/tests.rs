use ntt_auth_core::model::{
    Email, PersonName, Profile, Role, Search, SearchScope, Standing, Suspension, Timestamp, User,
    UserId,
};
use ntt_auth_core::store::{UserFilter, UserPlace};
use uuid::Uuid;

use super::*;
use crate::tests::{insert, server};

const NOW: Timestamp = Timestamp::from_millis(1000);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Sixty users who differ in everything that is asked for.
fn users() -> Vec<User> {
    let names = ["Ada", "Adam", "Adele", "Bob Ada", "Carol"];
    (0..60_u32)
        .map(|number| {
            let of = |every: u32| number % every == 0;
            let name = names.get(number as usize % names.len()).unwrap();
            User {
                id: UserId::from_uuid(Uuid::from_u128(u128::from(number * 37 % 60) + 1)),
                email: Email::parse(&format!("ada.{number}@example.com")).unwrap(),
                email_verified_at: of(3).then(|| at(1)),
                username: None,
                profile: Profile {
                    first_name: Some(PersonName::parse(name).unwrap()),
                    ..Profile::default()
                },
                role: if of(4) { Role::Moderator } else { Role::User },
                standing: Standing {
                    suspension: of(5).then(|| Suspension {
                        at: at(1),
                        until: of(2).then(|| at(if of(4) { 500 } else { 5000 })),
                        reason: None,
                    }),
                    deleted_at: of(7).then(|| at(1)),
                },
                password: None,
                password_changed_at: None,
                token_version: 0,
                last_login_at: of(2).then(|| at(i64::from(number / 4))),
                created_at: at(i64::from(number / 3)),
                updated_at: at(1),
                verify_by: None,
                revision: 0,
            }
        })
        .collect()
}

fn filters() -> Vec<UserFilter> {
    let mut filters = vec![UserFilter::default()];
    let mut add = |change: fn(&mut UserFilter)| {
        let mut filter = UserFilter::default();
        change(&mut filter);
        filters.push(filter);
    };
    add(|filter| filter.include_deleted = true);
    add(|filter| filter.role = Some(Role::Moderator));
    add(|filter| filter.active = Some(true));
    add(|filter| filter.active = Some(false));
    add(|filter| {
        filter.active = Some(false);
        filter.include_deleted = true;
    });
    add(|filter| filter.email_verified = Some(true));
    add(|filter| filter.email_verified = Some(false));
    add(|filter| {
        filter.created_after = Some(at(3));
        filter.created_before = Some(at(9));
        filter.role = Some(Role::User);
        filter.email_verified = Some(false);
    });
    for text in [
        "ada",
        "ade",
        "adam",
        "ada.1",
        "ada example.com",
        "b ad",
        "x",
    ] {
        filters.push(UserFilter {
            search: Search::parse(text),
            ..UserFilter::default()
        });
    }
    filters
}

/// What the rules say, without any index.
fn fits(user: &User, filter: &UserFilter) -> bool {
    let words = ntt_auth_core::model::SearchWords::of(user);
    let found = filter.search.iter().flat_map(|search| &search.terms);
    let mut found = found.map(|term| {
        let mut all = words.shown().chain(words.contact());
        all.any(|word| word.starts_with(term))
    });
    let suspension = user.standing.suspension.as_ref();
    let is_suspended = suspension.is_some_and(|it| it.until.is_none_or(|until| until > NOW));
    let is_active = user.standing.deleted_at.is_none() && !is_suspended;
    found.all(|found| found)
        && (filter.include_deleted || user.standing.deleted_at.is_none())
        && filter.role.is_none_or(|role| role == user.role)
        && filter.active.is_none_or(|active| active == is_active)
        && filter
            .email_verified
            .is_none_or(|verified| verified == user.email_verified_at.is_some())
        && filter.created_after.is_none_or(|at| user.created_at >= at)
        && filter.created_before.is_none_or(|at| user.created_at < at)
}

fn place(sort: UserSort, user: &User) -> UserPlace {
    match sort {
        UserSort::CreatedAt => UserPlace::Time(user.created_at, user.id),
        UserSort::LastLoginAt => {
            UserPlace::Time(user.last_login_at.unwrap_or(Timestamp::EPOCH), user.id)
        }
        UserSort::Email => UserPlace::Text(user.email.folded().as_str().to_owned(), user.id),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_finds_the_same_pages() {
    let Some(server) = server().await else {
        return;
    };
    let all = users();
    insert(&server, &all).await;
    for filter in filters() {
        for sort in [UserSort::CreatedAt, UserSort::Email, UserSort::LastLoginAt] {
            for descending in [false, true] {
                let mut expected: Vec<_> = all.iter().filter(|user| fits(user, &filter)).collect();
                expected.sort_by_key(|user| {
                    let email = user.email.folded().as_str().to_owned();
                    match sort {
                        UserSort::CreatedAt => (user.created_at, String::new(), user.id),
                        UserSort::Email => (NOW, email, user.id),
                        UserSort::LastLoginAt => {
                            let at = user.last_login_at.unwrap_or(Timestamp::EPOCH);
                            (at, String::new(), user.id)
                        }
                    }
                });
                if descending {
                    expected.reverse();
                }
                let query = UserQuery {
                    filter: filter.clone(),
                    sort,
                    descending,
                    after: expected.get(2).map(|user| place(sort, user)),
                    limit: 9,
                    now: NOW,
                };
                let expected: Vec<_> = expected.iter().skip(3).take(9).map(|u| u.id).collect();
                let mut view = View::reading(&server);
                let mut ways = vec![Way::Walked];
                ways.extend(Rare::of(&query).into_iter().map(Way::Taken));
                if let Some((term, words)) = words::fewest(&mut view, &query).await.unwrap() {
                    ways.push(Way::Read(term, words));
                }
                for way in ways {
                    let told = format!("{way:?} {query:?}");
                    let found = view.all(find(&query, way).unwrap(), user).await.unwrap();
                    let found: Vec<_> = found.iter().map(|user| user.id).collect();
                    assert_eq!(found, expected, "{told}");
                }
                let found = page(&mut view, &query).await.unwrap();
                let found: Vec<_> = found.iter().map(|user| user.id).collect();
                assert_eq!(found, expected, "{query:?}");
            }
        }
    }
    server.database.drop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_leapt_along() {
    let Some(server) = server().await else {
        return;
    };
    insert(&server, &users()).await;
    let mut view = View::reading(&server);
    let words = async |view: &mut View<'_>, text: &str, scope| {
        let search = Search::parse(text).unwrap();
        let query = UserQuery {
            filter: UserFilter {
                search: Some(Search { scope, ..search }),
                ..UserFilter::default()
            },
            ..UserQuery::everybody(9, NOW)
        };
        let found = words::fewest(view, &query).await.unwrap();
        found.map(|(term, words)| (term.to_owned(), words))
    };
    let (all, shown) = (SearchScope::Everything, SearchScope::Shown);
    let found = words(&mut view, "ad", shown).await.unwrap();
    assert_eq!(found.1, ["0ada", "0adam", "0adele"]);
    // Sixty addresses begin with the one, and all end in the other.
    assert_eq!(words(&mut view, "ad", all).await, None);
    let found = words(&mut view, "ad example.com", all).await.unwrap();
    assert_eq!(
        found,
        ("example.com".to_owned(), vec!["1example.com".to_owned()])
    );
    assert_eq!(words(&mut view, "nobody", all).await, None);
    server.database.drop().await.unwrap();
}
