//! NUM-3: validation while ten times as many logins arrive as the server can hash.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use super::login::OVERLOAD;
use super::side_by_side::only_successes;
use crate::accounts::Session;
use crate::failure::{Failure, Result};
use crate::latency::{Latency, Readable, median};
use crate::load::{Answer, Load, Pace, Repeat, Then, Traffic, as_f64};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::{Finding, Report};
use crate::request;

/// Validations a second, idle and in the storm.
const RATE: f64 = 1000.0;

/// Connections that validate.
const CONNECTIONS: usize = 64;

/// Connections that sign in.
const STORM_CONNECTIONS: usize = 1000;

/// A storm is ended by a flag; this is only its upper bound.
const AT_MOST: Duration = Duration::from_mins(5);

/// Validates at a fixed rate, without and with the storm, in rounds.
pub(super) fn measure(
    bench: &Bench,
    server: &Server,
    (sessions, logins): (&[Session], &[Vec<u8>]),
    capacity: f64,
    report: &mut Report,
) -> Result<()> {
    let requests: Vec<Vec<u8>> = sessions
        .iter()
        .map(|session| request::validate(&session.access_token))
        .collect();
    let mut calm_micros = Vec::new();
    let mut storm_micros = Vec::new();
    let mut ratios = Vec::new();
    for _ in 0..bench.scale.storm_rounds {
        bench.say("NUM-3: validation at 1000/s, idle");
        let calm = validate(bench, server, &requests)?;
        bench.say("NUM-3: validation at 1000/s in a storm of logins");
        let storm = in_storm(server, logins, capacity * OVERLOAD, || {
            validate(bench, server, &requests)
        })?;
        let p99 = |micros: &[u32]| {
            Latency::of(micros.to_vec())
                .unwrap_or_default()
                .p99
                .as_secs_f64()
        };
        ratios.push(p99(&storm) / p99(&calm));
        calm_micros.extend(calm);
        storm_micros.extend(storm);
    }
    let calm = Latency::of(calm_micros).unwrap_or_default();
    let storm = Latency::of(storm_micros).unwrap_or_default();
    let ratio = median(ratios);
    report.latency("validation at 1000/s, idle", calm);
    report.latency("validation at 1000/s, storm of logins", storm);
    report.finding(Finding {
        key: "storm",
        number: "NUM-3",
        what: "validation at 1000/s during a storm of 10 × as many logins as can be hashed, p99 beside its idle p99".to_owned(),
        ours: format!("p99 {}", Readable(storm.p99)),
        beside: format!("idle p99 {}", Readable(calm.p99)),
        result: format!("{ratio:.2} ×"),
        target: "≤ 2 ×".to_owned(),
        reached: Some(ratio <= 2.0),
    });
    Ok(())
}

/// Latencies of validation at the fixed rate, in microseconds.
fn validate(bench: &Bench, server: &Server, requests: &[Vec<u8>]) -> Result<Vec<u32>> {
    let mut load = Load::open(server.address, CONNECTIONS)?;
    let mut traffic = Repeat::new(requests);
    load.run(Pace::PerSecond(RATE), bench.scale.warm_up, &mut traffic)?;
    let outcome = load.run(Pace::PerSecond(RATE), bench.scale.storm, &mut traffic)?;
    only_successes(&outcome)?;
    Ok(outcome.samples.iter().map(|sample| sample.micros).collect())
}

/// Runs `during` once the storm has sent what the server needs five seconds to hash, and then ends the storm.
fn in_storm<T>(
    server: &Server,
    logins: &[Vec<u8>],
    rate: f64,
    during: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let address = server.address;
    let over = AtomicBool::new(false);
    let (raging, rages) = mpsc::channel();
    thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let mut load = Load::open(address, STORM_CONNECTIONS)?;
            let mut traffic = Storm {
                logins: Repeat::new(logins),
                sent: 0,
                rages_at: rate / OVERLOAD * 5.0,
                raging,
                over: &over,
            };
            load.run(Pace::PerSecond(rate), AT_MOST, &mut traffic)
        });
        // Hung up without a word means that the storm failed; its own failure is told below.
        let measured = rages.recv().ok().map(|()| during());
        over.store(true, Ordering::Relaxed);
        let stormed = storm
            .join()
            .map_err(|_| Failure::Unmet("the storm of logins broke off".to_owned()))?;
        stormed?;
        measured.unwrap_or_else(|| {
            Err(Failure::Unmet(
                "the storm of logins did not rise".to_owned(),
            ))
        })
    })
}

/// Logins until the flag is set; says once that enough have been sent to fill any queue.
struct Storm<'a> {
    logins: Repeat<'a>,
    sent: usize,
    rages_at: f64,
    raging: Sender<()>,
    over: &'a AtomicBool,
}

impl Traffic for Storm<'_> {
    fn request(&mut self, connection: usize, request: &mut Vec<u8>) -> bool {
        self.sent += 1;
        if as_f64(self.sent) >= self.rages_at && as_f64(self.sent) < self.rages_at + 1.0 {
            // Whoever waited may have failed and gone.
            let _ = self.raging.send(());
        }
        !self.over.load(Ordering::Relaxed) && self.logins.request(connection, request)
    }

    fn answer(&mut self, connection: usize, answer: &Answer<'_>) -> Result<Then> {
        self.logins.answer(connection, answer)
    }
}
