//! NUM-6: three servers on one database. Something is revoked on one of them under load: how long do the others still accept it?

mod beside;
mod feed;
mod revocation;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use self::beside::Mixed;
use self::revocation::{Case, Person, Seen};
use super::admin;
use crate::accounts::{self, Session};
use crate::engines::{Engine, Engines};
use crate::failure::{Failure, Result};
use crate::latency::{Latency, Readable};
use crate::load::{Load, Outcome, Pace, ask};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::{Finding, Grid, Report};
use crate::request;

/// Servers on one database.
const NODES: usize = 3;
/// Revocations under way at one time.
const LANES: usize = 6;
/// Connections of the load on each server.
const LOAD_CONNECTIONS: usize = 16;
/// Account numbers between those of two runs on one database.
const APART: usize = 100_000;
/// The load is ended by a flag; this is only its upper bound.
const AT_MOST: Duration = Duration::from_mins(5);
/// What the promise says.
const WITHIN: Duration = Duration::from_secs(1);

/// Three servers and whom they know.
struct Nodes {
    servers: Vec<Server>,
    admin: String,
    /// Whoever is signed out, suspended and so on.
    people: Vec<Person>,
    /// The sessions with which each server is kept busy, and how they were made.
    busy: Vec<(Vec<Session>, Vec<Vec<u8>>)>,
}

/// What was found with one engine.
struct Agreement {
    delay: Latency,
    count: usize,
    told: Option<Latency>,
    beside: Latency,
    load: f64,
    refused: usize,
}

/// Every engine, without Redis and with it.
pub(super) fn measure(bench: &Bench, engines: &Engines, report: &mut Report) -> Result<()> {
    let head = [
        "revocations",
        "p50",
        "p99",
        "slowest",
        "told by the stream of another: p50, p99, slowest",
        "answers beside: their p99, refused",
    ];
    let mut grid = Grid::new("Three servers on one database: revocations (NUM-6)", head);
    for engine in &engines.all {
        let with_redis = |redis| (Some(redis), format!("{}, with Redis", engine.title));
        let mut ways = vec![(None, engine.title.clone())];
        ways.extend(engines.redis.as_deref().map(with_redis));
        for (number, (redis, title)) in ways.into_iter().enumerate() {
            bench.say(&format!("NUM-6: three servers on {title}"));
            let settings: Vec<(&str, &str)> = redis
                .map(|redis| ("NTT_AUTH__REDIS__URL", redis))
                .into_iter()
                .collect();
            if redis.is_some() && !is_known(bench, engine, &settings)? {
                let mut cells = vec!["not built in"];
                cells.resize(head.len(), "–");
                grid.row(title, cells);
                continue;
            }
            let nodes = start(bench, engine, &settings, APART * (number + 1))?;
            let agreement = agree(bench, nodes)?;
            tell(report, &mut grid, title, &agreement);
        }
    }
    report.grid(grid);
    Ok(())
}

/// Whether the program has these settings.
fn is_known(bench: &Bench, engine: &Engine, settings: &[(&str, &str)]) -> Result<bool> {
    let output = engine
        .command(bench, "node-0")?
        .args(["config", "check"])
        .envs(settings.iter().copied())
        .output()
        .map_err(Failure::while_("running ntt-auth config check"))?;
    Ok(output.status.success())
}

/// Starts the servers, and makes accounts with numbers from `first`.
fn start(bench: &Bench, engine: &Engine, settings: &[(&str, &str)], first: usize) -> Result<Nodes> {
    let root = format!("nodes-{first}@example.org");
    engine.start(bench, "node-0", &[])?.stop()?;
    admin::make(engine.command(bench, "node-0")?, &root)?;
    let servers = (0..NODES)
        .map(|node| engine.start(bench, &format!("node-{node}"), settings))
        .collect::<Result<Vec<Server>>>()?;
    let Some(server) = servers.first() else {
        return Err(Failure::Unmet("there is no server".to_owned()));
    };
    let at = server.address;
    let admin = admin::sign_in(server, &root)?.access_token;
    let accounts = accounts::register_from(at, first, bench.scale.revocations)?;
    let sessions = accounts::sign_in(at, &accounts)?;
    let second: Vec<Session> = accounts::sign_in(at, &accounts)?;
    let people = sessions
        .into_iter()
        .zip(second)
        .map(|(session, second)| Person::new(session, second.access_token))
        .collect();
    let busy = accounts::register_from(at, first + APART / 2, NODES * LOAD_CONNECTIONS)?;
    let busy = busy
        .chunks(LOAD_CONNECTIONS)
        .map(|accounts| {
            let sessions = accounts::sign_in(at, accounts)?;
            Ok((sessions, accounts.iter().map(request::login).collect()))
        })
        .collect::<Result<_>>()?;
    Ok(Nodes {
        servers,
        admin,
        people,
        busy,
    })
}

/// Revokes everything, with the load beside, and sees that nothing comes back.
fn agree(bench: &Bench, nodes: Nodes) -> Result<Agreement> {
    let addresses: Vec<SocketAddr> = nodes.servers.iter().map(|server| server.address).collect();
    let over = AtomicBool::new(false);
    let (tell_sight, sights) = mpsc::channel();
    let (seen, told, outcomes) = thread::scope(|scope| {
        let busy: Vec<_> = addresses
            .iter()
            .zip(&nodes.busy)
            .map(|(address, (sessions, logins))| {
                let over = &over;
                scope.spawn(move || keep_busy(bench, *address, sessions, logins, over))
            })
            .collect();
        for (node, address) in addresses.iter().enumerate() {
            let (over, tell_sight) = (&over, tell_sight.clone());
            scope.spawn(move || feed::follow(node, *address, over, &tell_sight));
        }
        let done = feed::ready(&sights, NODES).and_then(|()| revoke_all(&nodes, &addresses));
        let told = done.as_ref().map(|seen| feed::delays(seen, &sights));
        let told = told.unwrap_or_default();
        over.store(true, Ordering::Relaxed);
        let outcomes: Vec<Result<Outcome>> = busy
            .into_iter()
            .map(|load| {
                load.join().unwrap_or_else(|_| {
                    Err(Failure::Unmet("the load on a server broke off".to_owned()))
                })
            })
            .collect();
        (done, told, outcomes)
    });
    let seen = seen?;
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect::<Result<_>>()?;
    stays_revoked(&nodes, &addresses)?;
    for server in nodes.servers {
        server.stop()?;
    }
    let micros = |delays: Vec<Duration>| -> Vec<u32> {
        delays
            .iter()
            .map(|delay| u32::try_from(delay.as_micros()).unwrap_or(u32::MAX))
            .collect()
    };
    let beside = outcomes
        .iter()
        .flat_map(|outcome| outcome.samples.iter().map(|sample| sample.micros))
        .collect();
    Ok(Agreement {
        count: seen.len(),
        delay: Latency::of(micros(seen.iter().map(|seen| seen.delay).collect()))
            .unwrap_or_default(),
        told: Latency::of(micros(told)),
        refused: outcomes
            .iter()
            .map(|outcome| outcome.samples.len() - outcome.count(200))
            .sum(),
        load: outcomes.iter().map(|outcome| outcome.rate(200)).sum(),
        beside: Latency::of(beside).unwrap_or_default(),
    })
}

/// Validations, refreshes and logins at a fixed rate, until the flag is set.
fn keep_busy(
    bench: &Bench,
    server: SocketAddr,
    sessions: &[Session],
    logins: &[Vec<u8>],
    over: &AtomicBool,
) -> Result<Outcome> {
    let validations: Vec<Vec<u8>> = sessions
        .iter()
        .map(|session| request::validate(&session.access_token))
        .collect();
    let mut load = Load::open(server, LOAD_CONNECTIONS)?;
    let mut traffic = Mixed::new(sessions, &validations, logins, over);
    load.run(
        Pace::PerSecond(bench.scale.node_load),
        AT_MOST,
        &mut traffic,
    )
}

/// All revocations, some at a time.
fn revoke_all(nodes: &Nodes, addresses: &[SocketAddr]) -> Result<Vec<Seen>> {
    let cases: Vec<Case<'_>> = nodes
        .people
        .iter()
        .enumerate()
        .map(|(number, person)| Case::numbered(number, person, &nodes.admin))
        .collect();
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let cases = cases.iter().skip(lane).step_by(LANES);
                scope.spawn(move || -> Result<Vec<Seen>> {
                    cases.map(|case| case.revoke(addresses)).collect()
                })
            })
            .collect();
        let mut seen = Vec::with_capacity(cases.len());
        for lane in lanes {
            let of_lane = lane
                .join()
                .map_err(|_| Failure::Unmet("a row of revocations broke off".to_owned()))?;
            seen.extend(of_lane?);
        }
        Ok(seen)
    })
}

/// Asks every server once more for every token that was revoked.
fn stays_revoked(nodes: &Nodes, addresses: &[SocketAddr]) -> Result<()> {
    let requests: Vec<Vec<u8>> = nodes.people.iter().map(Person::validate).collect();
    for address in addresses {
        for answer in ask(*address, LANES, &requests)? {
            accounts::expect(*address, "GET /auth/validate", &answer, &[401])?;
        }
    }
    Ok(())
}

fn tell(report: &mut Report, grid: &mut Grid, title: String, agreement: &Agreement) {
    let Agreement {
        delay,
        count,
        told,
        beside,
        load,
        refused,
    } = agreement;
    let readable = |duration| Readable(duration).to_string();
    let told = told.map_or_else(
        || "–".to_owned(),
        |told| [told.p50, told.p99, told.max].map(readable).join(", "),
    );
    report.finding(Finding {
        key: "nodes",
        number: "NUM-6",
        what: format!(
            "three servers on {title}, under load: from an acknowledged revocation to the last answer in which another server accepted the token"
        ),
        ours: format!("p99 of {count}: {}", readable(delay.p99)),
        beside: format!("p50 {}, slowest {}", readable(delay.p50), readable(delay.max)),
        result: format!("p99 {}", readable(delay.p99)),
        target: "p99 ≤ 1 s".to_owned(),
        reached: Some(delay.p99 <= WITHIN),
    });
    let cells = [
        count.to_string(),
        readable(delay.p50),
        readable(delay.p99),
        readable(delay.max),
        told,
        format!("{load:.0}/s: {}, {refused}", readable(beside.p99)),
    ];
    grid.row(title, cells);
}
