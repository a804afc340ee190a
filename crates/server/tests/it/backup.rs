//! Backups while the server is busy, and restoring them (OPS-7).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, program, send};
use crate::running::command;

/// A name that stays, so that tokens hold after a start on another port.
const NAMED: (&str, &str) = ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com");

fn post(server: &Server, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    send(server.address, "POST", path, token, Some(body)).unwrap()
}

fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

fn register(server: &Server, email: &str) -> String {
    let (status, user) = post(server, "/api/v1/auth/register", None, &credentials(email));
    assert_eq!(status, 201, "{user}");
    user["userId"].as_str().unwrap().to_owned()
}

fn login(server: &Server, email: &str) -> (u16, Value) {
    post(server, "/api/v1/auth/login", None, &credentials(email))
}

fn tokens(server: &Server, email: &str) -> (String, String) {
    let (status, body) = login(server, email);
    assert_eq!(status, 200, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("accessToken"), text("refreshToken"))
}

fn code(answer: &(u16, Value)) -> (u16, String) {
    let code = answer.1["code"].as_str().unwrap_or_default().to_owned();
    (answer.0, code)
}

fn super_admin(folder: &Path) {
    let create = [
        "user",
        "create",
        "root@example.com",
        "--role",
        "super_admin",
        "--password-stdin",
    ];
    command(folder, &create, PASSWORD);
}

/// What a command says that refuses.
fn refused(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = program(folder, environment)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}: {said}");
    said
}

#[test]
fn ops7_a_backup_of_a_busy_server_is_whole_and_goes_where_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let environment = [
        NAMED,
        ("NTT_AUTH__BACKUP__DIRECTORY", backups.to_str().unwrap()),
        ("NTT_AUTH__BACKUP__KEEP", "2"),
    ];
    let server = Server::start(folder.path(), &environment);
    super_admin(folder.path());
    let (root, _) = tokens(&server, "root@example.com");
    register(&server, "ada@example.com");
    let (ada, _) = tokens(&server, "ada@example.com");
    let backup = "/api/v1/system/backup";
    assert_eq!(code(&post(&server, backup, None, &json!({}))).0, 401);
    assert_eq!(code(&post(&server, backup, Some(&ada), &json!({}))).0, 403);

    let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let to = folder.path().join("by-hand.db");
    let made = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let number = written.fetch_add(1, Ordering::Relaxed);
                register(&server, &format!("user{number}@example.com"));
            }
        });
        // v5.3.2: nothing that a client says becomes part of a path.
        let body = json!({ "to": "../../evil.db", "name": "evil" });
        let made = post(&server, backup, Some(&root), &body);
        let said = command(folder.path(), &["backup", "--to", to.to_str().unwrap()], "");
        stop.store(true, Ordering::Relaxed);
        assert!(said.contains("checked"), "{said}");
        made
    });
    let (status, made) = made;
    assert_eq!(status, 201, "{made}");
    let name = made["name"].as_str().unwrap();
    let mut names: Vec<_> = fs::read_dir(&backups)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [name.to_owned(), format!("{name}.json")]);
    for file in [&backups.join(name), &to] {
        assert!(is_private(file), "{}", file.display());
        let copy = rusqlite::Connection::open(file).unwrap();
        let count = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let users = count("SELECT COUNT(*) FROM users");
        assert!(users >= 2, "{users}");
        // One moment: whoever is there has the event that tells of it.
        let registered = "SELECT COUNT(*) FROM audit_events WHERE kind = 'registered'";
        assert_eq!(count(registered), users);
    }
    let said = refused(
        folder.path(),
        &["backup", "--to", to.to_str().unwrap()],
        &[],
    );
    assert!(said.contains("never overwrites"), "{said}");
}

/// The details of all events of a kind, oldest first.
fn details(folder: &Path, kind: &str) -> Vec<String> {
    let listed = command(folder, &["audit", "list", "--kind", kind, "--json"], "");
    let mut details: Vec<_> = listed
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["result"], "success");
            event["detail"].as_str().unwrap().to_owned()
        })
        .collect();
    details.reverse();
    details
}

#[test]
fn pro5_whoever_takes_a_copy_of_everybodys_data_is_on_the_trail() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    super_admin(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| command(folder.path(), arguments, "");
    run(&["backup", "--to", &path("by-hand.db")]);
    run(&["export", "--to", &path("users.jsonl")]);
    run(&["export", "--to", "-", "--format", "csv"]);
    run(&["export", "--to", "-", "--with-hashes"]);
    run(&["audit", "export", "--output", &path("trail.jsonl")]);
    run(&["user", "export", "root@example.com"]);
    assert_eq!(
        details(folder.path(), "backup_made"),
        ["operator, by-hand.db"]
    );
    assert_eq!(
        details(folder.path(), "users_exported"),
        [
            "operator, jsonl",
            "operator, csv",
            "operator, jsonl with password hashes"
        ]
    );
    assert_eq!(
        details(folder.path(), "audit_exported"),
        ["operator, jsonl"]
    );
    assert_eq!(details(folder.path(), "data_exported"), ["operator"]);

    // One that the server makes by itself is there as well.
    let environment = [
        ("NTT_AUTH__BACKUP__DIRECTORY", backups.to_str().unwrap()),
        ("NTT_AUTH__BACKUP__EVERY", "1 day"),
    ];
    let server = Server::start(folder.path(), &environment);
    let scheduled = loop {
        let made = details(folder.path(), "backup_made");
        if let Some(scheduled) = made.get(1) {
            break scheduled.clone();
        }
        std::thread::yield_now();
    };
    assert!(server.stop().success());
    let name = scheduled.strip_prefix("scheduled, ").unwrap();
    assert!(backups.join(name).exists(), "{scheduled}");

    // A database that waits for an upgrade is copied as it is: nothing is written into it.
    let database = folder.path().join("data").join("ntt-auth.db");
    let older = rusqlite::Connection::open(&database).unwrap();
    let forget = "DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)";
    assert_eq!(older.execute(forget, []).unwrap(), 1);
    let output = program(folder.path(), &[])
        .args(["backup", "--to", &path("older.db")])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("does not tell of this backup"), "{said}");
    let count = "SELECT COUNT(*) FROM audit_events WHERE kind = 'backup_made'";
    let noted: i64 = older.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(noted, 2);
}

#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

/// Puts a backup aside in which Ada and Bob are there and signed in.
struct Stage {
    folder: tempfile::TempDir,
    server: Server,
    backup: PathBuf,
    bob: String,
    ada: (String, String),
    signed_out: (String, String),
}

fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[NAMED]);
    super_admin(folder.path());
    register(&server, "ada@example.com");
    let bob = register(&server, "bob@example.com");
    let ada = tokens(&server, "ada@example.com");
    let signed_out = tokens(&server, "ada@example.com");
    let backup = folder.path().join("older.db");
    command(
        folder.path(),
        &["backup", "--to", backup.to_str().unwrap()],
        "",
    );
    Stage {
        folder,
        server,
        backup,
        bob,
        ada,
        signed_out,
    }
}

#[test]
fn ops7_a_restored_backup_signs_everybody_out_and_takes_nobody_for_a_thief() {
    let Stage {
        folder,
        server,
        backup,
        bob,
        ada,
        signed_out,
    } = stage();
    // What happens after the backup was made.
    let refresh = "/api/v1/auth/refresh";
    let (status, newer) = post(&server, refresh, None, &json!({ "refreshToken": ada.1 }));
    assert_eq!(status, 200);
    let logout = "/api/v1/auth/logout";
    assert_eq!(
        post(
            &server,
            logout,
            Some(&signed_out.0),
            &json!({ "refreshToken": signed_out.1 })
        )
        .0,
        204
    );
    register(&server, "eve@example.com");
    command(folder.path(), &["user", "erase", &bob, "--yes"], "");

    let from = ["restore", "--from", backup.to_str().unwrap()];
    let force = [from.as_slice(), &["--force", "--yes"]].concat();
    let said = refused(folder.path(), &force, &[]);
    assert!(said.contains("is in use"), "{said}");
    assert!(server.stop().success());
    let said = refused(folder.path(), &from, &[]);
    assert!(said.contains("--force"), "{said}");
    let said = command(folder.path(), &force, "");
    assert!(
        said.contains("Restored: 3 users") && said.contains("erased again"),
        "{said}"
    );

    let server = Server::start(folder.path(), &[NAMED]);
    let validate = "/api/v1/auth/validate";
    for access in [
        &ada.0,
        &signed_out.0,
        newer["accessToken"].as_str().unwrap(),
    ] {
        let (status, _) = send(server.address, "GET", validate, Some(access), None).unwrap();
        assert_eq!(status, 401, "no token from before is good");
    }
    for token in [
        &ada.1,
        &signed_out.1,
        newer["refreshToken"].as_str().unwrap(),
    ] {
        let answer = post(&server, refresh, None, &json!({ "refreshToken": token }));
        assert_eq!(code(&answer), (401, "refresh_token_invalid".to_owned()));
    }
    assert_eq!(login(&server, "ada@example.com").0, 200);
    assert_eq!(login(&server, "root@example.com").0, 200);
    for gone in ["bob@example.com", "eve@example.com"] {
        assert_eq!(login(&server, gone).0, 401, "{gone}");
    }
    assert!(server.stop().success());
    let database = folder.path().join("data").join("ntt-auth.db");
    let database = rusqlite::Connection::open(database).unwrap();
    let thefts: i64 = database
        .query_row(
            "SELECT COUNT(*) FROM audit_events WHERE kind = 'refresh_token_reused'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(thefts, 0);
    // What was there before is kept.
    let kept = fs::read_dir(folder.path().join("data"))
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("ntt-auth.db.replaced-")
        })
        .count();
    assert_eq!(kept, 1);
}

#[test]
fn ops7_what_is_damaged_foreign_or_without_its_key_is_not_restored() {
    let Stage {
        folder,
        server,
        backup,
        ..
    } = stage();
    assert!(server.stop().success());
    let data = folder.path().join("data");
    let before = fs::read(data.join("ntt-auth.db")).unwrap();
    let restore = [
        "restore",
        "--from",
        backup.to_str().unwrap(),
        "--force",
        "--yes",
    ];
    let foreign = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let said = refused(
        folder.path(),
        &restore,
        &[("NTT_AUTH__KEYS__MASTER_KEY", foreign)],
    );
    assert!(said.contains("another master key"), "{said}");

    let bytes = fs::read(&backup).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&backup, &damaged).unwrap();
    let said = refused(folder.path(), &restore, &[]);
    assert!(said.contains("damaged or was altered"), "{said}");
    fs::write(&backup, &bytes).unwrap();

    let manifest = PathBuf::from(format!("{}.json", backup.display()));
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"users\": 3", "\"users\": 2")).unwrap();
    let said = refused(folder.path(), &restore, &[]);
    assert!(said.contains("was altered"), "{said}");
    fs::remove_file(&manifest).unwrap();
    let said = refused(folder.path(), &restore, &[]);
    assert!(said.contains("manifest"), "{said}");
    fs::write(&manifest, text).unwrap();
    assert_eq!(
        fs::read(data.join("ntt-auth.db")).unwrap(),
        before,
        "nothing was touched"
    );

    // On an empty machine: not without the key, and then as it was.
    let empty = tempfile::tempdir().unwrap();
    let from = ["restore", "--from", backup.to_str().unwrap()];
    let said = refused(empty.path(), &from, &[]);
    assert!(said.contains("master key"), "{said}");
    assert!(!empty.path().join("data").join("master.key").exists());
    fs::create_dir_all(empty.path().join("data")).unwrap();
    fs::copy(
        data.join("master.key"),
        empty.path().join("data").join("master.key"),
    )
    .unwrap();
    command(empty.path(), &from, "");
    let listed = command(empty.path(), &["user", "list"], "");
    assert!(listed.contains("bob@example.com"), "{listed}");
}

/// The backup lies where others may write, and one of them changes it between the look at it and its copying.
#[cfg(unix)]
#[test]
fn what_is_restored_is_what_was_verified() {
    use std::io::Write as _;

    let Stage {
        folder,
        server,
        backup,
        ..
    } = stage();
    assert!(server.stop().success());
    let genuine = fs::read(&backup).unwrap();
    let altered = folder.path().join("altered.db");
    fs::rename(&backup, &altered).unwrap();
    let thieves = rusqlite::Connection::open(&altered).unwrap();
    let promoted = "UPDATE users SET role = 'super_admin' WHERE email = 'bob@example.com'";
    assert_eq!(thieves.execute(promoted, []).unwrap(), 1);
    thieves.close().unwrap();
    // Whoever reads a pipe waits for its writer, who first puts another file in its place.
    let piped = std::process::Command::new("mkfifo").arg(&backup).status();
    assert!(piped.unwrap().success());
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut pipe = fs::OpenOptions::new().write(true).open(&backup).unwrap();
            let (last, rest) = genuine.split_last().unwrap();
            pipe.write_all(rest).unwrap();
            fs::rename(&altered, &backup).unwrap();
            pipe.write_all(&[*last]).unwrap();
        });
        let from = backup.to_str().unwrap();
        let restore = ["restore", "--from", from, "--force", "--yes"];
        refused(folder.path(), &restore, &[])
    });
    assert!(said.contains("damaged or was altered"), "{said}");
    let bob = command(folder.path(), &["user", "show", "bob@example.com"], "");
    assert!(!bob.contains("super_admin"), "{bob}");
    let left: Vec<_> = fs::read_dir(folder.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restoring"))
        .collect();
    assert_eq!(left, [""; 0]);
}
