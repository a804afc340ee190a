//! How far imports have come.

use std::sync::Arc;

use ntt_auth_core::model::{Import, ImportCounts, ImportDigest};
use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::at;
use crate::work::apply;

pub(crate) fn import(digest: u8) -> Import {
    Import {
        digest: ImportDigest::new([digest; 32]),
        format: "auth0".to_owned(),
        offset: 1 << 40,
        counts: ImportCounts {
            rows: 21,
            added: 1,
            updated: 2,
            skipped: 3,
            ignored: 4,
            rejected: 11,
        },
        started_at: at(1),
        updated_at: at(2),
        finished_at: None,
    }
}

async fn begin(store: &Arc<dyn Store>, import: &Import) {
    apply!(store, [import], |tx| tx.imports().begin(&import).await).unwrap();
}

async fn advance(store: &Arc<dyn Store>, import: &Import, from: u64) -> bool {
    apply!(store, [import], |tx| tx
        .imports()
        .advance(&import, from)
        .await)
    .unwrap()
}

async fn tally(store: &Arc<dyn Store>, import: &Import) {
    apply!(store, [import], |tx| tx.imports().tally(&import).await).unwrap();
}

async fn stored(store: &Arc<dyn Store>, import: &Import) -> Option<Import> {
    store
        .read()
        .imports()
        .by_digest(&import.digest)
        .await
        .unwrap()
}

/// Each of its own file.
pub async fn an_import_comes_back_as_it_was(store: Arc<dyn Store>) {
    let (one, other) = (import(1), import(2));
    begin(&store, &one).await;
    assert_eq!(stored(&store, &one).await, Some(one));
    assert_eq!(stored(&store, &other).await, None);
}

/// What an earlier one has come to is forgotten.
pub async fn an_import_of_the_same_file_begins_anew(store: Arc<dyn Store>) {
    let mut first = import(1);
    first.finished_at = Some(at(3));
    begin(&store, &first).await;
    let again = Import {
        offset: 0,
        counts: ImportCounts::default(),
        ..import(1)
    };
    begin(&store, &again).await;
    assert_eq!(stored(&store, &again).await, Some(again));
}

/// And from nowhere else; a finished one takes none.
pub async fn a_step_is_taken_from_where_the_import_is(store: Arc<dyn Store>) {
    let mut import = import(1);
    begin(&store, &import).await;
    let from = import.counts.rows;
    import.counts.rows = 50;
    import.offset += 1;
    assert!(!advance(&store, &import, from - 1).await);
    assert!(advance(&store, &import, from).await);
    assert!(!advance(&store, &import, from).await);
    import.counts.added = 30;
    import.finished_at = Some(at(9));
    tally(&store, &import).await;
    assert_eq!(stored(&store, &import).await, Some(import.clone()));
    assert!(!advance(&store, &import, 50).await);
}

/// Two processes that import one file do not both write a row.
pub async fn of_sixteen_that_take_a_step_one_does(store: Arc<dyn Store>) {
    let mut step = import(1);
    begin(&store, &step).await;
    let from = step.counts.rows;
    step.counts.rows += 10;
    let took = race(|_| {
        let (store, step) = (Arc::clone(&store), step.clone());
        async move { advance(&store, &step, from).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
}
