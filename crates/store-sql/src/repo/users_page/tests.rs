//! Both ways to a page lead to the same page, and each is on an index.

use std::sync::Arc;

use ntt_auth_core::model::{
    Email, PersonName, Profile, Role, Search, SearchScope, Standing, Suspension, Timestamp, UserId,
    Username,
};
use ntt_auth_core::store::{Store, Tx, UserFilter, UserPlace, Work, transact};
use uuid::Uuid;

use super::*;
use crate::SqlStore;
use crate::engine::{Conn, Unit};
use crate::repo::user_search;
use crate::view::UNWATCHED;

const SORTS: [UserSort; 3] = [UserSort::CreatedAt, UserSort::Email, UserSort::LastLoginAt];

fn at(millis: u32) -> Timestamp {
    Timestamp::from_millis(i64::from(millis))
}

/// Some number, the same each time.
fn some(number: u32, below: u32) -> u32 {
    number.wrapping_mul(2_654_435_761).rotate_left(13) % below
}

fn user(number: u32) -> User {
    let names = ["Ada", "Adele", "Bob", "Émile", "太郎"];
    let name = names[some(number, 5) as usize];
    User {
        id: UserId::from_uuid(Uuid::from_u128(u128::from(number) + 1)),
        email: Email::parse(&format!(
            "{}.{number}@example.com",
            ["ada", "x"][number as usize % 2]
        ))
        .unwrap(),
        email_verified_at: (some(number, 7) == 0).then(|| at(5)),
        username: number
            .is_multiple_of(3)
            .then(|| Username::parse(&format!("ad_{number}")).unwrap()),
        profile: Profile {
            first_name: Some(PersonName::parse(name).unwrap()),
            last_name: Some(PersonName::parse(&format!("Last{}", some(number, 20))).unwrap()),
            ..Profile::default()
        },
        role: Role::ALL[some(number + 1, 5) as usize],
        standing: Standing {
            suspension: (some(number, 11) == 0).then(|| Suspension {
                at: at(1),
                until: number.is_multiple_of(2).then(|| at(50)),
                reason: None,
            }),
            deleted_at: (some(number, 13) == 0).then(|| at(9)),
        },
        password: None,
        password_changed_at: None,
        token_version: 0,
        last_login_at: number.is_multiple_of(4).then(|| at(some(number, 100) + 1)),
        created_at: at(some(number, 200)),
        updated_at: at(0),
        verify_by: None,
        revision: 0,
    }
}

struct Add(Vec<User>);

#[async_trait::async_trait]
impl Work for Add {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for user in &self.0 {
            tx.users().insert(user).await?;
        }
        Ok(())
    }
}

async fn populated() -> SqlStore {
    let store = SqlStore::open("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let users = (0..300).map(user).collect();
    transact(&store, Add(users)).await.unwrap();
    store
}

/// One filter of each kind alone, and some together.
fn filters() -> Vec<UserFilter> {
    let none = UserFilter::default;
    let mut filters = vec![none()];
    for text in [
        "ada",
        "ad la",
        "example.com",
        "ada.1",
        "太",
        "last1 e",
        "nobody",
    ] {
        for scope in [SearchScope::Everything, SearchScope::Shown] {
            let mut search = Search::parse(text).unwrap();
            search.scope = scope;
            filters.push(UserFilter {
                search: Some(search),
                ..none()
            });
        }
    }
    for role in Role::ALL {
        filters.push(UserFilter {
            role: Some(role),
            ..none()
        });
    }
    for flag in [false, true] {
        for include_deleted in [false, true] {
            filters.push(UserFilter {
                active: Some(flag),
                include_deleted,
                ..none()
            });
        }
        filters.push(UserFilter {
            email_verified: Some(flag),
            ..none()
        });
    }
    filters.extend([
        UserFilter {
            created_after: Some(at(50)),
            ..none()
        },
        UserFilter {
            created_before: Some(at(150)),
            ..none()
        },
        UserFilter {
            search: Search::parse("ad"),
            role: Some(Role::User),
            active: Some(true),
            email_verified: Some(false),
            created_after: Some(at(20)),
            created_before: Some(at(180)),
            include_deleted: true,
        },
    ]);
    filters
}

fn queries() -> Vec<UserQuery> {
    let mut queries = Vec::new();
    for sort in SORTS {
        for descending in [false, true] {
            for filter in filters() {
                queries.push(UserQuery {
                    filter,
                    sort,
                    descending,
                    after: None,
                    limit: 400,
                    now: at(60),
                });
            }
        }
    }
    queries
}

async fn found(view: &mut View<'_>, query: &UserQuery, way: &Way<'_>) -> Vec<User> {
    let (statement, values) = select(query, way).unwrap();
    view.all(&statement, &values, super::user).await.unwrap()
}

/// What the words of a user are, told again in the plainest way.
fn fits(user: &User, filter: &UserFilter) -> bool {
    filter.search.as_ref().is_none_or(|search| {
        let words = ntt_auth_core::model::SearchWords::of(user);
        search.terms.iter().all(|term| {
            words.shown().any(|word| word.starts_with(term.as_str()))
                || search.scope == SearchScope::Everything
                    && words.contact().any(|word| word.starts_with(term.as_str()))
        })
    })
}

#[tokio::test]
async fn every_way_finds_the_same_page() {
    let store = populated().await;
    let mut view = View::reading(&*store.engine, UNWATCHED);
    let (mut compared, mut read) = (0, 0);
    for query in queries() {
        let walked = found(&mut view, &query, &Way::Walked).await;
        assert!(walked.iter().all(|user| fits(user, &query.filter)));
        if query.filter.search.is_some() && query.filter.role.is_none() {
            let fitting = (0..300)
                .map(user)
                .filter(|user| user.standing.deleted_at.is_none() && fits(user, &query.filter));
            assert_eq!(walked.len(), fitting.count(), "{:?}", query.filter);
        }
        for rare in Rare::of(&query) {
            compared += 1;
            assert_eq!(
                found(&mut view, &query, &Way::Taken(rare)).await,
                walked,
                "{rare:?} {query:?}"
            );
        }
        if may_be_read(&query) {
            for way in read_ways(&mut view, &query).await {
                read += 1;
                assert_eq!(
                    found(&mut view, &query, &way).await,
                    walked,
                    "{way:?} {query:?}"
                );
            }
        }
        assert_eq!(page(&mut view, &query).await.unwrap(), walked);
    }
    assert!(compared > 100 && read > 20, "{compared} {read}");
}

/// Every way to read it off, however many words begin with the term.
async fn read_ways<'q>(view: &mut View<'_>, query: &'q UserQuery) -> Vec<Way<'q>> {
    let mut ways = Vec::new();
    let Some(search) = &query.filter.search else {
        return ways;
    };
    let all = Statement::new(
        "all",
        "SELECT DISTINCT kind, token FROM user_search ORDER BY kind, token",
    );
    let all = view
        .all(&all, &[], |mut row| Ok((row.int()?, row.text()?)))
        .await
        .unwrap();
    for term in &search.terms {
        let kinds = search.kinds(term).iter();
        let words: Vec<_> = kinds
            .flat_map(|kind| {
                let of_kind = all.iter().filter(|(of, token)| {
                    *of == i64::from(kind.number()) && token.starts_with(term.as_str())
                });
                of_kind.map(|(_, token)| Word::new(*kind, token))
            })
            .collect();
        // SQLite joins 500 parts at most.
        if !words.is_empty() && words.len() < 100 {
            ways.push(Way::Read(term, words));
        }
    }
    ways
}

async fn plan(store: &SqlStore, statement: &Statement, values: &[Value]) -> Vec<String> {
    let explain = Statement::built(
        "explain",
        format!("EXPLAIN QUERY PLAN {}", statement.text()),
    );
    let rows = store.engine.query(&explain, values).await.unwrap();
    rows.into_iter()
        .map(|mut row| {
            for _ in 0..3 {
                row.value().unwrap();
            }
            row.text().unwrap()
        })
        .collect()
}

/// NUM-5: no filter or order of the closed list makes SQLite read or sort the whole table.
#[tokio::test]
async fn num5_every_list_is_on_an_index() {
    let store = populated().await;
    let place = |sort| match sort {
        UserSort::Email => UserPlace::Text("m".into(), user(1).id),
        _ => UserPlace::Time(at(100), user(1).id),
    };
    for mut query in queries() {
        for after in [None, Some(place(query.sort))] {
            query.after = after;
            let (statement, values) = select(&query, &Way::Walked).unwrap();
            let walk = plan(&store, &statement, &values).await;
            assert!(
                walk.len() == 1
                    && walk[0].contains("USING INDEX users_")
                    && !walk[0].contains("TEMP"),
                "{walk:?} for {}",
                statement.text()
            );
            if may_be_read(&query) {
                for way in read_ways(&mut View::reading(&*store.engine, UNWATCHED), &query).await {
                    let Way::Read(_, words) = &way else {
                        continue;
                    };
                    let (statement, values) = select(&query, &way).unwrap();
                    let reading = plan(&store, &statement, &values).await;
                    let of_words = |step: &&String| {
                        step.starts_with("SEARCH user_search USING PRIMARY KEY (kind=? AND token=?")
                    };
                    // Each word's users come in order; pages of several words are merged.
                    assert!(
                        reading.iter().filter(of_words).count() == words.len()
                            && !reading.iter().any(|step| step.contains("SCAN users"))
                            && (words.len() > 1
                                || !reading.iter().any(|step| step.contains("TEMP"))),
                        "{reading:?} for {}",
                        statement.text()
                    );
                }
            }
            for rare in Rare::of(&query) {
                let (count, values) = count(&[rare], 1);
                let counting = plan(&store, &count, &values).await;
                // The only tables read whole are what the step before has found.
                let whole = |step: &String| {
                    step.starts_with("SCAN users")
                        && !step.contains("USING COVERING INDEX users_")
                        && !step.contains("USING INDEX users_")
                };
                assert!(!counting.iter().any(whole), "{counting:?}");
                let (statement, values) = select(&query, &Way::Taken(rare)).unwrap();
                let taking = plan(&store, &statement, &values).await;
                assert!(
                    !taking.iter().any(whole)
                        && taking
                            .iter()
                            .any(|step| step.contains("sqlite_autoindex_users_1 (id=?)")),
                    "{taking:?} for {}",
                    statement.text()
                );
            }
        }
    }
}

/// As an installation is that was made before the words.
struct Forget;

#[async_trait::async_trait]
impl Unit for Forget {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        for text in [
            "UPDATE users SET search_words = NULL",
            "DELETE FROM user_search",
            "UPDATE user_search_state SET filled = 0",
        ] {
            conn.execute(&Statement::new("forget", text), &[]).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn users_from_before_get_their_words() {
    let store = populated().await;
    let rows = async || {
        let all = Statement::new(
            "all",
            "SELECT kind, token, user_id FROM user_search ORDER BY kind, token, user_id",
        );
        let rows = store.engine.query(&all, &[]).await.unwrap();
        rows.into_iter()
            .map(|mut row| (row.int().unwrap(), row.text().unwrap(), row.id().unwrap()))
            .collect::<Vec<_>>()
    };
    let before = rows().await;
    crate::engine::run(&*store.engine, Arc::new(Forget))
        .await
        .unwrap();
    assert_eq!(rows().await, []);
    assert_eq!(user_search::fill(&*store.engine).await.unwrap(), 300);
    assert_eq!(rows().await, before);
    assert_eq!(user_search::fill(&*store.engine).await.unwrap(), 0);
    let one = store
        .read()
        .users()
        .by_id(user(7).id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(one.revision, 1);
}
