//! Pages of users.

use std::sync::Arc;

use ntt_auth_core::model::{Role, Search, Suspension, Timestamp, User, UserId};
use ntt_auth_core::store::{Store, UserFilter, UserPlace, UserQuery, UserSort};

use crate::sample::{at, user};
use crate::work::insert_user;

const SORTS: [UserSort; 3] = [UserSort::CreatedAt, UserSort::Email, UserSort::LastLoginAt];

fn query(sort: UserSort, descending: bool) -> UserQuery {
    UserQuery {
        filter: UserFilter::default(),
        sort,
        descending,
        after: None,
        limit: 100,
        now: at(100),
    }
}

async fn page(store: &Arc<dyn Store>, query: &UserQuery) -> Vec<User> {
    store.read().users().page(query).await.unwrap()
}

async fn emails(store: &Arc<dyn Store>, filter: UserFilter) -> Vec<String> {
    let found = page(
        store,
        &UserQuery {
            filter,
            ..query(UserSort::Email, false)
        },
    )
    .await;
    found
        .into_iter()
        .map(|user| user.email.as_str().replace("@example.com", ""))
        .collect()
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

/// All pages from one place on.
async fn walk(store: &Arc<dyn Store>, mut query: UserQuery) -> Vec<User> {
    let mut all = Vec::new();
    loop {
        let page = page(store, &query).await;
        assert!(page.len() <= usize::try_from(query.limit).unwrap());
        let Some(last) = page.last() else { return all };
        query.after = Some(place(query.sort, last));
        all.extend(page);
    }
}

fn ids(users: &[User]) -> Vec<UserId> {
    users.iter().map(|user| user.id).collect()
}

/// Ties are broken by the id, in the list's direction.
pub async fn pages_show_each_user_once_in_every_order(store: Arc<dyn Store>) {
    let mut users = Vec::new();
    for number in 0..10 {
        let mut user = user(&format!("user{}@example.com", (number * 7) % 10));
        user.created_at = at(number / 4);
        user.last_login_at = (number % 3 != 0).then(|| at(number / 5));
        insert_user(&store, &user).await.unwrap();
        users.push(user);
    }
    for sort in SORTS {
        for descending in [false, true] {
            users.sort_by_key(|user| match place(sort, user) {
                UserPlace::Time(time, id) => (time.millis(), String::new(), id),
                UserPlace::Text(text, id) => (0, text, id),
            });
            if descending {
                users.reverse();
            }
            let found = walk(
                &store,
                UserQuery {
                    limit: 3,
                    ..query(sort, descending)
                },
            )
            .await;
            assert_eq!(ids(&found), ids(&users), "{sort:?} {descending}");
            assert_eq!(found, users);
        }
    }
}

/// Neither is anyone shown twice nor left out of those who were there.
pub async fn pages_are_not_shifted_by_inserts(store: Arc<dyn Store>) {
    let mut users = Vec::new();
    for number in 0..6 {
        let user = User {
            created_at: at(number * 10),
            ..user(&format!("user{number}@example.com"))
        };
        insert_user(&store, &user).await.unwrap();
        users.push(user);
    }
    let first = page(
        &store,
        &UserQuery {
            limit: 3,
            ..query(UserSort::CreatedAt, false)
        },
    )
    .await;
    for (number, created) in [(6, -5), (7, 15), (8, 35)] {
        let late = User {
            created_at: at(created),
            ..user(&format!("user{number}@example.com"))
        };
        insert_user(&store, &late).await.unwrap();
        users.push(late);
    }
    let after = Some(place(UserSort::CreatedAt, &first[2]));
    let rest = walk(
        &store,
        UserQuery {
            limit: 2,
            after,
            ..query(UserSort::CreatedAt, false)
        },
    )
    .await;
    assert_eq!(ids(&first), ids(&users[..3]));
    assert_eq!(
        ids(&rest),
        [users[3].id, users[8].id, users[4].id, users[5].id]
    );
}

/// And only then.
pub async fn deleted_users_are_shown_on_demand(store: Arc<dyn Store>) {
    let mut gone = user("gone@example.com");
    gone.standing.deleted_at = Some(at(1));
    insert_user(&store, &gone).await.unwrap();
    insert_user(&store, &user("here@example.com"))
        .await
        .unwrap();
    assert_eq!(emails(&store, UserFilter::default()).await, ["here"]);
    assert_eq!(
        emails(
            &store,
            UserFilter {
                include_deleted: true,
                ..UserFilter::default()
            }
        )
        .await,
        ["gone", "here"]
    );
}

/// Alone and together. Who is active is judged at the query's time.
pub async fn each_filter_holds(store: Arc<dyn Store>) {
    let suspended = |until| {
        Some(Suspension {
            at: at(0),
            until,
            reason: None,
        })
    };
    for (name, role, created, verified, suspension, deleted) in [
        ("a-plain", Role::User, 0, true, None, false),
        ("b-admin", Role::Admin, 10, false, None, false),
        (
            "c-lifted",
            Role::User,
            20,
            false,
            suspended(Some(at(100))),
            false,
        ),
        (
            "d-suspended",
            Role::User,
            30,
            true,
            suspended(Some(at(101))),
            false,
        ),
        ("e-banned", Role::Admin, 40, true, suspended(None), false),
        ("f-deleted", Role::User, 50, true, None, true),
    ] {
        let mut user = user(&format!("{name}@example.com"));
        user.role = role;
        user.created_at = at(created);
        user.email_verified_at = verified.then(|| at(1));
        user.standing.suspension = suspension;
        user.standing.deleted_at = deleted.then(|| at(2));
        insert_user(&store, &user).await.unwrap();
    }
    let all = UserFilter {
        include_deleted: true,
        ..UserFilter::default()
    };
    let role = UserFilter {
        role: Some(Role::Admin),
        ..all.clone()
    };
    assert_eq!(emails(&store, role).await, ["b-admin", "e-banned"]);
    let active = UserFilter {
        active: Some(true),
        ..all.clone()
    };
    assert_eq!(
        emails(&store, active).await,
        ["a-plain", "b-admin", "c-lifted"]
    );
    let inactive = UserFilter {
        active: Some(false),
        ..all.clone()
    };
    assert_eq!(
        emails(&store, inactive).await,
        ["d-suspended", "e-banned", "f-deleted"]
    );
    let hidden = UserFilter {
        active: Some(false),
        ..UserFilter::default()
    };
    assert_eq!(emails(&store, hidden).await, ["d-suspended", "e-banned"]);
    let unverified = UserFilter {
        email_verified: Some(false),
        ..all.clone()
    };
    assert_eq!(emails(&store, unverified).await, ["b-admin", "c-lifted"]);
    let verified = UserFilter {
        email_verified: Some(true),
        ..UserFilter::default()
    };
    assert_eq!(
        emails(&store, verified).await,
        ["a-plain", "d-suspended", "e-banned"]
    );
    let between = UserFilter {
        created_after: Some(at(10)),
        created_before: Some(at(30)),
        ..all.clone()
    };
    assert_eq!(
        emails(&store, between.clone()).await,
        ["b-admin", "c-lifted"]
    );
    let narrow = UserFilter {
        role: Some(Role::User),
        active: Some(true),
        search: Search::parse("c"),
        ..between
    };
    assert_eq!(emails(&store, narrow).await, ["c-lifted"]);
}

/// They come first, or last.
pub async fn who_never_signed_in_counts_as_the_epoch(store: Arc<dyn Store>) {
    let never = user("never@example.com");
    let once = User {
        last_login_at: Some(at(0)),
        ..user("once@example.com")
    };
    insert_user(&store, &once).await.unwrap();
    insert_user(&store, &never).await.unwrap();
    assert_eq!(
        page(&store, &query(UserSort::LastLoginAt, false)).await,
        [never.clone(), once.clone()]
    );
    let after = Some(UserPlace::Time(Timestamp::EPOCH, never.id));
    assert_eq!(
        page(
            &store,
            &UserQuery {
                after,
                ..query(UserSort::LastLoginAt, false)
            }
        )
        .await,
        [once]
    );
}

/// Not by any language's alphabet: pages of two nodes must agree.
pub async fn addresses_are_sorted_by_code_point(store: Arc<dyn Store>) {
    for name in ["é", "z", "-", "a", "Z1", "_", "𠮷", "山"] {
        insert_user(&store, &user(&format!("{name}@example.com")))
            .await
            .unwrap();
    }
    assert_eq!(
        emails(&store, UserFilter::default()).await,
        ["-", "_", "a", "Z1", "z", "é", "山", "𠮷"]
    );
}
