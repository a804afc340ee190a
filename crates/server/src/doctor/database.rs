//! Whether the database answers, and is as this program needs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ntt_auth_core::port::Clock;
use ntt_auth_core::store::{EngineFacts, ManagedStore, SchemaFacts};

use super::{Findings, engine};
use crate::settings::{Database, Profile, Protection, Settings};
use crate::start::open_database;
use crate::telemetry::Chain;

/// A way to the database that takes longer than this makes every sign-in slow.
const SLOW: Duration = Duration::from_millis(50);
/// A clock that differs by more than this is not set by the network.
const DRIFT: Duration = Duration::from_secs(1);

/// The store, if it can be asked further questions.
pub(super) async fn examine(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    findings: &mut Findings,
) -> Option<Arc<dyn ManagedStore>> {
    protection(settings, findings);
    if let Database::File(path) = &settings.database
        && !path.exists()
    {
        findings.warn(
            "database",
            format!("{} is not there", path.display()),
            "the first start makes it; if there was one, see whether database.url and data_dir name it, or restore a backup",
        );
        return None;
    }
    let opened = open_database(&settings.database, settings, Arc::clone(&clock)).await;
    let store = match opened {
        Ok(opened) => opened.store,
        Err(error) => {
            findings.failed("database", Chain(&error).to_string());
            return None;
        }
    };
    let asked = Instant::now();
    if let Err(error) = store.ping().await {
        findings.failed("database", Chain(&error).to_string());
        return None;
    }
    let took = asked.elapsed();
    let what = format!("answers in {:.1} ms", took.as_secs_f64() * 1000.0);
    if took > SLOW {
        findings.warn(
            "database",
            what,
            "put the server nearer to its database: a sign-in asks it several times",
        );
    } else {
        findings.ok("database", what);
    }
    let facts = match store.examine().await {
        Ok(facts) => facts,
        Err(error) => {
            findings.failed("database", Chain(&error).to_string());
            return None;
        }
    };
    engine::version(&facts, findings);
    let is_whole = schema(&facts.schema, findings);
    permissions(&facts, findings);
    engine::settings(&facts, findings);
    connections(settings, &facts, findings);
    difference(settings, &*store, &*clock, findings).await;
    if is_whole {
        unfinished(&*store, findings).await.then_some(store)
    } else {
        None
    }
}

fn protection(settings: &Settings, findings: &mut Findings) {
    let Database::Server(url) = &settings.database else {
        return;
    };
    let check = "database.tls";
    match url.protection() {
        Protection::Local => findings.ok(check, "the way to the database does not leave this machine"),
        Protection::Verified => findings.ok(check, "by TLS, with the certificate checked"),
        Protection::Unverified => findings.warn(
            check,
            "by TLS at best, with whoever answers",
            "leave TLS out of database.url, which has the certificate checked; name your own authority in database.ca_file",
        ),
        Protection::Plain if settings.profile == Profile::Production => findings.warn(
            check,
            "not by TLS: whoever is on the way reads everything",
            "take sslmode, ssl-mode or tls out of database.url, unless the network is yours alone",
        ),
        Protection::Plain => findings.ok(check, "not by TLS"),
    }
}

/// Whether everything that this program asks for is there.
fn schema(schema: &SchemaFacts, findings: &mut Findings) -> bool {
    let check = "database.schema";
    match &schema.pending {
        _ if schema.is_new => {
            findings.warn(
                check,
                "there are no tables yet",
                "the first start makes them, or `ntt-auth migrate`",
            );
            return false;
        }
        Err(why) => {
            findings.failed(check, why.clone());
            return false;
        }
        Ok(0) => {}
        Ok(pending) => {
            findings.fail(
                check,
                format!("{pending} migrations are to be made"),
                "make a backup, then run `ntt-auth migrate`, or start the server, which does it",
            );
            return false;
        }
    }
    for line in &schema.missing {
        match line.split_once(' ') {
            Some(("INDEX" | "UNIQUE", index)) => findings.fail(
                check,
                format!("the index {index} is missing"),
                format!("make it again: {}", create_index(line)),
            ),
            Some(("COLLECTION", name)) => findings.fail(
                check,
                format!("the collection {name} is missing"),
                "somebody has dropped it: restore a backup",
            ),
            _ => findings.fail(
                check,
                format!("the column {line} is missing or of another kind"),
                "somebody has changed it: change it back, or restore a backup",
            ),
        }
    }
    if schema.missing.is_empty() {
        findings.ok(check, "all tables, columns and indexes are there");
    }
    schema.missing.is_empty()
}

/// `INDEX users_role (role, id)` tells neither table nor, where the key is a primary one, a name.
fn create_index(line: &str) -> String {
    let Some((kind, rest)) = line.split_once(' ') else {
        return line.to_owned();
    };
    let Some((name, columns)) = rest.split_once(" (") else {
        return line.to_owned();
    };
    if let Some((collection, index)) = name.split_once(' ') {
        // A collection of MongoDB.
        let (fields, only) = columns.split_once(')').unwrap_or((columns, ""));
        let fields = fields.replace(", ", ": 1, ");
        let only = only
            .strip_prefix(" WHERE ")
            .map_or_else(String::new, |only| {
                format!(", partialFilterExpression: {only}")
            });
        let unique = if kind == "UNIQUE" {
            ", unique: true"
        } else {
            ""
        };
        return format!(
            "db.{collection}.createIndex({{ {fields}: 1 }}, {{ name: \"{index}\"{unique}{only} }})"
        );
    }
    let table = ntt_auth_core::store::portable::TABLES
        .iter()
        .map(|table| table.name)
        .filter(|table| {
            name.strip_prefix(table)
                .is_some_and(|rest| rest.starts_with('_'))
        })
        .max_by_key(|table| table.len());
    match table {
        Some(table) if !name.ends_with("_pkey") => {
            let unique = if kind == "UNIQUE" { "UNIQUE " } else { "" };
            format!("CREATE {unique}INDEX {name} ON {table} ({columns}")
        }
        _ => format!("a primary key on ({columns}"),
    }
}

fn permissions(facts: &EngineFacts, findings: &mut Findings) {
    let check = "database.rights";
    for (right, said) in &facts.denied {
        findings.fail(
            check,
            format!("the user of database.url may not {right} ({said})"),
            match facts.product {
                "SQLite" => "give this user the right to write the file, the files beside it and their folder",
                "PostgreSQL" => {
                    "make that user the owner of the database: ALTER DATABASE … OWNER TO …, and of its tables, or GRANT ALL ON SCHEMA public"
                }
                "MongoDB" => "as an administrator: db.grantRolesToUser(\"USER\", [{ role: \"readWrite\", db: \"DATABASE\" }])",
                _ => "as an administrator: GRANT ALL PRIVILEGES ON database.* TO that user",
            },
        );
    }
    if facts.denied.is_empty() {
        findings.ok(check, "tables can be made and changed, rows written");
    }
}

fn connections(settings: &Settings, facts: &EngineFacts, findings: &mut Findings) {
    let Some((open, limit)) = facts.connections else {
        return;
    };
    let check = "database.connections";
    let ours = settings
        .engine
        .connections
        .as_ref()
        .map_or(20, |ours| u64::from(*ours.end()));
    let nodes = limit / ours.max(1);
    let what = format!(
        "the database takes {limit}, {open} are open now; {nodes} nodes with {ours} each would fit"
    );
    let cure = "raise max_connections of the database, or lower database.max_connections";
    if nodes == 0 {
        findings.fail(check, what, cure);
    } else if nodes < 2 || open + ours > limit {
        findings.warn(check, what, cure);
    } else {
        findings.ok(check, what);
    }
}

/// How far the clock of the database is from this one. Half of the time that the question took is taken for the way there.
async fn difference(
    settings: &Settings,
    store: &dyn ManagedStore,
    clock: &dyn Clock,
    findings: &mut Findings,
) {
    let check = "database.clock";
    let (before, asked) = (clock.now(), Instant::now());
    let there = match store.clock().await {
        Ok(Some(there)) => there,
        Ok(None) => return,
        Err(error) => return findings.failed(check, Chain(&error).to_string()),
    };
    let here = before.plus(asked.elapsed() / 2);
    let apart = there.since(here).max(here.since(there));
    let what = format!("{:.1} s apart from this machine's", apart.as_secs_f64());
    let cure = "have both set by the network: chrony, systemd-timesyncd or ntpd";
    if apart > settings.tokens.leeway.max(DRIFT) {
        findings.fail(check, what, cure);
    } else if apart > DRIFT {
        findings.warn(check, what, cure);
    } else {
        findings.ok(check, what);
    }
}

/// Whether a server would start on it.
async fn unfinished(store: &dyn ManagedStore, findings: &mut Findings) -> bool {
    match store.portable().copying().await {
        Ok(None) => true,
        Ok(Some(copying)) => {
            findings.fail(
                "database.copy",
                format!(
                    "a copy into it, begun at {}, is not complete",
                    copying.begun_at
                ),
                "run the same `ntt-auth copy` again, which goes on where it stopped",
            );
            false
        }
        Err(error) => {
            findings.failed("database.copy", Chain(&error).to_string());
            false
        }
    }
}
