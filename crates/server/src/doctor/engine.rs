//! What each engine has to be and how it has to be set.

use ntt_auth_core::store::EngineFacts;

use super::Findings;

/// The oldest version of each engine that this program is made for.
const OLDEST: &[(&str, (u32, u32))] = &[
    ("SQLite", (3, 37)),
    ("MySQL", (8, 0)),
    ("MariaDB", (10, 6)),
    ("PostgreSQL", (13, 0)),
    ("MongoDB", (5, 0)),
];

/// A setting by which something acknowledged may be lost, or people be mixed up: product, name, what it should be, why.
const WANTED: &[(&str, &str, &[&str], &str)] = &[
    ("MySQL", "innodb_flush_log_at_trx_commit", &["1"], LOSES),
    (
        "MySQL",
        "innodb_doublewrite",
        &["on", "1", "detect_and_recover"],
        TORN,
    ),
    (
        "MongoDB",
        "writeConcernMajorityJournalDefault",
        &["true"],
        LOSES,
    ),
    ("PostgreSQL", "fsync", &["on"], TORN),
    ("PostgreSQL", "full_page_writes", &["on"], TORN),
    (
        "PostgreSQL",
        "synchronous_commit",
        &["on", "remote_apply", "remote_write", "local"],
        LOSES,
    ),
];

/// Without these nothing can be written or kept.
const NEEDED: &[(&str, &str, &[&str], &str)] = &[
    (
        "SQLite",
        "journal_mode",
        &["wal", "memory"],
        "readers and the writer would wait for one another",
    ),
    (
        "SQLite",
        "encoding",
        &["utf-8"],
        "text would be compared in another order",
    ),
    (
        "MySQL",
        "read_only",
        &["off", "0"],
        "nothing can be written",
    ),
    (
        "MySQL",
        "super_read_only",
        &["off", "0"],
        "nothing can be written",
    ),
    (
        "MySQL",
        "character_set_client",
        &["utf8mb4"],
        "names would lose characters",
    ),
    (
        "MySQL",
        "transaction_isolation",
        &["read-committed"],
        "reads would not see what others have committed",
    ),
    (
        "MySQL",
        "tx_isolation",
        &["read-committed"],
        "reads would not see what others have committed",
    ),
    (
        "PostgreSQL",
        "server_encoding",
        &["utf8"],
        "names would not be taken: make the database anew with ENCODING 'UTF8'",
    ),
    (
        "PostgreSQL",
        "is_in_recovery",
        &["off"],
        "it is a standby, and nothing can be written",
    ),
    (
        "PostgreSQL",
        "default_transaction_read_only",
        &["off"],
        "nothing can be written",
    ),
    (
        "PostgreSQL",
        "default_transaction_isolation",
        &["read committed"],
        "transactions would be refused more often",
    ),
];

const LOSES: &str = "what was acknowledged is lost when the machine of the database fails";
const TORN: &str = "the database may be damaged when its machine fails";

pub(super) fn version(facts: &EngineFacts, findings: &mut Findings) {
    let check = "database.version";
    let what = format!("{} {}", facts.product, facts.version);
    let oldest = OLDEST
        .iter()
        .find(|(product, _)| *product == facts.product)
        .map(|(_, oldest)| *oldest);
    match (oldest, release(&facts.version)) {
        (Some(oldest), Some(found)) if found < oldest => findings.fail(
            check,
            format!("{what} is too old"),
            format!("upgrade it to {}.{} or later", oldest.0, oldest.1),
        ),
        (Some(_), Some(_)) => findings.ok(check, what),
        _ => findings.warn(
            check,
            format!("{what} is not known"),
            "see in the documentation which are",
        ),
    }
}

/// `11.8.3-MariaDB-0+deb13u1` is of release 11.8; old ones say `5.5.5-10.6…`.
fn release(version: &str) -> Option<(u32, u32)> {
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    let major = numbers.next()?.ok()?;
    // PostgreSQL's later versions have one number, and what follows it is no second one.
    Some((major, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

pub(super) fn settings(facts: &EngineFacts, findings: &mut Findings) {
    let check = "database.settings";
    let product = match facts.product {
        "MariaDB" => "MySQL",
        other => other,
    };
    let mut is_fine = true;
    let mut wrong = |list: &[(&str, &'static str, &[&'static str], &'static str)]| {
        let mut found = Vec::new();
        for (of, name, wanted, why) in list {
            let value = facts.settings.get(*name).map(|value| value.to_lowercase());
            if *of == product
                && let Some(value) = value
                && !wanted.contains(&value.as_str())
            {
                is_fine = false;
                let cure = format!("set {name} = {}", wanted.first().unwrap_or(&""));
                found.push((format!("{name} is {value}: {why}"), cure));
            }
        }
        found
    };
    let (failed, warned) = (wrong(NEEDED), wrong(WANTED));
    for (what, cure) in failed {
        findings.fail(check, what, cure);
    }
    for (what, cure) in warned {
        findings.warn(check, what, cure);
    }
    if let (Some(log_bin), Some(sync)) = (
        facts.settings.get("log_bin"),
        facts.settings.get("sync_binlog"),
    ) && log_bin.eq_ignore_ascii_case("on")
        && sync != "1"
    {
        is_fine = false;
        findings.warn(
            check,
            format!("sync_binlog is {sync}: replicas may lack what was acknowledged when the machine of the database fails"),
            "set sync_binlog = 1",
        );
    }
    if is_fine {
        findings.ok(
            check,
            "what is acknowledged is kept, and text is compared as it should be",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn judged(facts: &EngineFacts) -> Vec<(Level, String)> {
        let mut findings = Findings::default();
        version(facts, &mut findings);
        settings(facts, &mut findings);
        let lines = findings.0.into_iter();
        lines
            .map(|finding| (finding.level, finding.to_string()))
            .collect()
    }

    fn facts(product: &'static str, version: &str, settings: &[(&str, &str)]) -> EngineFacts {
        EngineFacts {
            product,
            version: version.to_owned(),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..EngineFacts::default()
        }
    }

    #[test]
    fn old_engines_are_refused_and_new_ones_known() {
        for (product, version, level) in [
            ("MariaDB", "11.8.3-MariaDB-0+deb13u1", Level::Ok),
            ("MariaDB", "5.5.5-10.5.2-MariaDB", Level::Fail),
            ("MySQL", "9.4.0", Level::Ok),
            ("MySQL", "5.7.44-log", Level::Fail),
            ("PostgreSQL", "17.6 (Debian 17.6-0+deb13u1)", Level::Ok),
            ("PostgreSQL", "12.9", Level::Fail),
            ("SQLite", "3.51.0", Level::Ok),
            ("MongoDB", "4.4.1", Level::Fail),
            ("Other", "1", Level::Warn),
        ] {
            assert_eq!(
                judged(&facts(product, version, &[]))[0].0,
                level,
                "{product} {version}"
            );
        }
    }

    #[test]
    fn settings_that_lose_what_was_acknowledged_are_named() {
        let found = judged(&facts(
            "MariaDB",
            "11.8",
            &[
                ("innodb_flush_log_at_trx_commit", "2"),
                ("log_bin", "ON"),
                ("sync_binlog", "0"),
                ("read_only", "ON"),
            ],
        ));
        let levels: Vec<_> = found.iter().map(|(level, _)| *level).collect();
        assert_eq!(
            levels,
            [Level::Ok, Level::Fail, Level::Warn, Level::Warn],
            "{found:?}"
        );
        assert!(
            found[2].1.contains("innodb_flush_log_at_trx_commit is 2")
                && found[2]
                    .1
                    .contains("set innodb_flush_log_at_trx_commit = 1")
        );
        let found = judged(&facts(
            "PostgreSQL",
            "17.0",
            &[
                ("fsync", "off"),
                ("synchronous_commit", "off"),
                ("is_in_recovery", "on"),
            ],
        ));
        let levels: Vec<_> = found.iter().map(|(level, _)| *level).collect();
        assert_eq!(
            levels,
            [Level::Ok, Level::Fail, Level::Warn, Level::Warn],
            "{found:?}"
        );
        let fine = judged(&facts("PostgreSQL", "17.0", &[("fsync", "on")]));
        assert_eq!(fine[1].0, Level::Ok);
    }
}
