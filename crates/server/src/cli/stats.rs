//! `ntt-auth stats`

use std::fmt::Write as _;

use clap::Args;
use ntt_auth_core::flow::{Actor, ReadStats, Stats};
use serde_json::{Map, Value, json};

use super::table::{Column, Table};
use super::{Failure, open, print, wait};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(super) struct Window {
    /// Of how many days, today included
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(ReadStats::MOST_DAYS)))]
    days: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const TABLE: Table<4> = Table([
    Column("DAY", 10),
    Column("REGISTERED", 10),
    Column("SIGNED IN", 10),
    Column("REFUSED", 0),
]);

pub(super) fn run(window: &Window, settings: &Settings) -> Result<(), Failure> {
    let stats = wait(async {
        let auth = open(settings).await?.auth;
        let read = ReadStats {
            actor: Actor::Operator,
            days: window.days,
        };
        Ok(read.run(&auth).await?)
    })?;
    print(&if window.json {
        format!("{}\n", json_of(&stats))
    } else {
        text_of(&stats)
    })
}

fn total(stats: &Stats) -> u64 {
    stats.accounts.by_role.iter().map(|(_, count)| count).sum()
}

fn json_of(stats: &Stats) -> Value {
    let accounts = &stats.accounts;
    let by_role: Map<String, Value> = accounts
        .by_role
        .iter()
        .map(|(role, count)| (role.to_string(), json!(count)))
        .collect();
    let days: Vec<Value> = stats
        .days
        .iter()
        .map(|day| {
            json!({
                "date": date(day.begins),
                "registrations": day.registrations,
                "signIns": day.sign_ins,
                "signInFailures": day.sign_in_failures,
            })
        })
        .collect();
    let system = stats.system.as_ref();
    let jobs: Map<String, Value> = system
        .iter()
        .flat_map(|system| &system.jobs)
        .map(|job| (job.state.as_str().to_owned(), json!(job.count)))
        .collect();
    json!({
        "countedAt": stats.at,
        "accounts": {
            "total": total(stats),
            "active": total(stats).saturating_sub(accounts.suspended),
            "suspended": accounts.suspended,
            "deleted": accounts.deleted,
            "unverified": accounts.unverified,
            "byRole": by_role,
        },
        "days": days,
        "openSessions": system.map(|system| system.open_sessions),
        "jobs": jobs,
    })
}

fn text_of(stats: &Stats) -> String {
    let accounts = &stats.accounts;
    let mut text = String::new();
    let mut line = |name: &str, count: u64| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<20} {count:>10}");
    };
    line("accounts", total(stats));
    for (role, count) in &accounts.by_role {
        line(&format!("  {role}"), *count);
    }
    line("suspended", accounts.suspended);
    line("deleted", accounts.deleted);
    line("address unverified", accounts.unverified);
    if let Some(system) = &stats.system {
        line("open sessions", system.open_sessions);
        for job in &system.jobs {
            line(&format!("jobs {}", job.state.as_str()), job.count);
        }
    }
    text.push('\n');
    text.push_str(&TABLE.head());
    for day in &stats.days {
        text.push_str(&TABLE.row([
            &date(day.begins),
            &day.registrations.to_string(),
            &day.sign_ins.to_string(),
            &day.sign_in_failures.to_string(),
        ]));
    }
    text
}

/// The date is what a time begins with.
fn date(begins: ntt_auth_core::model::Timestamp) -> String {
    begins.to_string().chars().take(10).collect()
}
