//! NUM-2: logins beside what bcrypt allows when hashes are computed one at a time.

use std::time::Duration;

use super::storm;
use crate::accounts::{self, Session};
use crate::failure::{Failure, Result};
use crate::latency::{Latency, Readable, median};
use crate::load::{Load, Once, Outcome, Pace, Repeat, as_f64};
use crate::machine::cores;
use crate::plan::Bench;
use crate::process::Server;
use crate::reference::{PlainHash, crate_hash, libxcrypt_hash};
use crate::report::{Finding, Report};
use crate::request;

/// A lower cost is accepted for tests only.
const LEAST_COST: u32 = 10;

/// Accounts whose sessions are validated in the storm.
const VALIDATING: usize = 16;

/// Clients that sign in at the same time.
const CONCURRENT: usize = 64;

/// Connections of the overload: more than a bounded queue ever holds.
const OVERLOAD_CONNECTIONS: usize = 1000;

/// The overload, as a multiple of the logins a second that the server manages.
pub(super) const OVERLOAD: f64 = 10.0;

/// How long a client pauses after a 503 while capacity is measured.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// Measures lone logins, capacity and overload, and then validation beside the overload (NUM-3).
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let cost = bench.scale.bcrypt_cost;
    let digits = cost.to_string();
    let mut settings = vec![("NTT_AUTH__PASSWORD__BCRYPT_COST", digits.as_str())];
    if cost < LEAST_COST {
        settings.push(("NTT_AUTH__PROFILE", "test"));
    }
    bench.say(&format!(
        "NUM-2: {CONCURRENT} accounts at bcrypt cost {cost}"
    ));
    let server = bench.start_ours("logins", &settings)?;
    let accounts = accounts::register(server.address, CONCURRENT)?;
    let logins: Vec<Vec<u8>> = accounts.iter().map(request::login).collect();

    let plain = lone_logins(bench, &server, &logins, report)?;
    let capacity = capacity(bench, &server, &logins, plain, report)?;
    overload(bench, &server, &logins, (capacity, plain), report)?;
    let sessions: Vec<Session> = accounts::sign_in(
        server.address,
        accounts.get(..VALIDATING).unwrap_or_default(),
    )?;
    storm::measure(bench, &server, (&sessions, &logins), capacity, report)?;
    server.stop()
}

/// Logins and plain hashes one after another, in turn.
fn lone_logins(
    bench: &Bench,
    server: &Server,
    logins: &[Vec<u8>],
    report: &mut Report,
) -> Result<PlainHash> {
    let (count, cost) = (bench.scale.lone_logins, bench.scale.bcrypt_cost);
    bench.say(&format!(
        "NUM-2: {count} lone logins and as many plain hashes, in turn"
    ));
    let mut hashes = Vec::with_capacity(count);
    let mut by_crate = Vec::with_capacity(count);
    let mut micros = Vec::with_capacity(count);
    let mut by = "";
    let mut load = Load::open(server.address, 1)?;
    for login in logins.iter().cycle().take(count) {
        let hash = libxcrypt_hash(cost, 1)?;
        by = hash.by;
        hashes.push(hash.time.as_secs_f64());
        by_crate.push(crate_hash(cost, 1)?.as_secs_f64());
        let requests = [login.clone()];
        let mut once = Once::new(&requests);
        let outcome = load.run(Pace::Closed, Duration::from_mins(1), &mut once)?;
        for answer in once.answers() {
            accounts::expect(server.address, "POST /auth/login", &answer, &[200])?;
        }
        micros.extend(outcome.samples.iter().map(|sample| sample.micros));
    }
    let plain = PlainHash {
        time: Duration::from_secs_f64(median(hashes)),
        by,
    };
    let by_crate = Duration::from_secs_f64(median(by_crate));
    let lone = Latency::of(micros).unwrap_or_default();
    report.latency("lone login", lone);
    let more = lone.p50.as_secs_f64() - plain.time.as_secs_f64();
    report.finding(Finding {
        key: "login-lone",
        number: "NUM-2",
        what: format!(
            "a lone login at cost {cost}, p50, beside one plain hash by libxcrypt (through {by})"
        ),
        ours: Readable(lone.p50).to_string(),
        beside: format!(
            "hash {} (bcrypt crate: {})",
            Readable(plain.time),
            Readable(by_crate)
        ),
        result: format!("{:+.1} ms", more * 1e3),
        target: "≤ + 10 ms".to_owned(),
        reached: Some(more <= 0.010),
    });
    Ok(plain)
}

/// Logins a second with 64 clients.
fn capacity(
    bench: &Bench,
    server: &Server,
    logins: &[Vec<u8>],
    plain: PlainHash,
    report: &mut Report,
) -> Result<f64> {
    bench.say(&format!("NUM-2: logins, {CONCURRENT} at a time"));
    let mut traffic = Repeat::new(logins).backing_off(PAUSE);
    let mut load = Load::open(server.address, CONCURRENT)?;
    let outcome = load.run(Pace::Closed, bench.scale.logins, &mut traffic)?;
    only(&outcome)?;
    let rate = outcome.rate(200);
    if rate <= 0.0 {
        return Err(Failure::Unmet("no login succeeded".to_owned()));
    }
    let cost = bench.scale.bcrypt_cost;
    let classic = as_f64(cores()) / plain.time.as_secs_f64();
    report.latency(
        &format!("login, {CONCURRENT} at a time"),
        outcome.latency(200),
    );
    report.finding(Finding {
        key: "login-capacity",
        number: "NUM-2",
        what: format!(
            "logins at cost {cost}, {CONCURRENT} at a time, beside the classic limit (cores ÷ time of one libxcrypt hash)"
        ),
        ours: format!("{rate:.1}/s"),
        beside: format!("classic limit {classic:.1}/s"),
        result: format!("{:.2} ×", rate / classic),
        target: "≥ 2 ×".to_owned(),
        reached: Some(rate / classic >= 2.0),
    });
    Ok(rate)
}

/// Ten times as many logins as the server manages.
fn overload(
    bench: &Bench,
    server: &Server,
    logins: &[Vec<u8>],
    (capacity, plain): (f64, PlainHash),
    report: &mut Report,
) -> Result<()> {
    let rate = capacity * OVERLOAD;
    bench.say(&format!("NUM-2: overload, {rate:.0} logins/s"));
    let mut load = Load::open(server.address, OVERLOAD_CONNECTIONS)?;
    let pace = Pace::PerSecond(rate);
    let outcome = load.run(pace, bench.scale.overload, &mut Repeat::new(logins))?;
    only(&outcome)?;
    let refused = outcome.count(503);
    let refusal = outcome.latency(503);
    let accepted = outcome.latency(200);
    report.latency("login, overload, accepted", accepted);
    report.latency("login, overload, refused with 503", refusal);
    // Early: before a single hash could have been computed. Bounded: the queue in front of an accepted login is short.
    let early = refused > 0 && outcome.retry_after == refused && refusal.p99 < plain.time;
    report.finding(Finding {
        key: "login-overload",
        number: "NUM-2",
        what: format!("{OVERLOAD:.0} × as many logins as the server manages: refused early with 503 + Retry-After"),
        ours: format!(
            "{:.0} % refused, p99 {}; {:.1}/s accepted, slowest {}",
            outcome.share(503) * 100.0,
            Readable(refusal.p99),
            outcome.rate(200),
            Readable(accepted.max)
        ),
        beside: format!("one hash {}", Readable(plain.time)),
        result: format!("{} of {refused} refusals say Retry-After", outcome.retry_after),
        target: "all say it, p99 < one hash".to_owned(),
        reached: Some(early),
    });
    Ok(())
}

/// Fails if a login was answered by anything but success or a refusal for overload.
fn only(outcome: &Outcome) -> Result<()> {
    let others = outcome.unexpected(&[200, 503]);
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::Unmet(format!(
        "logins were answered by {others:?}"
    )))
}
