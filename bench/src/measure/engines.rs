//! The same work on every engine, in one run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::admin;
use super::side_by_side::{Comparison, Round, Side};
use crate::accounts::{self, Chains, Session};
use crate::engines::{Engine, Engines, METRICS_TOKEN};
use crate::failure::{Failure, Result};
use crate::latency::{Readable, median};
use crate::load::{Answer, Load, Pace, Repeat, Then, Traffic, as_f64, ask};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::{Finding, Grid, Report};
use crate::request::{self, Credentials};

/// Connections of what is counted by the second.
const CONNECTIONS: usize = 64;
/// Logins, and refreshes, of which statements are counted.
const COUNTED: usize = 100;
const ADMIN: &str = "engines@example.org";
/// The folder of the server's own data.
const PLACE: &str = "alone";
/// Registrations that are measured begin with this number.
const FRESH: usize = 10_000_000;
/// What every engine must reach of the others' rate where no database takes part.
const LEVEL: f64 = 0.9;

/// A server on an engine, and whom it knows.
struct Site<'a> {
    engine: &'a Engine,
    server: Server,
    chains: Chains,
    logins: Vec<Vec<u8>>,
    validations: Vec<Vec<u8>>,
    admin: String,
    fresh: Fresh,
    statements: [Option<f64>; 2],
}

/// Rounds by the engine on which they ran.
type Rounds = Vec<Vec<Round>>;

/// Measures all of it, in rounds of which each visits every engine.
pub(super) fn measure(bench: &Bench, engines: &Engines, report: &mut Report) -> Result<()> {
    let mut sites = engines
        .all
        .iter()
        .map(|engine| install(bench, engine))
        .collect::<Result<Vec<Site<'_>>>>()?;
    let mut grid = Grid::new(
        "One server on each engine",
        sites.iter().map(|site| site.engine.title.clone()),
    );
    let length = bench.scale.engine_round;

    let rounds = in_turn(bench, &mut sites, "refresh rotations", |site| {
        let mut load = Load::open(site.server.address, CONNECTIONS)?;
        load.run(Pace::Closed, bench.scale.warm_up, &mut site.chains)?;
        Round::run(&site.server, &mut load, length, &mut site.chains)
    })?;
    let what = "refresh rotations, each answered after its commit is on disk";
    tell_rates(&mut grid, what, &rounds);
    tell_processor_time(&mut grid, &rounds);
    let rounds = in_turn(bench, &mut sites, "logins", |site| {
        repeat(bench, &site.server, CONNECTIONS, &site.logins)
    })?;
    let what = "logins with the cheapest bcrypt (cost 4), so that the database shows";
    tell_rates(&mut grid, what, &rounds);
    let rounds = in_turn(bench, &mut sites, "reading an account", |site| {
        let own = request::get("/api/v1/users/me", Some(&site.admin));
        repeat(bench, &site.server, 1, &[own])
    })?;
    tell_p50(&mut grid, "reading an account, one at a time", &rounds);
    let rounds = in_turn(bench, &mut sites, "listing 50 accounts", |site| {
        let list = request::get("/api/v1/users?order=desc", Some(&site.admin));
        repeat(bench, &site.server, 1, &[list])
    })?;
    tell_p50(
        &mut grid,
        "listing 50 accounts, one list at a time",
        &rounds,
    );
    let rounds = in_turn(bench, &mut sites, "validation", |site| {
        repeat(bench, &site.server, CONNECTIONS, &site.validations)
    })?;
    tell_rates(&mut grid, "validation (from memory)", &rounds);
    tell_level(report, &sites, &rounds);
    let rounds = in_turn(bench, &mut sites, "registrations", |site| {
        let mut load = Load::open(site.server.address, CONNECTIONS)?;
        Round::expecting(201, &site.server, &mut load, length, &mut site.fresh)
    })?;
    tell_rates(&mut grid, "registrations, with the same bcrypt", &rounds);
    for (what, place) in [("login", 0), ("refresh", 1)] {
        let cells = sites
            .iter()
            .map(|site| match site.statements.get(place).copied().flatten() {
                Some(statements) => format!("{statements:.1}"),
                None => "not counted".to_owned(),
            });
        grid.row(format!("statements for one {what}"), cells);
    }
    start_up(bench, sites, &mut grid)?;
    report.grid(grid);
    Ok(())
}

/// A server on an engine with accounts, of which each has a session.
fn install<'a>(bench: &Bench, engine: &'a Engine) -> Result<Site<'a>> {
    bench.say(&format!("engines: accounts on {}", engine.title));
    engine.start(bench, PLACE, &[])?.stop()?;
    admin::make(engine.command(bench, PLACE)?, ADMIN)?;
    let server = engine.start(bench, PLACE, &[])?;
    let accounts = accounts::register(server.address, CONNECTIONS)?;
    let logins: Vec<Vec<u8>> = accounts.iter().map(request::login).collect();
    let sessions: Vec<Session> = accounts::sign_in(server.address, &accounts)?;
    let mut counted = accounts::sign_in(server.address, accounts.get(..1).unwrap_or_default())?;
    Ok(Site {
        engine,
        chains: Chains::new(&sessions),
        validations: sessions
            .iter()
            .map(|session| request::validate(&session.access_token))
            .collect(),
        admin: admin::sign_in(&server, ADMIN)?.access_token,
        fresh: Fresh { next: FRESH },
        statements: [
            statements(&server, || {
                let requests: Vec<Vec<u8>> = logins.iter().cycle().take(COUNTED).cloned().collect();
                ask(server.address, 1, &requests).map(drop)
            })?,
            statements(&server, || {
                let mut chains = Chains::minting(&counted, COUNTED);
                let mut load = Load::open(server.address, 1)?;
                load.run(Pace::Closed, Duration::from_mins(1), &mut chains)?;
                counted.clear();
                Ok(())
            })?,
        ],
        logins,
        server,
    })
}

/// Rounds on one engine after another; who goes first changes, so that none gains from what those before it leave behind.
fn in_turn<'a>(
    bench: &Bench,
    sites: &mut [Site<'a>],
    what: &str,
    run: impl Fn(&mut Site<'a>) -> Result<Round>,
) -> Result<Rounds> {
    bench.say(&format!("engines: {what}"));
    let mut rounds: Rounds = sites.iter().map(|_| Vec::new()).collect();
    for round in 0..bench.scale.engine_rounds {
        let places = (0..sites.len()).cycle().skip(round).take(sites.len());
        for place in places {
            if let (Some(site), Some(of_site)) = (sites.get_mut(place), rounds.get_mut(place)) {
                of_site.push(run(site)?);
            }
        }
    }
    Ok(rounds)
}

/// A round of the same requests over and over.
fn repeat(
    bench: &Bench,
    server: &Server,
    connections: usize,
    requests: &[Vec<u8>],
) -> Result<Round> {
    let mut traffic = Repeat::new(requests);
    let mut load = Load::open(server.address, connections)?;
    load.run(Pace::Closed, bench.scale.warm_up, &mut traffic)?;
    Round::run(server, &mut load, bench.scale.engine_round, &mut traffic)
}

/// What was done a second, how that is beside SQLite, and how long it took.
fn tell_rates(grid: &mut Grid, what: &str, rounds: &Rounds) {
    let sides: Vec<Side> = rounds.iter().map(|rounds| Side::of(rounds)).collect();
    grid.row(
        format!("{what}, {CONNECTIONS} connections"),
        sides.iter().map(|side| format!("{:.0}/s", side.rate)),
    );
    grid.row(
        "– beside SQLite",
        ratios(rounds).iter().map(|ratio| format!("{ratio:.2} ×")),
    );
    grid.row(
        "– p50, p99",
        sides.iter().map(|side| {
            let (p50, p99) = (Readable(side.latency.p50), Readable(side.latency.p99));
            format!("{p50}, {p99}")
        }),
    );
}

/// Each engine's rate beside that of the first.
fn ratios(rounds: &Rounds) -> Vec<f64> {
    let first = rounds.first().map(Vec::as_slice).unwrap_or_default();
    rounds
        .iter()
        .map(|rounds| Comparison::of(rounds, first).ratio)
        .collect()
}

fn tell_processor_time(grid: &mut Grid, rounds: &Rounds) {
    let cells = rounds.iter().map(|rounds| {
        let micros = Side::of(rounds).processor_time.as_secs_f64() * 1e6;
        format!("{micros:.0} µs")
    });
    grid.row("– processor time of ntt-auth for one", cells);
}

fn tell_p50(grid: &mut Grid, what: &str, rounds: &Rounds) {
    let cells = rounds
        .iter()
        .map(|rounds| Readable(Side::of(rounds).latency.p50).to_string());
    grid.row(format!("{what}: p50"), cells);
}

/// That validation does not depend on the engine.
fn tell_level(report: &mut Report, sites: &[Site<'_>], rounds: &Rounds) {
    let ratios = ratios(rounds);
    let Some((slowest, ratio)) = sites
        .iter()
        .zip(ratios)
        .min_by(|(_, one), (_, other)| one.total_cmp(other))
    else {
        return;
    };
    report.finding(Finding {
        key: "engines-validate",
        number: "NUM-1",
        what: "validation, 64 connections: the engine with the lowest rate, beside SQLite"
            .to_owned(),
        ours: slowest.engine.title.clone(),
        beside: "SQLite".to_owned(),
        result: format!("{ratio:.2} ×"),
        target: format!("≥ {LEVEL} ×"),
        reached: Some(ratio >= LEVEL),
    });
}

/// Starts on what is there by now, and memory after them.
fn start_up(bench: &Bench, sites: Vec<Site<'_>>, grid: &mut Grid) -> Result<()> {
    bench.say("engines: start-up and memory");
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for site in sites {
        site.server.stop()?;
        let mut seconds = Vec::new();
        let mut resident = Vec::new();
        for _ in 0..bench.scale.starts {
            let server = site.engine.start(bench, PLACE, &[])?;
            seconds.push(server.ready_after.as_secs_f64());
            let kibibytes = usize::try_from(server.resident_memory()? / 1024).unwrap_or(usize::MAX);
            resident.push(as_f64(kibibytes) / 1024.0);
            server.stop()?;
        }
        times.push(Readable(Duration::from_secs_f64(median(seconds))).to_string());
        memory.push(format!("{:.1} MiB", median(resident)));
    }
    let what = "from the process's start to its ready line, on an existing database";
    grid.row(what, times);
    grid.row("resident memory of ntt-auth, idle, after start", memory);
    Ok(())
}

/// How many statements one of the `COUNTED` requests takes that `work` sends; `None` where none are counted. What a server asks
/// its database for by itself meanwhile is told apart by its being asked less often.
fn statements(server: &Server, work: impl FnOnce() -> Result<()>) -> Result<Option<f64>> {
    let before = statement_counts(server)?;
    work()?;
    let after = statement_counts(server)?;
    let for_them: usize = after
        .iter()
        .map(|(statement, count)| count - before.get(statement).copied().unwrap_or_default())
        .filter(|count| *count >= COUNTED / 2)
        .sum();
    Ok((for_them > 0).then(|| as_f64(for_them) / as_f64(COUNTED)))
}

/// How often each statement ran so far.
fn statement_counts(server: &Server) -> Result<BTreeMap<String, usize>> {
    let request = request::get("/metrics", Some(METRICS_TOKEN));
    let answer = ask(server.address, 1, &[request])?
        .pop()
        .ok_or_else(|| Failure::Unmet("no answer to GET /metrics".to_owned()))?;
    accounts::expect(server.address, "GET /metrics", &answer, &[200])?;
    Ok(counts(&String::from_utf8_lossy(&answer.body)))
}

fn counts(metrics: &str) -> BTreeMap<String, usize> {
    metrics
        .lines()
        .filter_map(|line| {
            let rest = line.strip_prefix("ntt_auth_store_statements_total{")?;
            let (statement, count) = rest.split_once("} ")?;
            Some((statement.to_owned(), count.parse().ok()?))
        })
        .collect()
}

/// Registers one new account after another.
struct Fresh {
    next: usize,
}

impl Traffic for Fresh {
    fn request(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        request.extend(request::register(&Credentials::numbered(self.next)));
        self.next += 1;
        true
    }

    fn answer(&mut self, _connection: usize, _answer: &Answer<'_>) -> Result<Then> {
        Ok(Then::Now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_from_the_figures() {
        let metrics = "# TYPE x\nntt_auth_store_statements_total{statement=\"users.by_id\"} 12\n\
                       ntt_auth_store_slow_statements_total{statement=\"users.by_id\"} 1\n";
        let counts = counts(metrics);
        assert_eq!(counts.len(), 1);
        assert_eq!(counts["statement=\"users.by_id\""], 12);
    }
}
