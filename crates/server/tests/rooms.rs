//! Which room may lean on which: the table of `docs/ARCHITECTURE.md`, held against `cargo metadata`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Every allowed edge between packages of this workspace: the package, what it is built on, what its tests add.
const ROOMS: &[(&str, &[&str], &[&str])] = &[
    ("ntt-auth-jose", &[], &[]),
    ("ntt-auth-bcrypt", &[], &[]),
    ("ntt-auth-core", &["ntt-auth-jose"], &[]),
    (
        "ntt-auth-store-sql",
        &["ntt-auth-core"],
        &["ntt-auth-store-contract", "ntt-auth-test-database"],
    ),
    (
        "ntt-auth-store-mongo",
        &["ntt-auth-core"],
        &["ntt-auth-store-contract"],
    ),
    ("ntt-auth-store-contract", &["ntt-auth-core"], &[]),
    ("ntt-auth-test-database", &[], &[]),
    (
        "ntt-auth-mail",
        &["ntt-auth-core"],
        // Its tests run the real queue over a real conversation.
        &["ntt-auth-store-sql"],
    ),
    (
        "ntt-auth-web",
        &["ntt-auth-core"],
        // Its tests make the tokens that forgers would.
        &[
            "ntt-auth-store-sql",
            "ntt-auth-store-mongo",
            "ntt-auth-test-database",
            "ntt-auth-bcrypt",
            "ntt-auth-jose",
        ],
    ),
    (
        "ntt-auth",
        &[
            "ntt-auth-core",
            "ntt-auth-jose",
            "ntt-auth-bcrypt",
            "ntt-auth-mail",
            "ntt-auth-store-mongo",
            "ntt-auth-store-sql",
            "ntt-auth-web",
        ],
        // Its tests run the program on every engine.
        &["ntt-auth-test-database"],
    ),
    ("ntt-auth-bench", &[], &[]),
];

/// What a room must not know although no room of ours brings it: room, crate, whose business it is.
const STRANGERS: &[(&str, &str, &str)] = &[
    ("ntt-auth-core", "axum", "web speaks HTTP"),
    ("ntt-auth-core", "http", "web speaks HTTP"),
    ("ntt-auth-core", "hyper", "web speaks HTTP"),
    ("ntt-auth-core", "tower", "web speaks HTTP"),
    ("ntt-auth-core", "rusqlite", "store-sql speaks SQL"),
    ("ntt-auth-core", "sqlx", "store-sql speaks SQL"),
    ("ntt-auth-core", "sea-query", "store-sql speaks SQL"),
    ("ntt-auth-core", "config", "server reads the configuration"),
    ("ntt-auth-core", "clap", "server has the command line"),
    ("ntt-auth-core", "tokio", "rules need no runtime"),
    ("ntt-auth-core", "lettre", "mail speaks SMTP"),
    ("ntt-auth-core", "minijinja", "mail and web have the words"),
    ("ntt-auth-mail", "axum", "web speaks HTTP"),
    ("ntt-auth-mail", "http", "web speaks HTTP"),
    ("ntt-auth-mail", "rusqlite", "store-sql speaks SQL"),
    ("ntt-auth-mail", "clap", "server has the command line"),
    ("ntt-auth-web", "lettre", "mail speaks SMTP"),
    ("ntt-auth-web", "rusqlite", "store-sql speaks SQL"),
    ("ntt-auth-web", "sqlx", "store-sql speaks SQL"),
    ("ntt-auth-web", "config", "server reads the configuration"),
    ("ntt-auth-web", "clap", "server has the command line"),
    ("ntt-auth-store-sql", "axum", "web speaks HTTP"),
    ("ntt-auth-store-sql", "http", "web speaks HTTP"),
    ("ntt-auth-store-sql", "argon2", "core hashes"),
    ("ntt-auth-store-sql", "jiff", "core knows the time"),
    ("ntt-auth-store-mongo", "axum", "web speaks HTTP"),
    ("ntt-auth-store-mongo", "http", "web speaks HTTP"),
    ("ntt-auth-store-mongo", "rusqlite", "store-sql speaks SQL"),
    ("ntt-auth-store-mongo", "sqlx", "store-sql speaks SQL"),
    ("ntt-auth-store-mongo", "argon2", "core hashes"),
    ("ntt-auth-store-mongo", "jiff", "core knows the time"),
    ("ntt-auth-store-sql", "mongodb", "store-mongo speaks BSON"),
    ("ntt-auth-core", "mongodb", "store-mongo speaks BSON"),
    ("ntt-auth-web", "mongodb", "store-mongo speaks BSON"),
    ("ntt-auth-jose", "tokio", "a primitive waits for nothing"),
    ("ntt-auth-bcrypt", "tokio", "a primitive waits for nothing"),
];

#[test]
fn rooms_lean_only_on_the_rooms_of_the_table() {
    let packages = packages();
    let known: BTreeSet<&str> = ROOMS.iter().map(|(name, ..)| *name).collect();
    let there: BTreeSet<&str> = packages.iter().map(name_of).collect();
    assert_eq!(
        there, known,
        "a package without a row, or a row without a package"
    );

    let mut wrong = Vec::new();
    for package in &packages {
        let name = name_of(package);
        let (_, built_on, tests_add) = ROOMS.iter().find(|(room, ..)| *room == name).unwrap();
        for (dependency, kind) in dependencies(package) {
            let ours = known.contains(dependency);
            let allowed = built_on.contains(&dependency)
                || (kind == Some("dev") && tests_add.contains(&dependency));
            if ours && !allowed {
                wrong.push(format!(
                    "{name} -> {dependency} ({})",
                    kind.unwrap_or("normal")
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "edges that the table does not allow: {wrong:#?}"
    );
}

#[test]
fn rooms_do_not_know_what_is_not_their_business() {
    let packages = packages();
    let mut wrong = Vec::new();
    for (room, stranger, whose) in STRANGERS {
        let package = packages
            .iter()
            .find(|package| name_of(package) == *room)
            .unwrap();
        if dependencies(package)
            .any(|(dependency, kind)| dependency == *stranger && kind != Some("dev"))
        {
            wrong.push(format!("{room} -> {stranger}: {whose}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name_of(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

/// The names of a package's direct dependencies, each with its kind: `None` is a normal one.
fn dependencies(package: &Value) -> impl Iterator<Item = (&str, Option<&str>)> {
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependency| {
            (
                dependency["name"].as_str().unwrap(),
                dependency["kind"].as_str(),
            )
        })
}
