//! NUM-5: the same requests against many accounts and against few.

use std::fs;
use std::process::{Command, Stdio};

use super::CHEAP_PASSWORDS;
use super::admin::{self, PASSWORD};
use super::side_by_side::only_successes;
use crate::accounts::{Chains, Session};
use crate::failure::{Failure, Result};
use crate::latency::{Latency, Readable};
use crate::load::{Load, Pace, Repeat, Traffic};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::{Finding, Report};
use crate::request;

/// The highest that the p50 with many accounts may be, beside that with few.
const MOST: f64 = 1.5;
const ADMIN: &str = "scale@example.org";
/// Requests that are made beforehand and sent in turn.
const REQUESTS: usize = 500;
/// Sessions of which each connection rotates its own.
const SESSIONS: usize = 1;

/// A server over a database of so many accounts.
struct Installation {
    accounts: usize,
    server: Server,
    admin: String,
    chains: Chains,
}

/// Something that is asked for.
struct Question {
    key: &'static str,
    what: &'static str,
    request: fn(&Installation, usize) -> Vec<u8>,
}

const QUESTIONS: [Question; 9] = [
    Question {
        key: "scale-login",
        what: "login by address, with the cheapest bcrypt (cost 4), so that the look-up shows",
        // Of a hundred, those with the numbers 7 and 9 may not sign in.
        request: |_, account| admin::login(&address(account - account % 100 + account % 7)),
    },
    Question {
        key: "scale-read",
        what: "reading an account",
        request: |at, _| at.get("/api/v1/users/me"),
    },
    Question {
        key: "scale-list",
        what: "listing 50 accounts, newest first",
        request: |at, _| at.get("/api/v1/users?order=desc"),
    },
    Question {
        key: "scale-list-filtered",
        what: "listing 50 active accounts of a common role, by address",
        request: |at, _| at.get("/api/v1/users?role=user&isActive=true&sort=email"),
    },
    Question {
        key: "scale-list-rare",
        what: "listing the accounts of a rare role with an unverified address, by last sign-in",
        request: |at, _| at.get("/api/v1/users?role=admin&isEmailVerified=false&sort=lastLoginAt"),
    },
    Question {
        key: "scale-search-one",
        what: "searching one account by its address",
        request: |at, account| at.get(&format!("/api/v1/users?q=user-{account}%40mail")),
    },
    Question {
        key: "scale-search-word",
        what: "searching by a common given name and a surname's beginning, 5 accounts shown",
        request: |at, account| {
            let first = ["ada", "alan", "grace", "ken"];
            let first = first.get(account % first.len()).unwrap_or(&"ada");
            at.get(&format!("/api/v1/users?q={first}+k&limit=5"))
        },
    },
    Question {
        key: "scale-search-addresses",
        what: "searching by a common given name, with which many addresses begin, too, 50 shown",
        request: |at, account| {
            let first = ["barbara", "bjarne", "claude"];
            let first = first.get(account % first.len()).unwrap_or(&"barbara");
            at.get(&format!("/api/v1/users?q={first}"))
        },
    },
    Question {
        key: "scale-search-all",
        what: "searching by a word that a twentieth of all accounts have, 50 shown",
        request: |at, account| at.get(&format!("/api/v1/users?q=mail-{}.example", account % 20)),
    },
];

/// Makes both databases, and asks both servers the same in turn.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.seed.exists() {
        bench.say(&format!(
            "NUM-5 is left out: {} is not there; `make bench` builds it",
            bench.seed.display()
        ));
        return Ok(());
    }
    let (few, many) = bench.scale.accounts;
    let mut few = install(bench, "few", few)?;
    let mut many = install(bench, "many", many)?;
    for question in &QUESTIONS {
        bench.say(&format!("NUM-5: {}", question.what));
        let requests = |at: &Installation| -> Vec<Vec<u8>> {
            (0..REQUESTS)
                .map(|number| (question.request)(at, number.wrapping_mul(7_919_317) % at.accounts))
                .collect()
        };
        let (of_few, of_many) = (requests(&few), requests(&many));
        let latencies = in_turn(
            bench,
            &few.server,
            &mut Repeat::new(&of_few),
            &many.server,
            &mut Repeat::new(&of_many),
        )?;
        tell(report, question.key, question.what, &few, &many, latencies);
    }
    let what = "refreshing a session, answered after its commit is on disk";
    bench.say(&format!("NUM-5: {what}"));
    let latencies = {
        let (few_server, few_chains) = (&few.server, &mut few.chains);
        let (many_server, many_chains) = (&many.server, &mut many.chains);
        in_turn(bench, few_server, few_chains, many_server, many_chains)?
    };
    tell(report, "scale-refresh", what, &few, &many, latencies);
    few.server.stop()?;
    many.server.stop()
}

/// Rounds of the one and the other, each on a connection of its own: which threads serve a connection, and on which cores, is
/// left to chance, and makes more of a difference to so short a time than a million accounts do.
fn in_turn(
    bench: &Bench,
    few: &Server,
    few_traffic: &mut impl Traffic,
    many: &Server,
    many_traffic: &mut impl Traffic,
) -> Result<(Latency, Latency)> {
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    Load::open(few.address, 1)?.run(Pace::Closed, bench.scale.warm_up, few_traffic)?;
    Load::open(many.address, 1)?.run(Pace::Closed, bench.scale.warm_up, many_traffic)?;
    for _ in 0..bench.scale.look_up_rounds {
        of_few.extend(round(bench, few, few_traffic)?);
        of_many.extend(round(bench, many, many_traffic)?);
    }
    Ok((
        Latency::of(of_few).unwrap_or_default(),
        Latency::of(of_many).unwrap_or_default(),
    ))
}

/// How many microseconds each answer took.
fn round(bench: &Bench, server: &Server, traffic: &mut impl Traffic) -> Result<Vec<u32>> {
    let mut load = Load::open(server.address, 1)?;
    let outcome = load.run(Pace::Closed, bench.scale.look_up_round, traffic)?;
    only_successes(&outcome)?;
    Ok(outcome.samples.iter().map(|sample| sample.micros).collect())
}

fn tell(
    report: &mut Report,
    key: &'static str,
    what: &str,
    few: &Installation,
    many: &Installation,
    (of_few, of_many): (Latency, Latency),
) {
    let ratio = of_many.p50.as_secs_f64() / of_few.p50.as_secs_f64();
    for (at, latency) in [(few, of_few), (many, of_many)] {
        report.latency(&format!("{what}, {} accounts", at.accounts), latency);
    }
    report.finding(Finding {
        key,
        number: "NUM-5",
        what: format!("{what}: p50 with {} accounts", many.accounts),
        ours: Readable(of_many.p50).to_string(),
        beside: format!("with {}: {}", few.accounts, Readable(of_few.p50)),
        result: format!("{ratio:.2} ×"),
        target: format!("≤ {MOST} ×"),
        reached: Some(ratio <= MOST),
    });
}

impl Installation {
    fn get(&self, path: &str) -> Vec<u8> {
        request::get(path, Some(&self.admin))
    }
}

/// A database of so many accounts with a server that runs on it.
fn install(bench: &Bench, folder: &str, accounts: usize) -> Result<Installation> {
    bench.say(&format!("NUM-5: making {accounts} accounts"));
    // The server makes the tables.
    bench.start_ours(folder, &CHEAP_PASSWORDS)?.stop()?;
    admin::make(bench.command_of_ours(folder, &CHEAP_PASSWORDS)?, ADMIN)?;
    let hash = bcrypt::hash(PASSWORD, 4)
        .map_err(|error| Failure::Unmet(format!("hashing a password: {error}")))?;
    let data = bench.folder(folder)?;
    let seeded = Command::new(&bench.seed)
        .arg(data.join("ntt-auth.db"))
        .arg(accounts.to_string())
        .arg(hash)
        .stdout(Stdio::null())
        .status()
        .map_err(Failure::while_(format!(
            "starting {}",
            bench.seed.display()
        )))?;
    if !seeded.success() {
        return Err(Failure::Unmet(format!(
            "{} made no accounts",
            bench.seed.display()
        )));
    }
    let size = fs::metadata(data.join("ntt-auth.db")).map_or(0, |file| file.len());
    bench.say(&format!("NUM-5: the database has {} MiB", size >> 20));
    let server = bench.start_ours(folder, &CHEAP_PASSWORDS)?;
    let admin = admin::sign_in(&server, ADMIN)?.access_token;
    let sessions: Vec<Session> = (0..SESSIONS)
        .map(|number| admin::sign_in(&server, &address(accounts / 2 + number)))
        .collect::<Result<_>>()?;
    Ok(Installation {
        accounts,
        server,
        admin,
        chains: Chains::new(&sessions),
    })
}

/// The address of account number `account`, as the seeding gives it.
fn address(account: usize) -> String {
    format!("user-{account}@mail-{}.example", account % 20)
}
