//! Accounts and sessions from the command line.

use std::path::Path;

use serde_json::{Value, json};

use crate::commands::{refused, run, told};
use crate::process::{PASSWORD, Server, send};

fn status(folder: &Path, arguments: &[&str]) -> i32 {
    run(folder, arguments, PASSWORD).status.code().unwrap()
}

fn objects(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    told(folder, arguments, PASSWORD)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn made(folder: &Path, emails: &[&str]) {
    for email in emails {
        told(
            folder,
            &["user", "create", email, "--password-stdin"],
            PASSWORD,
        );
    }
}

fn emails(users: &[Value]) -> Vec<&str> {
    users
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect()
}

#[test]
fn accounts_are_shown_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let create = [
        "user",
        "create",
        "ada@example.com",
        "--no-password",
        "--json",
    ];
    assert_eq!(objects(folder, &create)[0]["hasPassword"], false);
    let update = [
        "user",
        "update",
        "ada@example.com",
        "--first-name",
        "Ada",
        "--last-name",
        "Lovelace",
        "--username",
        "countess",
        "--metadata",
        r#"{"plan":"free"}"#,
        "--json",
    ];
    let updated = objects(folder, &update);
    assert_eq!(updated[0]["lastName"], "Lovelace");
    assert_eq!(updated[0]["metadata"]["plan"], "free");
    let clear = [
        "user",
        "update",
        "countess",
        "--first-name",
        "",
        "--metadata",
        "",
    ];
    told(folder, &clear, "");
    let shown = objects(folder, &["user", "show", "countess", "--json"]);
    assert_eq!(
        (&shown[0]["firstName"], &shown[0]["metadata"]),
        (&Value::Null, &json!({}))
    );
    let shown = told(folder, &["user", "show", "countess"], "");
    assert!(shown.contains("lastName          Lovelace\n"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains("firstName"));
}

#[test]
fn accounts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made(
        folder,
        &["ada@example.com", "bob@example.com", "eve@other.example"],
    );
    let name = [
        "user",
        "update",
        "ada@example.com",
        "--last-name",
        "Lovelace",
    ];
    told(folder, &name, "");
    let found = |more: &[&str], expected: &[&str]| {
        let list = ["user", "list", "--json", "--sort", "email"];
        let users = objects(folder, &[&list[..], more].concat());
        assert_eq!(emails(&users), expected, "{more:?}");
    };
    let (ada, bob, eve) = ("ada@example.com", "bob@example.com", "eve@other.example");
    found(&["-q", "LOVE ada"], &[ada]);
    found(&["--search", "@example.com", "--limit", "1"], &[ada]);
    found(&["--reverse", "--limit", "1"], &[eve]);
    found(&["--verified"], &[]);
    found(&["--verified=false", "--role", "user"], &[ada, bob, eve]);
    found(&["--created-after", "2100-01-01T00:00:00Z"], &[]);
    found(&["--state", "suspended"], &[]);
    told(folder, &["user", "suspend", bob], "");
    told(folder, &["user", "delete", eve], "");
    found(&["--state", "suspended"], &[bob]);
    found(&["--state", "deleted"], &[eve]);
    found(&["--state", "active"], &[ada]);
    found(&[], &[ada, bob]);
    found(&["--deleted"], &[ada, bob, eve]);
}

#[test]
fn the_same_is_done_to_several_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made(folder, &["a@example.com", "b@example.com", "c@example.com"]);
    let suspend = [
        "user",
        "suspend",
        "a@example.com",
        "B@example.com",
        "--until",
        "2100-01-01T00:00:00Z",
        "--reason",
        "Spam.",
    ];
    let said = told(folder, &suspend, "");
    let until = "is suspended until 2100-01-01T00:00:00.000Z";
    assert_eq!(said.matches(until).count(), 2, "{said}");
    let shown = objects(folder, &["user", "show", "a@example.com", "--json"]);
    assert_eq!(shown[0]["suspensionReason"], "Spam.");

    // What fails for one is told and leaves the others done.
    let reactivate = [
        "user",
        "reactivate",
        "c@example.com",
        "a@example.com",
        "nobody@example.com",
    ];
    let output = run(folder, &reactivate, "");
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(out.contains("a@example.com is active"), "{out}");
    assert!(err.contains("nobody@example.com"), "{err}");
    assert!(err.contains("not suspended"), "{err}");
    assert_eq!(output.status.code(), Some(3));

    // A filter is a question first.
    let all = ["user", "delete", "--all", "--role", "user"];
    let said = refused(folder, &all, "");
    assert!(said.contains("3 accounts fit"), "{said}");
    assert!(said.contains("--yes"), "{said}");
    let done = objects(folder, &[&all[..], &["--yes", "--json"]].concat());
    assert_eq!(done.len(), 3);
    assert!(done.iter().all(|user| user["state"] == "deleted"));
    let restore = [
        "user",
        "restore",
        "--all",
        "--search",
        "b@example.com",
        "--yes",
    ];
    told(folder, &restore, "");
    let left = objects(folder, &["user", "list", "--json"]);
    assert_eq!(emails(&left), ["b@example.com"]);
    let moved = told(
        folder,
        &["user", "set-role", "b@example.com", "moderator"],
        "",
    );
    assert!(moved.contains("b@example.com is moderator."), "{moved}");
}

#[test]
fn figures_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made(folder, &["a@example.com", "b@example.com"]);
    told(folder, &["user", "suspend", "b@example.com"], "");
    let stats = &objects(folder, &["stats", "--days", "2", "--json"])[0];
    assert_eq!(stats["accounts"]["total"], 2);
    assert_eq!(stats["accounts"]["suspended"], 1);
    assert_eq!(stats["accounts"]["byRole"]["user"], 2);
    assert_eq!(stats["days"].as_array().unwrap().len(), 2);
    assert_eq!(stats["openSessions"], 0);
    let text = told(folder, &["stats"], "");
    assert!(
        text.contains("suspended") && text.lines().count() > 30,
        "{text}"
    );
    assert_eq!(status(folder, &["stats", "--days", "0"]), 2);
}

#[test]
fn sessions_are_listed_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made(folder, &["ada@example.com"]);
    let server = Server::start(folder, &[]);
    let tokens: Vec<Value> = (0..3)
        .map(|_| {
            let body =
                json!({ "email": "ada@example.com", "password": PASSWORD, "deviceName": "Ada's" });
            let path = "/api/v1/auth/login";
            send(server.address, "POST", path, None, Some(&body))
                .unwrap()
                .1
        })
        .collect();
    let list = || objects(folder, &["session", "list", "ada@example.com", "--json"]);
    assert_eq!(list().len(), 3);
    assert_eq!(list()[0]["deviceName"], "Ada's");
    let table = told(folder, &["session", "list", "ada@example.com"], "");
    assert_eq!(table.lines().count(), 4);
    let id = tokens[0]["sessionId"].as_str().unwrap();
    told(folder, &["session", "end", id], "");
    assert_eq!(status(folder, &["session", "end", id]), 3);
    assert_eq!(status(folder, &["session", "end", "x"]), 3);
    assert_eq!(list().len(), 2);
    told(folder, &["session", "end-all", "ada@example.com"], "");
    assert_eq!(list().len(), 0);
    // The running server learns of it by itself; it looks several times a second.
    let access = tokens[1]["accessToken"].as_str();
    let validate = "/api/v1/auth/validate";
    while send(server.address, "GET", validate, access, None)
        .unwrap()
        .0
        != 401
    {
        std::thread::yield_now();
    }
}

/// docs/CLI.md lists them.
#[test]
fn each_kind_of_failure_has_its_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made(folder, &["ada@example.com"]);
    for (expected, arguments) in [
        (0, &["user", "show", "ada@example.com"][..]),
        (1, &["user", "list", "--set", "http.max_body=none"]),
        (2, &["user", "paint", "ada@example.com"]),
        (2, &["user", "suspend"]),
        (2, &["user", "suspend", "--all"]),
        (2, &["user", "suspend", "ada@example.com", "--role", "user"]),
        (2, &["user", "update", "ada@example.com"]),
        (3, &["user", "show", "nobody@example.com"]),
        (3, &["user", "suspend", "nobody@example.com"]),
        (4, &["user", "reactivate", "ada@example.com"]),
        (4, &["user", "set-role", "ada@example.com", "user"]),
        (4, &["user", "delete", "--all", "--role", "user"]),
        (5, &["user", "create", "no address", "--no-password"]),
        (5, &["user", "create", "ADA@example.com", "--no-password"]),
        (5, &["user", "update", "ada@example.com", "--phone", "1"]),
        (
            5,
            &["user", "update", "ada@example.com", "--metadata", "[]"],
        ),
        (
            5,
            &[
                "user",
                "suspend",
                "ada@example.com",
                "--until",
                "2001-01-01T00:00:00Z",
            ],
        ),
        (5, &["user", "list", "--created-after", "yesterday"]),
    ] {
        assert_eq!(status(folder, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(folder, &["completions", shell], "");
        assert!(script.contains("set-role"), "{shell}");
    }
    let page = told(folder, &["man"], "");
    assert!(page.contains(".TH ntt-auth 1"), "{page}");
    told(folder, &["man", "--into", "pages"], "");
    let page = std::fs::read_to_string(folder.join("pages/ntt-auth-user-suspend.1")).unwrap();
    assert!(page.contains("until"), "{page}");
    assert!(!folder.join("data").exists());
}
