//! NUM-4: start-up, memory, size.

use std::fs;
use std::time::Duration;

use super::POPULATED;
use super::side_by_side::only_successes;
use crate::accounts::Session;
use crate::failure::{Failure, Result};
use crate::latency::{Readable, median};
use crate::load::{Load, Pace, Repeat, as_f64};
use crate::plan::Bench;
use crate::report::{Finding, Report};
use crate::request;

/// Connections that are open while memory is read.
const CONNECTIONS: usize = 1000;

const MEBIBYTE: u64 = 1024 * 1024;

/// Starts the server on an existing database and on none, and reads its memory idle and under connections.
pub(super) fn measure(bench: &Bench, sessions: &[Session], report: &mut Report) -> Result<()> {
    let starts = bench.scale.starts;
    bench.say(&format!(
        "NUM-4: {starts} starts on an existing database, {starts} first starts"
    ));
    let existing = time_starts(bench, starts, |_| POPULATED.to_owned())?;
    report.finding(started(
        "start-existing",
        "on an existing SQLite database of 1000 accounts",
        existing,
        50,
    ));
    let first = time_starts(bench, starts, |number| format!("first-start-{number}"))?;
    report.finding(started(
        "start-first",
        "for the first time, on an empty folder",
        first,
        300,
    ));

    bench.say("NUM-4: memory idle and with 1000 connections");
    let server = bench.start_ours(POPULATED, &[])?;
    report.finding(memory(
        "memory-idle",
        "idle, after start",
        server.resident_memory()?,
        30,
    ));
    let requests: Vec<Vec<u8>> = sessions
        .iter()
        .map(|session| request::validate(&session.access_token))
        .collect();
    let mut load = Load::open(server.address, CONNECTIONS)?;
    let outcome = load.run(Pace::Closed, bench.scale.round, &mut Repeat::new(&requests))?;
    only_successes(&outcome)?;
    let busy = server.resident_memory()?;
    drop(load);
    server.stop()?;
    let what = "with 1000 connections open, each of which has validated tokens";
    report.finding(memory("memory-1000", what, busy, 90));

    let size = fs::metadata(bench.binary())
        .map_err(Failure::while_("looking at the binary"))?
        .len();
    report.finding(Finding {
        key: "binary-size",
        number: "NUM-4",
        what: "size of the binary".to_owned(),
        ours: mebibytes(size),
        beside: "–".to_owned(),
        result: mebibytes(size),
        target: "≤ 40 MiB".to_owned(),
        reached: Some(size <= 40 * MEBIBYTE),
    });
    Ok(())
}

/// The median time from spawning the process to its ready line.
fn time_starts(bench: &Bench, starts: usize, folder: impl Fn(usize) -> String) -> Result<Duration> {
    let mut seconds = Vec::with_capacity(starts);
    for number in 0..starts {
        let server = bench.start_ours(&folder(number), &[])?;
        seconds.push(server.ready_after.as_secs_f64());
        server.stop()?;
    }
    Ok(Duration::from_secs_f64(median(seconds)))
}

fn started(key: &'static str, what: &str, time: Duration, at_most_millis: u64) -> Finding {
    Finding {
        key,
        number: "NUM-4",
        what: format!("from the process's start to its ready line, {what}"),
        ours: Readable(time).to_string(),
        beside: "–".to_owned(),
        result: Readable(time).to_string(),
        target: format!("≤ {at_most_millis} ms"),
        reached: Some(time <= Duration::from_millis(at_most_millis)),
    }
}

fn memory(key: &'static str, what: &str, bytes: u64, at_most_mebibytes: u64) -> Finding {
    Finding {
        key,
        number: "NUM-4",
        what: format!("resident memory {what}"),
        ours: mebibytes(bytes),
        beside: "–".to_owned(),
        result: mebibytes(bytes),
        target: format!("≤ {at_most_mebibytes} MiB"),
        reached: Some(bytes <= at_most_mebibytes * MEBIBYTE),
    }
}

fn mebibytes(bytes: u64) -> String {
    let kibibytes = usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
    format!("{:.1} MiB", as_f64(kibibytes) / 1024.0)
}
