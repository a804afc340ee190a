//! Rows of every table, as the SQL engines are given them, written and read back.

#[path = "../../../store-sql/tests/it/copy/rows.rs"]
mod rows;

use ntt_auth_core::store::portable::{Portable as _, TABLES};

use crate::opened;
use rows::{fill, made};

#[tokio::test]
async fn every_row_is_read_back_as_it_was_written_in_the_order_of_keys() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    for table in TABLES {
        let fresh: Vec<_> = table.fresh().into_iter().collect();
        assert_eq!(store.page(table, None, 2).await.unwrap(), fresh);
    }
    fill(&*store, 30).await;
    for table in TABLES {
        let wanted = made(table, 30);
        let found = store.page(table, None, 100).await.unwrap();
        assert_eq!(found.len(), wanted.len(), "{}", table.name);
        for row in &wanted {
            assert!(found.contains(row), "{}: {row:?}", table.name);
        }
        let mut walked = Vec::new();
        let mut last = None;
        loop {
            let page = store.page(table, last.as_ref(), 2).await.unwrap();
            let Some(row) = page.last() else { break };
            last = table.key_of(row).cloned();
            walked.extend(page);
        }
        assert_eq!(walked, found, "{}", table.name);
        let count = u64::try_from(wanted.len()).unwrap();
        assert_eq!(store.count(table).await.unwrap(), count);
    }
}
