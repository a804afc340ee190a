//! What only SQLite can meet: files.

use std::path::Path;

use super::*;
use crate::engine::sqlite::Sqlite;

fn refusal(path: &Path) -> String {
    Sqlite::open(path).map(drop).unwrap_err().to_string()
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

#[tokio::test]
async fn a_full_disk_fails_the_write_and_is_got_over() {
    static LIMIT: Statement = Statement::new("t.limit", "PRAGMA max_page_count = 16");
    static WIDE: Statement = Statement::new("w.insert", "INSERT INTO w (b) VALUES (zeroblob(?))");
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(&folder.path().join("x.db")).unwrap();
    write(&engine, [(&TABLE, &[])]).await.unwrap();
    let unit = doing(|conn| {
        Box::pin(async move {
            conn.execute(&Statement::new("w.table", "CREATE TABLE w (b BLOB)"), &[])
                .await?;
            conn.query(&LIMIT, &[]).await?;
            Ok(())
        })
    });
    run(&engine, unit).await.unwrap();
    let (small, full) = futures::join!(
        write(&engine, [(&INSERT, &[1, 1])]),
        write(&engine, [(&WIDE, &[1_000_000])])
    );
    small.unwrap();
    let full = full.unwrap_err().to_string();
    assert!(full.contains("full"), "{full}");
    write(&engine, [(&INSERT, &[2, 2])]).await.unwrap();
    assert_eq!(int(&engine, &COUNT, &[]).await, 2);
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
