//! What is left of a copy that does not come to its end, and how another goes on with it.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use ntt_auth_core::flow::{CopyError, Proof};
use ntt_auth_core::model::{Search, Timestamp};
use ntt_auth_core::store::portable::{Copying, Field, Portable, Progress, Row, Table};
use ntt_auth_core::store::{Store as _, StoreError, UserFilter, UserQuery};
use ntt_auth_store_sql::SqlStore;
use ntt_auth_test_database as database;

use super::rows::fill;
use super::{Tested, copy, stores};

/// A store whose connection is lost after so many writes: of the last one, the answer.
struct Cut<'s>(&'s SqlStore, AtomicU32);

#[async_trait]
impl Portable for Cut<'_> {
    async fn page(
        &self,
        table: &'static Table,
        after: Option<&Field>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        self.0.page(table, after, limit).await
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        self.0.count(table).await
    }

    async fn copying(&self) -> Result<Option<Copying>, StoreError> {
        self.0.copying().await
    }

    async fn begin_copy(&self, copying: &Copying) -> Result<bool, StoreError> {
        self.0.begin_copy(copying).await
    }

    async fn take_over_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.0.take_over_copy(run).await
    }

    async fn write(
        &self,
        table: &'static Table,
        rows: Vec<Row>,
        run: [u8; 16],
        progress: &Progress,
    ) -> Result<bool, StoreError> {
        let written = self.0.write(table, rows, run, progress).await;
        if self.1.fetch_sub(1, Ordering::Relaxed) == 1 {
            return Err(StoreError::unavailable("cut"));
        }
        written
    }

    async fn finish_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.0.finish_copy(run).await
    }
}

async fn source() -> (SqlStore, database::Database) {
    let database = database::sqlite_file();
    let store = SqlStore::open(&database.url).await.unwrap();
    store.migrate().await.unwrap();
    fill(&store, 520).await;
    (store, database)
}

#[tokio::test]
async fn a_copy_that_was_cut_anywhere_goes_on_where_it_stopped() {
    let (from, _kept) = source().await;
    for Tested { store, name, .. } in stores().await {
        let mut cuts = 0;
        // Each run is cut a little later than the one before began.
        let proofs = loop {
            let target = Cut(&store, AtomicU32::new(2));
            match copy(&from, &target, cuts).run(&mut |_| {}).await {
                Ok(proofs) => break proofs,
                Err(CopyError::Table { .. }) => cuts += 1,
                Err(other) => panic!("{name}: {other}"),
            }
            assert!(store.copying().await.unwrap().is_some());
        };
        assert!(cuts > 5, "{name}: {cuts}");
        let (ours, theirs) = Proof::digests(&proofs);
        assert_eq!(ours, theirs, "{name}");
    }
}

#[tokio::test]
async fn of_two_runs_the_later_one_writes() {
    let (from, _kept) = source().await;
    for Tested { store, name, .. } in stores().await {
        let cut = Cut(&store, AtomicU32::new(1));
        let failed = copy(&from, &cut, 1).run(&mut |_| {}).await.unwrap_err();
        assert!(
            matches!(failed, CopyError::Table { table: "users", .. }),
            "{failed}"
        );
        let begun = store.copying().await.unwrap().unwrap();
        assert!(begun.progress.rows > 0, "{name}");
        assert!(store.take_over_copy([2; 16]).await.unwrap());
        let users = Table::named("users").unwrap();
        let page = from
            .page(users, begun.progress.last.as_ref(), 10)
            .await
            .unwrap();
        let late = store
            .write(users, page.clone(), [1; 16], &begun.progress)
            .await;
        assert!(!late.unwrap(), "{name}: the earlier one is too late");
        assert_eq!(store.count(users).await.unwrap(), begun.progress.rows);
        assert!(!store.finish_copy([1; 16]).await.unwrap());
        // The same rows twice are there once.
        for _ in 0..2 {
            assert!(
                store
                    .write(users, page.clone(), [2; 16], &begun.progress)
                    .await
                    .unwrap()
            );
        }
        let now = begun.progress.rows + 10;
        assert_eq!(store.count(users).await.unwrap(), now);
        assert!(
            !store.begin_copy(&begun).await.unwrap(),
            "{name}: there is one"
        );
    }
}

#[tokio::test]
async fn a_source_that_changed_or_is_another_is_not_gone_on_with() {
    let (from, _kept) = source().await;
    let (other, _kept_too) = source().await;
    for Tested { store, .. } in stores().await {
        let cut = Cut(&store, AtomicU32::new(3));
        copy(&from, &cut, 1).run(&mut |_| {}).await.unwrap_err();
        let unfinished = copy(&store, &from, 1).begun().await.unwrap_err();
        assert!(matches!(unfinished, CopyError::SourceIsUnfinished));
        let root = Table::named("root_secret").unwrap();
        let counter = Table::named("revocation_counter").unwrap();
        for (table, row) in [
            (
                root,
                vec![Field::Int(1), Field::Bytes(vec![7; 60]), Field::Int(3)],
            ),
            (counter, vec![Field::Int(1), Field::Int(99)]),
        ] {
            let changed = if table.name == root.name {
                &other
            } else {
                &from
            };
            change(changed, table, row).await;
        }
        let refused = copy(&other, &store, 1).run(&mut |_| {}).await.unwrap_err();
        assert!(matches!(refused, CopyError::OtherSource), "{refused}");
        let refused = copy(&from, &store, 1).run(&mut |_| {}).await.unwrap_err();
        assert!(matches!(refused, CopyError::SourceMoved), "{refused}");
        change(&from, counter, vec![Field::Int(1), Field::Int(i64::MIN)]).await;
    }
}

/// Puts a row in the place of another.
async fn change(store: &SqlStore, table: &'static Table, row: Row) {
    let progress = Progress {
        table: table.name.to_owned(),
        last: None,
        rows: 0,
    };
    let copying = Copying {
        source: [0; 32],
        pulse: [0; 32],
        run: [0; 16],
        begun_at: Timestamp::EPOCH,
        progress: progress.clone(),
    };
    assert!(store.begin_copy(&copying).await.unwrap());
    assert!(
        store
            .write(table, vec![row], [0; 16], &progress)
            .await
            .unwrap()
    );
    assert!(store.finish_copy([0; 16]).await.unwrap());
}

#[tokio::test]
async fn what_is_written_to_the_source_meanwhile_is_noticed() {
    let (from, _kept) = source().await;
    for Tested { store, name, .. } in stores().await {
        let mut told = false;
        // A session that is refreshed moves no counter.
        let mut verifying = |step: ntt_auth_core::flow::CopyStep| {
            if step.verifying && !told {
                told = true;
                futures::executor::block_on(async {
                    let sessions = Table::named("sessions").unwrap();
                    let mut row = from.page(sessions, None, 1).await.unwrap().remove(0);
                    let Field::Int(generation) = &mut row[3] else {
                        panic!()
                    };
                    *generation = generation.wrapping_add(1);
                    change(&from, sessions, row).await;
                });
            }
        };
        let failed = copy(&from, &store, 1)
            .run(&mut verifying)
            .await
            .unwrap_err();
        let said = failed.to_string();
        assert!(matches!(failed, CopyError::Differs(_)), "{name}: {said}");
        assert!(said.contains("sessions (7 rows and 7)"), "{said}");
        assert!(
            store.copying().await.unwrap().is_some(),
            "{name} stays marked"
        );
    }
}

/// Somebody of these names; everything else is as little as there may be.
fn person(number: i64, first_name: &str, address: &str) -> Row {
    let users = Table::named("users").unwrap();
    users
        .columns
        .iter()
        .map(|column| match column.name {
            "id" => Field::Bytes([vec![0; 8], number.to_be_bytes().to_vec()].concat()),
            "email" | "email_folded" => Field::Text(address.to_owned()),
            "first_name" => Field::Text(first_name.to_owned()),
            "metadata" => Field::Text("{}".to_owned()),
            "role" => Field::Text("user".to_owned()),
            "created_at" => Field::Int(1_700_000_000_000 + number),
            "token_version" | "last_login_at" | "updated_at" | "revision" => Field::Int(0),
            _ => Field::Null,
        })
        .collect()
}

#[tokio::test]
async fn people_are_found_on_the_copy_by_their_words_and_by_no_others() {
    let users = Table::named("users").unwrap();
    let names = [
        ("Ada", "ada.king@x.example"),
        ("山田", "taro@x.example"),
        ("Straße", "s@y.example"),
    ];
    for Tested { store, name, .. } in stores().await {
        let progress = Progress {
            table: users.name.to_owned(),
            last: None,
            rows: 0,
        };
        let copying = Copying {
            source: [0; 32],
            pulse: [0; 32],
            run: [0; 16],
            begun_at: Timestamp::EPOCH,
            progress,
        };
        assert!(store.begin_copy(&copying).await.unwrap());
        // What was written first is replaced, and its words with it.
        let earlier = (1..4).map(|number| person(number, "Bob", &format!("b{number}@z.example")));
        let later = (1..)
            .zip(names)
            .map(|(number, (name, address))| person(number, name, address));
        for rows in [earlier.collect::<Vec<_>>(), later.collect()] {
            assert!(
                store
                    .write(users, rows, [0; 16], &copying.progress)
                    .await
                    .unwrap()
            );
        }
        for (words, found) in [
            ("ada", 1),
            ("king", 1),
            ("山", 1),
            ("straße", 1),
            ("x.example", 2),
            ("bob", 0),
            ("z.exa", 0),
        ] {
            let query = UserQuery {
                filter: UserFilter {
                    search: Search::parse(words),
                    ..UserFilter::default()
                },
                ..UserQuery::everybody(20, Timestamp::EPOCH)
            };
            let page = store.read().users().page(&query).await.unwrap();
            assert_eq!(page.len(), found, "{name}: {words}");
        }
    }
}
