//! Commands without a server.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::process::{PASSWORD, program};

pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = program(folder, &[])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone before it is written to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn told(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(folder, arguments, input);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn refused(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(folder, arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        matches!(output.status.code(), Some(1 | 3..=5)),
        "{arguments:?}: {said}"
    );
    said
}

#[test]
fn accounts_are_made_listed_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let create = |email: &str, role: &str| {
        told(
            folder.path(),
            &["user", "create", email, "--role", role, "--password-stdin"],
            PASSWORD,
        )
    };
    assert!(create("ada@example.com", "user").contains("ada@example.com is user."));
    create("root@example.com", "super_admin");

    let listed = told(folder.path(), &["user", "list", "--json"], "");
    let users: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let emails: Vec<_> = users
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect();
    assert_eq!(emails, ["ada@example.com", "root@example.com"]);
    assert_eq!(users[0]["state"], "active");
    assert!(!listed.contains("$2b$"));

    told(
        folder.path(),
        &["user", "set-role", "ADA@example.com", "moderator"],
        "",
    );
    let table = told(folder.path(), &["user", "list", "--role", "moderator"], "");
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains("moderator   active"));

    let id = users[0]["userId"].as_str().unwrap();
    told(
        folder.path(),
        &["user", "set-password", id, "--password-stdin"],
        "Green-Turtle-88-swims\n",
    );
}

#[test]
fn what_is_wrong_with_an_account_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "not an address", "--password-stdin"];
    let said = refused(folder.path(), &create, "short");
    assert!(
        said.contains("  email: ") && said.contains("  password: "),
        "{said}"
    );
    told(
        folder.path(),
        &[
            "user",
            "create",
            "root@example.com",
            "--role",
            "super_admin",
            "--password-stdin",
        ],
        PASSWORD,
    );
    let said = refused(
        folder.path(),
        &["user", "create", "Root@Example.com", "--password-stdin"],
        PASSWORD,
    );
    assert!(said.contains("  email: "), "{said}");
    let said = refused(
        folder.path(),
        &["user", "set-role", "root@example.com", "user"],
        "",
    );
    assert!(said.contains("last super admin"), "{said}");
    let said = refused(
        folder.path(),
        &["user", "set-role", "nobody@example.com", "user"],
        "",
    );
    assert!(said.contains("there is no user"), "{said}");
    let said = refused(
        folder.path(),
        &[
            "user",
            "set-password",
            "root@example.com",
            "--password-stdin",
        ],
        "a",
    );
    assert!(said.contains("  password: "), "{said}");
    let said = refused(folder.path(), &["user", "create", "eve@example.com"], "");
    assert!(said.contains("--password-stdin"), "{said}");
    assert_eq!(
        run(
            folder.path(),
            &["user", "set-role", "root@example.com", "king"],
            ""
        )
        .status
        .code(),
        Some(2)
    );
}

#[test]
fn keys_are_listed_and_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let states = || -> Vec<String> {
        told(folder.path(), &["keys", "list", "--json"], "")
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["state"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(states(), ["current", "next"]);
    let said = refused(folder.path(), &["keys", "rotate"], "");
    assert!(said.contains("force"), "{said}");
    told(folder.path(), &["keys", "rotate", "--force"], "");
    assert_eq!(states(), ["retired", "current", "next"]);
    told(folder.path(), &["keys", "rotate", "--compromised"], "");
    assert_eq!(states(), ["current", "next"]);
}

#[test]
fn what_the_state_does_not_permit_is_told_with_its_cure_and_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ada = ["user", "create", "ada@example.com", "--no-password"];
    told(folder, &ada, "");
    told(folder, &["user", "delete", "ada@example.com"], "");
    let written = folder.join("there");
    std::fs::write(&written, "").unwrap();
    let written = written.to_str().unwrap();
    let id = "00000000-0000-7000-8000-000000000001";
    let cases: [(&[&str], i32, &str); 9] = [
        (
            &["user", "set-role", "ada@example.com", "guest"],
            3,
            "ada@example.com: the account is deleted",
        ),
        (
            &["user", "verify-email", "ada@example.com"],
            3,
            "`ntt-auth user restore`",
        ),
        (&["jobs", "retry", "nothing"], 3, "`ntt-auth jobs list`"),
        (&["jobs", "remove", id], 3, "no such job"),
        (&["keys", "rotate"], 4, "--force"),
        (&["backup", "--to", written], 4, "is there already"),
        (&["export", "--to", written], 4, "is there already"),
        (
            &["audit", "export", "--output", written],
            4,
            "is there already",
        ),
        (
            &["audit", "verify", "--checkpoint", "nothing"],
            1,
            "neither a checkpoint nor a file",
        ),
    ];
    for (arguments, status, why) in cases {
        let output = run(folder, arguments, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(!said.contains("unavailable"), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    }
    // Nobody is asked about nobody.
    let output = run(folder, &["user", "suspend", "--all", "--role", "guest"], "");
    assert!(output.status.success());
    assert_eq!(output.stderr, b"No account fits.\n");
}

#[test]
fn migration_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    assert!(told(folder.path(), &["migrate"], "").contains("brought up to date"));
    assert_eq!(
        told(folder.path(), &["migrate"], ""),
        "The database is up to date.\n"
    );
}

#[test]
fn the_configuration_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        told(folder.path(), &["config", "check"], ""),
        "The configuration is valid (profile test).\n"
    );
    let shown = told(
        folder.path(),
        &["config", "print", "--set", "http.max_body=70000"],
        "",
    );
    assert!(shown.contains("max_body = 70000  # flag --set"), "{shown}");
    assert!(
        shown.contains("bcrypt_cost = 4  # environment NTT_AUTH__PASSWORD__BCRYPT_COST"),
        "{shown}"
    );
    let shown: Value =
        serde_json::from_str(&told(folder.path(), &["config", "print", "--json"], "")).unwrap();
    assert_eq!(shown["http.listen"]["value"], "127.0.0.1:0");
    let schema: Value =
        serde_json::from_str(&told(folder.path(), &["config", "schema"], "")).unwrap();
    assert_eq!(schema["type"], "object");
    let said = refused(
        folder.path(),
        &["config", "check", "--set", "http.listen=nowhere"],
        "",
    );
    assert!(said.contains("http.listen (flag --set)"), "{said}");
    assert!(!folder.path().join("data").exists(), "nothing is touched");
}

#[test]
fn the_api_is_described_without_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    let document: Value = serde_json::from_str(&told(folder.path(), &["openapi"], "")).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(!folder.path().join("data").exists());
    assert!(told(folder.path(), &["--version"], "").starts_with("ntt-auth 0."));
}

#[test]
fn ops10_jobs_of_a_newer_program_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    told(folder.path(), &["migrate"], "");
    let database = folder.path().join("data").join("ntt-auth.db");
    let insert = "INSERT INTO jobs (id, kind, topic, payload, state, attempts, due_at, created_at) \
                  VALUES (x'00000000000070008000000000000001', 'call_webhook', 'user.created', x'', 'waiting', 0, 0, 0)";
    let store = rusqlite::Connection::open(database).unwrap();
    assert_eq!(store.execute(insert, []).unwrap(), 1);
    let listed = told(folder.path(), &["jobs", "list", "--json"], "");
    let job: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&"call_webhook".into(), &"waiting".into())
    );
    let listed = told(folder.path(), &["jobs", "list"], "");
    assert!(listed.contains("user.created"), "{listed}");
}
