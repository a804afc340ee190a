//! The security documents against the code: what they name exists, and what they promise of the sources holds.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where tests and the code they speak of may stand.
const ROOMS: [&str; 5] = ["crates", "e2e", "bench", "fuzz", "scripts"];
/// Why a row may name nothing yet.
const ABSENT: [&str; 3] = ["later:", "operator:", "none:"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder` with one of these endings, by its path from the root.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !matches!(name, "target" | "node_modules") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found
}

/// The names of all functions of the repository.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for room in ROOMS {
        for file in files(room, &[".rs", ".py"]) {
            for line in fs::read_to_string(file).unwrap().lines() {
                let named = ["fn ", "def "]
                    .iter()
                    .find_map(|word| line.split_once(word))
                    .and_then(|(_, rest)| rest.split(['(', '<']).next());
                names.extend(named.map(|name| name.trim().to_owned()));
            }
        }
    }
    names
}

/// The rows of every table of a document: the cells without their surrounding space.
fn rows(document: &str) -> Vec<Vec<String>> {
    read(document)
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .map(|line| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}

/// The pieces of a text in back-ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a cell shows what it claims: by functions and files that exist, or by a reason why there is none.
fn check_shown(id: &str, cell: &str, functions: &BTreeSet<String>) {
    let mut shown = 0;
    for name in quoted(cell) {
        let exists = match name.contains(['/', '.']) {
            true => root().join(name).exists(),
            false => functions.contains(name),
        };
        assert!(exists, "{id}: there is no `{name}`");
        shown += 1;
    }
    let reason = ABSENT.iter().any(|word| cell.starts_with(word));
    assert!(
        shown > 0 || reason,
        "{id} names neither a test nor a reason"
    );
}

#[test]
fn each_asvs_row_of_levels_1_and_2_is_shown_or_says_why_not() {
    let functions = functions();
    let mut levels: BTreeMap<String, usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for row in rows("docs/security/asvs.md") {
        let [id, level, _, shown] = row.as_slice() else {
            continue;
        };
        if !id.starts_with('V') {
            continue;
        }
        assert!(ids.insert(id.clone()), "{id} stands twice");
        *levels.entry(level.clone()).or_default() += 1;
        check_shown(id, shown, &functions);
    }
    assert_eq!(levels.get("1"), Some(&67), "{levels:?}");
    assert_eq!(levels.get("2"), Some(&163), "{levels:?}");
}

#[test]
fn each_flaw_class_is_shown_or_says_why_not() {
    let functions = functions();
    let rows = rows("docs/security/flaws.md");
    for number in 1..=50 {
        let id = format!("E-{number:02}");
        let row: Vec<_> = rows.iter().filter(|row| row.first() == Some(&id)).collect();
        let [row] = row.as_slice() else {
            panic!("{id} stands {} times", row.len());
        };
        check_shown(&id, row.last().unwrap(), &functions);
    }
}

/// Sources of the server, without its tests.
fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    files("crates", &[".rs"])
        .into_iter()
        .filter(|path| {
            // Not where the repository is, which may be any folder.
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
            path.contains("/src/")
                && !path.contains("store-contract")
                && !path.contains("test-database")
                && !path.ends_with("/tests.rs")
                && !path.contains("/tests/")
        })
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            (path, code.to_owned())
        })
}

#[test]
fn v1_2_5_no_code_of_the_server_starts_a_process() {
    for (path, text) in sources() {
        for word in ["std::process::Command", "tokio::process", "Command::new("] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// Only an address of the page's own place is exempt from escaping, and it is a constant of the code.
#[test]
fn v1_1_2_no_template_turns_escaping_off() {
    for path in files("crates", &[".html", ".txt", ".j2"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("autoescape"), "{}", path.display());
        let exempt = text.matches("safe }}").count() + text.matches("safe}}").count();
        let addresses = text.matches("{{ root|safe }}").count();
        assert_eq!(exempt, addresses, "{}", path.display());
    }
}

#[test]
fn v3_2_2_v3_5_5_v3_5_6_scripts_of_pages_write_text_alone_and_hear_nobody() {
    for path in files("crates/web/assets", &[".js"]) {
        let text = fs::read_to_string(&path).unwrap();
        for word in [
            "innerHTML",
            "outerHTML",
            "document.write",
            "eval(",
            "postMessage",
            "callback=",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn v14_3_3_no_script_of_pages_keeps_anything() {
    for path in files("crates/web/assets", &[".js"])
        .into_iter()
        .chain(files("crates/web/templates", &[".html"]))
    {
        let text = fs::read_to_string(&path).unwrap();
        for word in [
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "serviceWorker",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// Ciphers of the crypto library are constants of its module `aead`; it has others in `cipher`, of which Firebase's password hash
/// needs one as its last step, and what RSA encrypts in `rsa`.
#[test]
fn v11_3_1_nothing_is_encrypted_but_with_aes_256_gcm() {
    let mut keys = 0;
    for (path, text) in sources() {
        for place in text.split("UnboundKey::new(").skip(1) {
            let place = place.trim_start();
            assert!(
                place.starts_with("&aead::AES_256_GCM"),
                "{}",
                path.display()
            );
            keys += 1;
        }
        let firebase = path.ends_with("password/encoded/scrypt.rs");
        for word in ["aws_lc_rs::cipher", "OaepPublic", "Pkcs1Public", "chacha20"] {
            assert!(
                firebase || !text.contains(word),
                "{}: {word}",
                path.display()
            );
        }
    }
    assert_eq!(keys, 2);
}

#[test]
fn v1_4_2_releases_look_for_overflow() {
    let manifest = read("Cargo.toml");
    let release = manifest.split("[profile.release]").nth(1).unwrap();
    let release = release.split("\n[").next().unwrap();
    assert!(release.contains("overflow-checks = true"), "{release}");
}

/// MD5 is PostgreSQL's driver's, for servers that ask for it; none of our crates leans on it. SHA-1 serves foreign
/// password hashes alone.
#[test]
fn v11_4_1_no_crate_of_ours_leans_on_a_broken_hash() {
    for path in files("crates", &["Cargo.toml"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("md5") && !text.contains("md-5"),
            "{}",
            path.display()
        );
        let core = path.ends_with("core/Cargo.toml");
        assert!(core || !text.contains("sha1"), "{}", path.display());
    }
}

#[test]
fn v1_4_1_v15_3_5_unsafe_code_is_forbidden_everywhere() {
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for path in files("crates", &["Cargo.toml"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{}",
            path.display()
        );
    }
}

/// Whose values are names and no secrets, though they are not shown: nobody's guess is compared with them.
const UNSHOWN_NAMES: [&str; 2] = ["ThrottleId", "LeakDigest"];

/// A type that prints as a fixed mark is a secret.
fn secret_types(code: &str) -> impl Iterator<Item = &str> {
    code.split("Debug for ").skip(1).filter_map(|rest| {
        let (name, body) = rest.split_once(" {")?;
        let body = body.split("\n}\n").next()?;
        (body.contains("REDACTED") && !UNSHOWN_NAMES.contains(&name)).then_some(name)
    })
}

#[test]
fn e50_secrets_are_compared_in_constant_time_or_not_at_all() {
    let mut seen = Vec::new();
    for (path, code) in sources() {
        for name in secret_types(&code) {
            let declared = [format!("struct {name}"), format!("enum {name}")];
            let (before, _) = declared
                .iter()
                .find_map(|declared| code.split_once(declared.as_str()))
                .unwrap_or_else(|| panic!("{}: {name} is declared elsewhere", path.display()));
            let attributes = before.rsplit("\n\n").next().unwrap();
            let derived = attributes.contains("PartialEq") || attributes.contains("PartialOrd");
            let by_hand = code.contains(&format!("PartialEq for {name}"));
            assert!(!derived && !by_hand, "{}: {name}", path.display());
            seen.push(name.to_owned());
        }
    }
    assert!(seen.len() >= 12, "{seen:?}");
}

/// Where codes are made and nothing is checked by them: names of counters, a step of hashing, signatures that another file
/// verifies.
const ONLY_MADE: [&str; 4] = [
    "crates/core/src/flow/guess.rs",
    "crates/core/src/password/encoded/bcrypt.rs",
    "crates/jose/src/signing_key.rs",
    "crates/server/src/redis/limits.rs",
];
/// Where something that a stranger sends is compared, without a code being made beside it.
const ONLY_COMPARED: [&str; 3] = [
    "crates/core/src/password/work.rs",
    "crates/jose/src/verifying_key.rs",
    "crates/web/src/system/scrape.rs",
];

#[test]
fn e50_codes_and_tokens_are_checked_in_constant_time() {
    let mut checked = 0;
    for (path, code) in sources() {
        let makes = ["hmac::sign(", "hmac::Context::", ".sign()"]
            .iter()
            .any(|word| code.contains(word));
        let is_of = |list: &[&str]| list.iter().any(|name| path.ends_with(name));
        if is_of(&ONLY_MADE) || !makes && !is_of(&ONLY_COMPARED) {
            continue;
        }
        checked += 1;
        let constant = code.contains(".ct_eq(") || code.contains("hmac::verify(");
        assert!(constant, "{} compares otherwise", path.display());
        for line in code.lines().filter(|line| !line.trim().starts_with("//")) {
            let compares = line.contains("==") || line.contains("!=");
            let secret = ["tag", "mac", "sign", "token", "presented", "expected"]
                .iter()
                .any(|word| line.contains(word));
            assert!(!compares || !secret, "{}: {line}", path.display());
        }
    }
    assert_eq!(checked, 10);
}

/// Every purpose for which a key is derived from the master key has a row.
#[test]
fn v11_1_2_the_inventory_of_keys_is_whole() {
    let told = read("docs/security/CRYPTOGRAPHY.md");
    let mut purposes = BTreeSet::new();
    for (_, text) in sources() {
        for begin in [".mac(\"", ".derive(\"", "PURPOSE: &str = \""] {
            let found = text.split(begin).skip(1);
            purposes.extend(found.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
        }
    }
    assert!(purposes.len() >= 5, "{purposes:?}");
    for purpose in purposes {
        assert!(told.contains(&format!("| `{purpose}` |")), "{purpose}");
    }
}
