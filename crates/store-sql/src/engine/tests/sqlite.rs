//! What only SQLite can meet: files.

use std::path::Path;

use super::*;
use crate::engine::sqlite::Sqlite;

fn refusal(path: &Path) -> String {
    Sqlite::open(path).map(drop).unwrap_err().to_string()
}

/// Whoever may write everything (root) cannot see it.
#[cfg(unix)]
#[test]
fn a_file_that_may_only_be_read_is_refused_at_once() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Sqlite::open(&path).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    if std::fs::OpenOptions::new().write(true).open(&path).is_err() {
        let refused = refusal(&path);
        assert!(refused.contains("is read-only: give"), "{refused}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let first = Sqlite::open(&path).unwrap();
    write(&first, [(&TABLE, &[]), (&INSERT, &[1, 7])])
        .await
        .unwrap();
    drop(first);
    let second = Sqlite::open(&path).unwrap();
    assert_eq!(int(&second, &READ, &ints([1])).await, 7);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let _open = Sqlite::open(&path).unwrap();
    for file in ["x.db", "x.db-wal", "x.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let missing = refusal(&folder.path().join("no/such/x.db"));
    assert!(
        missing.contains("check that its directory exists"),
        "{missing}"
    );
    assert!(refusal(folder.path()).contains("cannot be opened"));
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is not a database ".repeat(100)).unwrap();
    let refused = refusal(&garbage);
    assert!(
        refused.contains("not a SQLite database") && refused.contains("garbage.db"),
        "{refused}"
    );
}

/// Runs `first` and `second` in one group: the first does not end before the second is queued.
async fn grouped(
    engine: &Sqlite,
    first: Step,
    second: Step,
) -> (Result<(), StoreError>, Result<(), StoreError>) {
    let queued = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = Arc::clone(&queued);
    let unit = doing(move |conn| {
        let waits = Arc::clone(&waits);
        Box::pin(async move {
            conn.execute(
                first.0,
                &first.1.iter().copied().map(Value::Int).collect::<Vec<_>>(),
            )
            .await?;
            let _ = waits.acquire().await;
            Ok(())
        })
    });
    // Polled in this order.
    let (first, second, ()) = futures::join!(run(engine, unit), write(engine, [second]), async {
        queued.close();
    });
    (first, second)
}

#[tokio::test]
async fn a_full_disk_fails_the_write_and_is_got_over() {
    static LIMIT: Statement = Statement::new("t.limit", "PRAGMA max_page_count = 16");
    static TABLE_OF_BYTES: Statement = Statement::new("w.table", "CREATE TABLE w (b BLOB)");
    static WIDE: Statement = Statement::new("w.insert", "INSERT INTO w (b) VALUES (zeroblob(?))");
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(&folder.path().join("x.db")).unwrap();
    write(&engine, [(&TABLE, &[]), (&TABLE_OF_BYTES, &[])])
        .await
        .unwrap();
    let unit = doing(|conn| {
        Box::pin(async move { conn.query(&LIMIT, &[]).await.map(drop).map_err(Into::into) })
    });
    run(&engine, unit).await.unwrap();
    // SQLite may undo the whole group; who could be kept is tried again.
    let (small, full) = grouped(&engine, (&INSERT, &[1, 1]), (&WIDE, &[1_000_000])).await;
    small.unwrap();
    let full = full.unwrap_err().to_string();
    assert!(full.contains("is full"), "{full}");
    write(&engine, [(&INSERT, &[2, 2])]).await.unwrap();
    assert_eq!(int(&engine, &COUNT, &[]).await, 2);
}

/// A foreign key that is checked at the commit makes the commit itself fail.
#[tokio::test]
async fn a_failed_commit_fails_the_whole_group_and_keeps_nothing() {
    static CHILD: Statement = Statement::new(
        "c.table",
        "CREATE TABLE c (t BIGINT NOT NULL REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    static ORPHAN: Statement = Statement::new("c.insert", "INSERT INTO c (t) VALUES (?)");
    static ORPHANS: Statement = Statement::new("c.count", "SELECT COUNT(*) FROM c");
    let engine = Sqlite::memory().unwrap();
    write(&engine, [(&TABLE, &[]), (&CHILD, &[])])
        .await
        .unwrap();
    let (sound, orphan) = grouped(&engine, (&INSERT, &[1, 1]), (&ORPHAN, &[404])).await;
    assert!(sound.is_err() && orphan.is_err(), "{sound:?} {orphan:?}");
    assert_eq!(int(&engine, &COUNT, &[]).await, 0);
    assert_eq!(int(&engine, &ORPHANS, &[]).await, 0);
    write(&engine, [(&INSERT, &[1, 1])]).await.unwrap();
    assert_eq!(int(&engine, &COUNT, &[]).await, 1);
}

#[tokio::test]
async fn a_damaged_file_is_told_from_a_defect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let engine = Sqlite::open(&path).unwrap();
    write(&engine, [(&TABLE, &[]), (&INSERT, &[1, 1])])
        .await
        .unwrap();
    drop(engine);
    // The first page, which holds the list of tables, stays.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.iter_mut().skip(4096).for_each(|byte| *byte = 0xa5);
    std::fs::write(&path, bytes).unwrap();
    let engine = Sqlite::open(&path).unwrap();
    let told = engine
        .query(&READ, &ints([1]))
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("damaged"), "{told}");
    let told = write(&engine, [(&INSERT, &[2, 2])])
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("damaged"), "{told}");
}

#[tokio::test]
async fn another_process_that_writes_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let (one, other) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    write(&one, [(&TABLE, &[]), (&INSERT, &[1, 0])])
        .await
        .unwrap();
    for _ in 0..50 {
        let (a, b) = futures::join!(
            write(&one, [(&ADD, &[1, 1])]),
            write(&other, [(&ADD, &[1, 1])])
        );
        a.and(b).unwrap();
    }
    assert_eq!(int(&one, &READ, &ints([1])).await, 100);
}

#[tokio::test]
async fn work_is_done_though_its_caller_went_away() {
    let engine = Arc::new(Sqlite::memory().unwrap());
    write(&*engine, [(&TABLE, &[])]).await.unwrap();
    drop(futures::FutureExt::now_or_never(write(
        &*engine,
        [(&INSERT, &[1, 1])],
    )));
    // Queued behind it.
    write(&*engine, [(&INSERT, &[2, 2])]).await.unwrap();
    assert_eq!(int(&*engine, &COUNT, &[]).await, 2);
}
