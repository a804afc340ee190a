//! Moving an installation from one database to another (ENG-1).

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use ntt_auth_core::store::ManagedStore;
use ntt_auth_core::store::portable::Table;
use ntt_auth_store_mongo::MongoStore;
use ntt_auth_store_sql::SqlStore;
use ntt_auth_test_database::{self as database, Database};
use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, program, send};
use crate::running::command;

/// A name that stays, so that tokens hold after a start on another port.
const NAMED: (&str, &str) = ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com");
const URL: &str = "NTT_AUTH__DATABASE__URL";

fn post(server: &Server, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    send(server.address, "POST", path, token, Some(body)).unwrap()
}

fn credentials() -> Value {
    json!({ "email": "ada@example.com", "password": PASSWORD })
}

fn login(server: &Server) -> Value {
    let (status, tokens) = post(server, "/api/v1/auth/login", None, &credentials());
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn refresh(server: &Server, tokens: &Value) -> (u16, Value) {
    let body = json!({ "refreshToken": tokens["refreshToken"] });
    post(server, "/api/v1/auth/refresh", None, &body)
}

fn is_valid(server: &Server, tokens: &Value) -> bool {
    let token = tokens["accessToken"].as_str();
    let (status, _) = send(server.address, "GET", "/api/v1/auth/validate", token, None).unwrap();
    status == 200
}

/// Where to go, one after another; the last one is SQLite again.
fn stations() -> Vec<(&'static str, Database)> {
    let stations = [
        ("PostgreSQL", database::Server::Postgres.database()),
        ("MongoDB", database::Server::Mongodb.database()),
        ("MySQL", database::Server::Mariadb.database()),
        ("MySQL", database::Server::Mysql8.database()),
        ("SQLite", Some(database::sqlite_file())),
    ];
    let there = stations.into_iter();
    there
        .filter_map(|(name, found)| Some((name, found?)))
        .collect()
}

fn copy(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    program(folder, environment)
        .arg("copy")
        .args(arguments)
        .output()
        .unwrap()
}

fn copied(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let output = copy(folder, &[arguments, &["--json"]].concat(), environment);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["equal"], true);
    assert_eq!(report["source"], report["target"]);
    report
}

/// The status, and what was said.
fn refused(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let output = copy(folder, arguments, environment);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn whoever_is_signed_in_stays_signed_in_from_engine_to_engine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut server = Server::start(folder, &[NAMED]);
    let (status, _) = post(&server, "/api/v1/auth/register", None, &credentials());
    assert_eq!(status, 201);
    let mut ada = login(&server);
    let ended = login(&server);
    let token = ended["accessToken"].as_str();
    assert_eq!(
        post(&server, "/api/v1/auth/logout", token, &json!({})).0,
        204
    );
    let file = format!(
        "sqlite:{}",
        folder.join("data").join("ntt-auth.db").display()
    );
    let (mut here, mut engine) = (file, "SQLite");
    let stations = stations();
    for (name, station) in &stations {
        assert!(server.stop().success());
        // Whatever holds a password is read from a file or the environment.
        let to = folder.join("to");
        fs::write(&to, format!("{}\n", station.url)).unwrap();
        let arguments = ["--to-file", to.to_str().unwrap()];
        let report = copied(folder, &arguments, &[NAMED, (URL, &here)]);
        assert_eq!(
            (&report["from"], &report["to"]),
            (&json!(engine), &json!(name))
        );
        assert_eq!(report["resumed"], false);
        (here, engine) = (station.url.clone(), name);

        let environment = [NAMED, (URL, here.as_str())];
        server = Server::start(folder, &environment);
        assert!(is_valid(&server, &ada), "{name}");
        assert!(
            !is_valid(&server, &ended),
            "{name}: what was revoked stays revoked"
        );
        assert_eq!(refresh(&server, &ended).0, 401, "{name}");
        let (status, tokens) = refresh(&server, &ada);
        assert_eq!(status, 200, "{name}: {tokens}");
        ada = tokens;
        login(&server);
        let verified = program(folder, &environment)
            .args(["audit", "verify"])
            .output()
            .unwrap();
        assert!(verified.status.success(), "{name}");
        let told = program(folder, &environment)
            .args(["audit", "list", "--kind", "backup_made", "--json"])
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(
            told.contains(&format!("operator, copy to {name}")),
            "{told}"
        );
    }
}

async fn opened(url: &str) -> Box<dyn ManagedStore> {
    if url.starts_with("mongodb:") {
        Box::new(MongoStore::open(url).await.unwrap())
    } else {
        Box::new(SqlStore::open(url).await.unwrap())
    }
}

/// Makes so many accounts, quicker than people do.
fn crowd(folder: &Path, count: u32) {
    let database = rusqlite::Connection::open(folder.join("data").join("ntt-auth.db")).unwrap();
    let insert = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
        INSERT INTO users (id, email, email_folded, metadata, role, token_version, last_login_at, created_at, updated_at, revision) \
        SELECT randomblob(16), i || '@crowd.example', i || '@crowd.example', '{\"🚀\":1}', 'user', 0, 0, 1700000000000 + i, 0, 0 FROM n";
    database.execute(insert, [count]).unwrap();
}

#[test]
fn a_copy_that_is_killed_is_no_database_to_start_on_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    command(
        folder,
        &["user", "create", "root@example.com", "--password-stdin"],
        PASSWORD,
    );
    crowd(folder, 12_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (name, station) in stations() {
        let to = ["--to", station.url.as_str()];
        let mut child = program(folder, &[])
            .arg("copy")
            .args(to)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let store = runtime.block_on(opened(&station.url));
        let store = store.portable();
        let begun = loop {
            assert_eq!(child.try_wait().unwrap(), None, "{name}: it was quicker");
            // Until the first of them has made its tables, there is nothing to be asked.
            if let Ok(Some(begun)) = runtime.block_on(store.copying())
                && begun.progress.rows >= 500
            {
                break begun;
            }
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(begun.progress.table, "users", "{name}");

        let served = program(folder, &[(URL, &station.url)])
            .arg("serve")
            .output()
            .unwrap();
        let said =
            String::from_utf8(served.stderr).unwrap() + &String::from_utf8_lossy(&served.stdout);
        assert!(!served.status.success(), "{name}");
        assert!(said.contains("is a copy that is not complete"), "{said}");
        let (status, said) = refused(
            folder,
            &["--from", &station.url, "--to", "sqlite:other.db"],
            &[],
        );
        assert_eq!(status, 4, "{said}");
        assert!(
            said.contains("itself a copy that is not complete"),
            "{said}"
        );

        let users = Table::named("users").unwrap();
        let before = runtime.block_on(store.count(users)).unwrap();
        assert!((500..12_000).contains(&before), "{name}: {before}");
        let report = copied(folder, &to, &[]);
        assert_eq!(report["resumed"], true, "{name}");
        assert_eq!(
            runtime.block_on(store.count(users)).unwrap(),
            12_001,
            "{name}"
        );
        assert_eq!(runtime.block_on(store.copying()).unwrap(), None);
        let listed = program(folder, &[(URL, &station.url)])
            .args(["user", "show", "root@example.com"])
            .output()
            .unwrap();
        assert!(listed.status.success(), "{name}");
    }
}

#[test]
fn what_cannot_be_copied_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let says = |arguments: &[&str], status: i32, word: &str| {
        let (found, said) = refused(folder, arguments, &[]);
        assert!(said.contains(word), "{arguments:?}: {said}");
        assert_eq!(found, status, "{arguments:?}: {said}");
    };
    let to = ["--to", "sqlite:copy.db"];
    says(&to, 3, "is not there");
    assert!(!folder.join("data").join("ntt-auth.db").exists());
    command(folder, &["migrate"], "");
    says(&to, 4, "no server has ever started on it");
    command(
        folder,
        &["user", "create", "root@example.com", "--password-stdin"],
        PASSWORD,
    );
    says(&[], 2, "--to");
    says(&["--to", "sqlite:data/ntt-auth.db"], 2, "the same database");
    says(
        &["--to", "sqlite:data/../data/ntt-auth.db"],
        2,
        "the same database",
    );
    says(&["--to", "sqlite::memory:"], 5, "ends with this command");
    says(&["--to", "oracle://x"], 5, "--to");
    says(
        &["--to", "sqlite:a.db", "--to-file", "b"],
        2,
        "cannot be used with",
    );
    says(&["--to-file", "missing"], 1, "cannot be read");
    says(
        &["--to", "sqlite:copy.db", "--restart", "--yes"],
        4,
        "no unfinished copy",
    );
    copied(folder, &to, &[]);
    says(&to, 4, "name a new database");

    // An older database is brought up to date by whoever knows it, not by a copy.
    let older = rusqlite::Connection::open(folder.join("copy.db")).unwrap();
    let forget = "DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)";
    assert_eq!(older.execute(forget, []).unwrap(), 1);
    says(&to, 4, "older version");
    says(
        &["--from", "sqlite:copy.db", "--to", "sqlite:next.db"],
        4,
        "older version",
    );

    // From the environment, which others do not see, and without the key there is no note.
    let elsewhere = tempfile::tempdir().unwrap();
    let from = format!(
        "sqlite:{}",
        folder.join("data").join("ntt-auth.db").display()
    );
    let output = copy(
        elsewhere.path(),
        &[],
        &[
            ("NTT_AUTH_COPY_FROM", &from),
            ("NTT_AUTH_COPY_TO", "sqlite:here.db"),
        ],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("does not tell of this copy"), "{said}");
    assert!(!elsewhere.path().join("data").join("master.key").exists());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("the same on both sides"), "{said}");
}

#[test]
fn a_source_that_is_written_meanwhile_is_no_end_but_a_new_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    command(
        folder,
        &["user", "create", "root@example.com", "--password-stdin"],
        PASSWORD,
    );
    crowd(folder, 4_000);
    let target = folder.join("copy.db");
    let to = ["--to", "sqlite:copy.db"];
    let child = program(folder, &[])
        .arg("copy")
        .args(to)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = "SELECT row_count FROM copying WHERE row_count >= 500 OR place <> 'users'";
    let is_begun = || {
        let target = rusqlite::Connection::open(&target).ok()?;
        target.query_row(begun, [], |row| row.get::<_, i64>(0)).ok()
    };
    while !target.exists() || is_begun().is_none() {
        std::thread::yield_now();
    }
    // Somebody signs in, as on a server that was forgotten.
    command(
        folder,
        &["user", "create", "late@example.com", "--password-stdin"],
        PASSWORD,
    );
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("stop every server"), "{said}");
    let (status, said) = refused(folder, &to, &[]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("--restart"), "{said}");
    let report = copied(
        folder,
        &["--to", "sqlite:copy.db", "--restart", "--yes"],
        &[],
    );
    let users = &report["tables"][0];
    assert_eq!(
        (&users["name"], &users["target"]["rows"]),
        (&json!("users"), &json!(4_002))
    );
}
