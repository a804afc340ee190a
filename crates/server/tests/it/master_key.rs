//! Replacing the master key (TOK-3): nothing that stands on it is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, program, send};

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const KEY: &str = "NTT_AUTH__KEYS__MASTER_KEY";
const PREVIOUS: &str = "NTT_AUTH__KEYS__PREVIOUS_MASTER_KEY";
/// A name that stays, so that tokens hold after a start on another port.
const NAMED: (&str, &str) = ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com");

/// The configuration with the old key, with both, with the new one.
const BEFORE: &[(&str, &str)] = &[NAMED, (KEY, OLD)];
const BETWEEN: &[(&str, &str)] = &[NAMED, (KEY, NEW), (PREVIOUS, OLD)];
const AFTER: &[(&str, &str)] = &[NAMED, (KEY, NEW)];

fn run(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    program(folder, environment)
        .args(arguments)
        .output()
        .unwrap()
}

fn told(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(folder, environment, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(folder, environment, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v1/auth/{path}");
    send(server.address, "POST", &path, None, Some(body)).unwrap()
}

fn validates(server: &Server, tokens: &Value) -> bool {
    let (path, access) = ("/api/v1/auth/validate", tokens["accessToken"].as_str());
    send(server.address, "GET", path, access, None).unwrap().0 == 200
}

fn refreshed(server: &Server, tokens: &Value) -> Value {
    let (status, newer) = post(
        server,
        "refresh",
        &json!({ "refreshToken": tokens["refreshToken"] }),
    );
    assert_eq!(status, 200, "{newer}");
    newer
}

/// Ada, signed in, and a link that was sent to her.
fn ada(folder: &Path, server: &Server) -> (Value, String) {
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    assert_eq!(post(server, "register", &credentials).0, 201);
    let (status, tokens) = post(server, "login", &credentials);
    assert_eq!(status, 200, "{tokens}");
    let link = told(
        folder,
        BEFORE,
        &["user", "reset-password", "ada@example.com", "--link"],
    );
    let (_, token) = link.trim().split_once("token=").unwrap();
    (tokens, token.to_owned())
}

#[test]
fn tok3_the_master_key_is_replaced_beside_a_running_server_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, BEFORE);
    let (tokens, link) = ada(folder, &server);
    let keys = told(folder, BEFORE, &["keys", "list"]);

    // The new key alone opens nothing, and a command with it writes nothing.
    for arguments in [&["serve"][..], &["user", "list"], &["keys", "rewrap"]] {
        let said = refused(folder, AFTER, arguments);
        assert!(said.contains("under another master key"), "{said}");
        assert!(!said.contains(NEW) && !said.contains(OLD), "{said}");
    }
    let said = told(folder, BETWEEN, &["config", "check"]);
    assert!(
        said.contains("still sealed") && said.contains("keys rewrap"),
        "{said}"
    );

    let said = told(folder, BETWEEN, &["keys", "rewrap"]);
    assert!(
        said.contains("1 of 1") && said.contains("Remove keys.previous_master_key"),
        "{said}"
    );
    assert!(!said.contains("leaked"), "{said}");
    // Once is enough, and twice does no harm.
    let again = told(folder, BETWEEN, &["keys", "rewrap", "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again, json!({ "resealed": 0, "rootIsMasterKey": false }));
    let said = told(folder, BETWEEN, &["config", "check"]);
    assert!(said.contains("needed no more"), "{said}");
    let said = refused(folder, BEFORE, &["user", "list"]);
    assert!(said.contains("under another master key"), "{said}");

    // The server that runs has noticed nothing; the next one begins with the new key.
    assert!(validates(&server, &tokens));
    let tokens = refreshed(&server, &tokens);
    assert!(server.stop().success());
    let server = Server::start(folder, AFTER);
    assert!(validates(&server, &tokens));
    let tokens = refreshed(&server, &tokens);
    assert_eq!(told(folder, AFTER, &["keys", "list"]), keys);
    let chosen = json!({ "token": link, "newPassword": "Green-Turtle-88-swims" });
    assert_eq!(post(&server, "reset-password", &chosen).0, 204);
    assert!(server.stop().success());

    let verified = told(folder, AFTER, &["audit", "verify"]);
    assert!(verified.contains("verified in"), "{verified}");
    let noted = told(
        folder,
        AFTER,
        &["audit", "list", "--kind", "master_key_replaced", "--json"],
    );
    let noted: Value = serde_json::from_str(&noted).unwrap();
    assert_eq!(noted["detail"], "operator");
    // The erased stay erased: their log is verified by the same secret.
    told(
        folder,
        AFTER,
        &["user", "erase", "ada@example.com", "--yes"],
    );
    let server = Server::start(folder, AFTER);
    assert!(!validates(&server, &tokens));
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.contains("not written by this installation"), "{log}");
}

#[test]
fn tok3_a_server_opens_with_either_key_and_says_what_is_left_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, BEFORE);
    let (tokens, _) = ada(folder, &server);
    assert!(server.stop().success());
    let log = || fs::read_to_string(folder.join("log")).unwrap();

    let server = Server::start(folder, BETWEEN);
    let tokens = refreshed(&server, &tokens);
    assert!(server.stop().success());
    assert!(
        log().contains("still sealed under keys.previous_master_key"),
        "{}",
        log()
    );
    assert!(!log().contains("needed no more"));
    // Until the command is given, there is a way back.
    let server = Server::start(folder, BEFORE);
    let tokens = refreshed(&server, &tokens);
    assert!(server.stop().success());

    told(folder, BETWEEN, &["keys", "rewrap"]);
    let server = Server::start(folder, BETWEEN);
    refreshed(&server, &tokens);
    assert!(server.stop().success());
    assert!(log().contains("needed no more"), "{}", log());
}

#[test]
fn ops7_a_backup_from_before_is_restored_with_the_key_it_was_made_under() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, BEFORE);
    ada(folder, &server);
    assert!(server.stop().success());
    let backup = |name: &str, environment: &[(&str, &str)]| -> PathBuf {
        let to = folder.join(name);
        told(
            folder,
            environment,
            &["backup", "--to", to.to_str().unwrap()],
        );
        to
    };
    let older = backup("older.db", BEFORE);
    told(folder, BETWEEN, &["keys", "rewrap"]);
    let newer = backup("newer.db", AFTER);

    let restore = |from: &Path, environment: &[(&str, &str)]| {
        let empty = tempfile::tempdir().unwrap();
        let arguments = ["restore", "--from", from.to_str().unwrap()];
        let output = run(empty.path(), environment, &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        let restored = output.status.success().then_some(empty);
        restored.ok_or(said)
    };
    let said = restore(&older, AFTER).unwrap_err();
    assert!(said.contains("another master key"), "{said}");
    let said = restore(&newer, BEFORE).unwrap_err();
    assert!(said.contains("another master key"), "{said}");
    for (from, environment) in [
        (&older, BEFORE),
        (&older, BETWEEN),
        (&newer, AFTER),
        (&newer, BETWEEN),
    ] {
        let restored = restore(from, environment).unwrap();
        let listed = told(restored.path(), environment, &["user", "list"]);
        assert!(listed.contains("ada@example.com"), "{listed}");
        let verified = told(restored.path(), environment, &["audit", "verify"]);
        assert!(verified.contains("verified in"), "{verified}");
    }
    // What was restored from before the change goes the same way once more.
    let restored = restore(&older, BETWEEN).unwrap();
    told(restored.path(), BETWEEN, &["keys", "rewrap"]);
    told(restored.path(), AFTER, &["user", "list"]);
}

#[test]
fn tok3_a_reset_test_server_keeps_its_root_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[NAMED]);
    let reset = "/api/v1/test/reset";
    let (status, _) = send(server.address, "POST", reset, None, Some(&json!({}))).unwrap();
    assert_eq!(status, 200);
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    assert_eq!(post(&server, "register", &credentials).0, 201);
    let (_, tokens) = post(&server, "login", &credentials);
    assert!(server.stop().success());
    let server = Server::start(folder.path(), &[NAMED]);
    assert!(validates(&server, &tokens));
    refreshed(&server, &tokens);
}
