//! `ntt-auth doctor`: each thing that can be wrong is made wrong, and is named with its cure.

use std::fs;
use std::path::Path;

use ntt_auth_test_database::{self as database, Database};
use serde_json::Value;

use crate::process::{PASSWORD, Server, program};
use crate::running::command;

const URL: &str = "NTT_AUTH__DATABASE__URL";

/// The findings, and whether all is well.
fn doctor(folder: &Path, environment: &[(&str, &str)]) -> (Vec<Value>, bool) {
    let output = program(folder, environment)
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let findings = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    (findings, output.status.success())
}

/// What it fails: the names, and what is said of them.
fn failed(folder: &Path, environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let (findings, is_well) = doctor(folder, environment);
    let failed: Vec<_> = findings
        .iter()
        .filter(|finding| finding["level"] == "fail")
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            (
                text("check"),
                format!("{} — {}", text("what"), text("cure")),
            )
        })
        .collect();
    assert_eq!(failed.is_empty(), is_well, "{findings:?}");
    failed
}

/// That one thing is wrong, and how that is told.
#[track_caller]
fn is_named(found: &[(String, String)], check: &str, words: &[&str]) {
    let named = found
        .iter()
        .any(|(name, said)| name == check && words.iter().all(|word| said.contains(word)));
    assert!(named, "{check} {words:?}: {found:?}");
}

fn servers() -> Vec<(&'static str, Database)> {
    [
        ("PostgreSQL", database::Server::Postgres.database()),
        ("MariaDB", database::Server::Mariadb.database()),
        ("MySQL", database::Server::Mysql8.database()),
    ]
    .into_iter()
    .filter_map(|(name, found)| Some((name, found?)))
    .collect()
}

/// Lets a server make everything that it makes at its first start.
fn founded(folder: &Path, environment: &[(&str, &str)]) {
    assert!(Server::start(folder, environment).stop().success());
}

#[test]
fn a_healthy_installation_is_said_to_be_one_on_each_engine() {
    let others = [
        ("SQLite", Some(database::sqlite_file())),
        ("MongoDB", database::Server::Mongodb.database()),
    ];
    let others = others.into_iter();
    let others = others.filter_map(|(name, found)| Some((name, found?)));
    for (name, database) in servers().into_iter().chain(others) {
        let folder = tempfile::tempdir().unwrap();
        let environment = [(URL, database.url.as_str())];
        founded(folder.path(), &environment);
        assert_eq!(failed(folder.path(), &environment), [], "{name}");
        let (findings, _) = doctor(folder.path(), &environment);
        let mut checks: Vec<_> = findings
            .iter()
            .filter_map(|found| found["check"].as_str())
            .collect();
        checks.dedup();
        let mut wanted = vec![
            "configuration",
            "public_url",
            "data_dir",
            "database",
            "database.version",
            "database.schema",
            "database.rights",
            "database.settings",
            "master_key",
            "signing_keys",
            "mail",
            "backup",
        ];
        match name {
            "SQLite" => wanted.push("disk"),
            _ => wanted.extend(["database.tls", "database.connections", "database.clock"]),
        }
        for check in wanted {
            assert!(checks.contains(&check), "{name}: {check} in {checks:?}");
        }
        let version = findings
            .iter()
            .find(|found| found["check"] == "database.version")
            .unwrap();
        assert!(
            version["what"].as_str().unwrap().starts_with(name),
            "{version}"
        );
    }
}

#[test]
fn a_look_at_an_installation_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_, is_well) = doctor(folder, &[]);
    assert!(is_well, "what the first start makes is no failure");
    assert!(!folder.join("data").exists());
    founded(folder, &[]);
    let database = folder.join("data").join("ntt-auth.db");
    let before = fs::read(&database).unwrap();
    assert_eq!(failed(folder, &[]), []);
    assert_eq!(fs::read(&database).unwrap(), before);
    for (name, database) in servers() {
        let environment = [(URL, database.url.as_str())];
        doctor(folder, &environment);
        let (findings, _) = doctor(folder, &environment);
        let schema = findings
            .iter()
            .find(|found| found["check"] == "database.schema")
            .unwrap();
        assert!(
            schema["what"].as_str().unwrap().contains("no tables yet"),
            "{name}: {schema}"
        );
    }
}

#[test]
fn a_database_that_is_not_there_or_not_ours_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let away = "postgres://ntt:secret-word@127.0.0.1:1/ntt";
    let found = failed(folder, &[(URL, away)]);
    is_named(&found, "database", &["does not answer"]);
    assert!(!format!("{found:?}").contains("secret-word"));
    for (name, database) in servers() {
        let missing = format!("{}_missing", database.url);
        let found = failed(folder, &[(URL, &missing)]);
        is_named(&found, "database", &["refuses"]);
        if name != "PostgreSQL" {
            // The one of the tests lets everybody in.
            let wrong = database.url.replace("root@", "root:wrong-word@");
            let found = failed(folder, &[(URL, &wrong)]);
            is_named(&found, "database", &["refuses (1045)"]);
            assert!(!format!("{found:?}").contains("wrong-word"));
        }
    }
    fs::write(
        folder.join("x.db"),
        "this is no database, however long it may be",
    )
    .unwrap();
    let found = failed(folder, &[(URL, "sqlite:x.db")]);
    is_named(&found, "database", &["not a SQLite database"]);
}

#[test]
fn rights_that_are_missing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, database) in servers() {
        command_on(folder.path(), &database.url, &["migrate"]);
        let limited = database.limited_user();
        let found = failed(folder.path(), &[(URL, &limited.url)]);
        match name {
            "PostgreSQL" => {
                is_named(
                    &found,
                    "database.rights",
                    &["may not CREATE", "permission denied", "OWNER"],
                );
                is_named(&found, "database.rights", &["another one owns", "users"]);
            }
            _ => is_named(
                &found,
                "database.rights",
                &["may not DROP", "denied", "GRANT"],
            ),
        }
    }
}

fn command_on(folder: &Path, url: &str, arguments: &[&str]) {
    let output = program(folder, &[(URL, url)])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_is_not_as_the_migrations_made_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    founded(folder, &[]);
    let own = rusqlite::Connection::open(folder.join("data").join("ntt-auth.db")).unwrap();
    own.execute("DROP INDEX sessions_user_id", []).unwrap();
    own.execute("ALTER TABLE users DROP COLUMN phone", [])
        .unwrap();
    let found = failed(folder, &[]);
    is_named(
        &found,
        "database.schema",
        &[
            "sessions_user_id",
            "CREATE INDEX sessions_user_id ON sessions (user_id)",
        ],
    );
    is_named(&found, "database.schema", &["users.phone"]);
    own.execute(
        "DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)",
        [],
    )
    .unwrap();
    is_named(
        &failed(folder, &[]),
        "database.schema",
        &["1 migrations", "ntt-auth migrate"],
    );
    own.execute("INSERT INTO migrations (name, checksum, finished) VALUES ('9997', 'x', 1), ('9998', 'x', 1)", []).unwrap();
    is_named(&failed(folder, &[]), "database.schema", &["newer version"]);
    for (name, database) in servers() {
        command_on(folder, &database.url, &["migrate"]);
        database.execute(match name {
            "PostgreSQL" => "DROP INDEX users_email_folded",
            _ => "DROP INDEX users_email_folded ON users",
        });
        database.execute(match name {
            "PostgreSQL" => "ALTER TABLE sessions ALTER COLUMN user_agent SET NOT NULL",
            _ => "ALTER TABLE sessions MODIFY user_agent TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        });
        let found = failed(folder, &[(URL, &database.url)]);
        is_named(
            &found,
            "database.schema",
            &["CREATE UNIQUE INDEX users_email_folded ON users (email_folded)"],
        );
        is_named(&found, "database.schema", &["sessions.user_agent"]);
    }
}

#[test]
fn keys_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    founded(folder, &[]);
    let foreign = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let found = failed(folder, &[("NTT_AUTH__KEYS__MASTER_KEY", foreign)]);
    is_named(&found, "master_key", &["another master key"]);
    let key = folder.join("data").join("master.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        is_named(&failed(folder, &[]), "master_key", &["chmod 600"]);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(failed(folder, &[]), []);
    fs::remove_file(&key).unwrap();
    is_named(
        &failed(folder, &[]),
        "master_key",
        &["there is none", "keys.master_key_file"],
    );
}

#[test]
fn a_mail_server_that_is_away_and_a_wrong_configuration_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    founded(folder, &[]);
    let environment = [
        ("NTT_AUTH__MAIL__SMTP__HOST", "127.0.0.1"),
        ("NTT_AUTH__MAIL__SMTP__PORT", "1"),
        ("NTT_AUTH__MAIL__SMTP__SECURITY", "none"),
        ("NTT_AUTH__MAIL__FROM", "no-reply@example.com"),
    ];
    is_named(&failed(folder, &environment), "mail", &[""]);
    let found = failed(folder, &[("NTT_AUTH__HTTP__LISTEN", "nowhere")]);
    is_named(
        &found,
        "configuration",
        &["http.listen", "NTT_AUTH__HTTP__LISTEN"],
    );
}

#[test]
fn an_unfinished_copy_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    command(
        folder,
        &["user", "create", "root@example.com", "--password-stdin"],
        PASSWORD,
    );
    let own = rusqlite::Connection::open(folder.join("data").join("ntt-auth.db")).unwrap();
    own.execute(
        "INSERT INTO copying (id, source, pulse, run, begun_at, place, row_count) \
         VALUES (1, randomblob(32), randomblob(32), randomblob(16), 0, 'users', 0)",
        [],
    )
    .unwrap();
    is_named(
        &failed(folder, &[]),
        "database.copy",
        &["not complete", "ntt-auth copy"],
    );
}
