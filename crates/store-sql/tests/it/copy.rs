//! Copies between the engines.

mod interrupted;
mod rows;

use std::sync::Arc;

use ntt_auth_core::flow::{CopyError, CopyStore, Proof};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::portable::{Portable, TABLES};
use ntt_auth_store_sql::SqlStore;
use ntt_auth_test_database as database;

use rows::fill;

/// A migrated store in a database that is removed with it.
pub(crate) struct Tested {
    pub(crate) name: &'static str,
    pub(crate) store: SqlStore,
    _kept: database::Database,
}

/// One of each engine that is there.
pub(crate) async fn stores() -> Vec<Tested> {
    let databases = [
        ("SQLite", Some(database::sqlite_file())),
        #[cfg(feature = "postgres")]
        ("PostgreSQL", database::Server::Postgres.database()),
        #[cfg(feature = "mysql")]
        ("MariaDB", database::Server::Mariadb.database()),
        #[cfg(feature = "mysql")]
        ("MySQL", database::Server::Mysql8.database()),
    ];
    let mut stores = Vec::new();
    for (name, database) in databases {
        if let Some(database) = database {
            let store = SqlStore::open(&database.url).await.unwrap();
            store.migrate().await.unwrap();
            stores.push(Tested {
                name,
                store,
                _kept: database,
            });
        }
    }
    stores
}

pub(crate) fn copy<'s>(from: &'s dyn Portable, to: &'s dyn Portable, run: u8) -> CopyStore<'s> {
    CopyStore {
        source: from,
        target: to,
        run: [run; 16],
        now: Timestamp::from_millis(1_700_000_000_000),
    }
}

pub(crate) async fn copied(from: &dyn Portable, to: &dyn Portable) -> Vec<Proof> {
    copy(from, to, 1).run(&mut |_| {}).await.unwrap()
}

/// From each engine to each other, so that what the first holds goes round and comes back.
#[tokio::test]
async fn everything_goes_from_each_engine_to_each_other_and_is_the_same() {
    let first = Arc::new(stores().await);
    let mut reference = None;
    for from in 0..first.len() {
        let targets = stores().await;
        let source = &first[from];
        match from {
            0 => fill(&source.store, 520).await,
            _ => drop(copied(&first[0].store, &source.store).await),
        }
        for target in &targets {
            let proofs = copied(&source.store, &target.store).await;
            for proof in &proofs {
                assert!(proof.source.rows > 0, "{} is tested", proof.table);
            }
            let (ours, theirs) = Proof::digests(&proofs);
            assert_eq!(ours, theirs, "{} to {}", source.name, target.name);
            assert_eq!(ours, *reference.get_or_insert(ours), "{}", source.name);
            assert_eq!(target.store.copying().await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn a_copy_is_refused_where_something_is_or_nothing_was() {
    for Tested { store, .. } in stores().await {
        let [other, new] = [(); 2].map(|()| database::sqlite_file());
        let [source, new] = [
            SqlStore::open(&other.url).await.unwrap(),
            SqlStore::open(&new.url).await.unwrap(),
        ];
        for store in [&source, &new] {
            store.migrate().await.unwrap();
        }
        fill(&source, 3).await;
        let refused = copy(&new, &store, 1).begun().await.unwrap_err();
        assert!(matches!(refused, CopyError::SourceIsNew), "{refused}");
        copied(&source, &store).await;
        let refused = copy(&source, &store, 1).begun().await.unwrap_err();
        assert!(
            matches!(refused, CopyError::TargetIsNotEmpty("users")),
            "{refused}"
        );
        // The same store, by whichever name, is never new and in use at once.
        let refused = copy(&store, &store, 1).run(&mut |_| {}).await.unwrap_err();
        assert!(matches!(refused, CopyError::TargetIsNotEmpty(_)));
    }
}

/// In a new store, no table but those with one row has any.
#[tokio::test]
async fn a_new_store_is_what_the_tables_say() {
    for Tested { store, name, .. } in stores().await {
        for table in TABLES {
            let fresh: Vec<_> = table.fresh().into_iter().collect();
            let found = store.page(table, None, 2).await.unwrap();
            assert_eq!(found, fresh, "{name}, {}", table.name);
        }
    }
}
