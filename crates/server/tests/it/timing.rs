//! Whether the time of an answer tells if there is such an account (ASVS V6.3.8, E-33): the real program is asked for accounts of every
//! kind in turn, and how often one kind's answer comes before another's is counted (Mann and Whitney's statistic).
//! `make timing` shows the figures.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, program, send};

const LOGIN: &str = "/api/v1/auth/login";
const REGISTER: &str = "/api/v1/auth/register";
/// Answers of each kind.
const ROUNDS: usize = 150;
/// Half of the pairs come in either order, if the time tells nothing. With that many answers a share is farther from it than this by
/// chance once in a thousand million; a hash that is left out, or of half the cost, gives nearly 0 or 1.
const BOUND: f64 = 0.2;

/// What is less than this cannot be told over a network. Known differences below it: a row that is read of an account (20 µs),
/// each further hash by which a cheap one is made up for, and the rows of an account that is made where the address was free (0.4 ms
/// without optimisation). A hash that is left out, or of half the cost, makes several milliseconds even at the cheap cost of this test.
const LEAST: Duration = Duration::from_micros(700);

/// The same as a part of an answer, which counts where that is more: on a slow machine the known differences are longer, and so is
/// everything else. A hash of half the cost is half of an answer.
const LEAST_PART: u32 = 10;

/// What is asked, by its name: the status that it is answered with, and its body in each round.
type Kind<'a> = (&'a str, u16, &'a dyn Fn(usize) -> Value);

/// How long each answer took, of each kind.
fn times(kinds: &[Kind<'_>], path: &str, server: &Server) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::with_capacity(ROUNDS); kinds.len()];
    for round in 0..ROUNDS + 3 {
        for ((_, status, body), times) in kinds.iter().zip(&mut times) {
            let body = body(round);
            let begun = Instant::now();
            let answer = send(server.address, "POST", path, None, Some(&body)).unwrap();
            let took = begun.elapsed();
            assert_eq!(answer.0, *status, "{answer:?}");
            if round > 2 {
                times.push(took);
            }
        }
    }
    times
}

/// In which share of all pairs an answer of the first comes before one of the second.
fn share(first: &[Duration], second: &[Duration]) -> f64 {
    let mut before = 0.0;
    for a in first {
        for b in second {
            before += match a.cmp(b) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 0.0,
            };
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "tens of thousands at most")]
    let pairs = (first.len() * second.len()) as f64;
    before / pairs
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn tell_nothing(kinds: &[Kind<'_>], path: &str, server: &Server) {
    let times = times(kinds, path, server);
    let mut told = Vec::new();
    for ((name, ..), of_kind) in kinds.iter().zip(&times) {
        let share = share(of_kind, &times[0]);
        println!(
            "{path} {name:<28} median {:>7.2} ms, before {}: {share:.2}",
            median(of_kind).as_secs_f64() * 1000.0,
            kinds[0].0
        );
        let usual = median(&times[0]);
        let apart = median(of_kind).abs_diff(usual);
        if (share - 0.5).abs() > BOUND && apart > LEAST.max(usual / LEAST_PART) {
            told.push(format!("{name}: {share:.2}"));
        }
    }
    assert!(told.is_empty(), "the time tells of {told:?}");
}

fn guess(identifier: &str) -> Value {
    json!({ "identifier": identifier, "password": "Not-the-password-1" })
}

#[test]
fn v6_3_8_e33_the_time_of_an_answer_tells_of_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cost = |cost| ("NTT_AUTH__PASSWORD__BCRYPT_COST", cost);
    let register = |server: &Server, name: &str| {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        let answer = send(server.address, "POST", REGISTER, None, Some(&body)).unwrap();
        assert_eq!(answer.0, 201, "{answer:?}");
    };
    // Of a time in which hashes were cheaper.
    let server = Server::start(folder, &[cost("5")]);
    register(&server, "old");
    server.stop();
    let settings = [cost("8"), ("NTT_AUTH__LOCKOUT__ENABLED", "false")];
    let server = Server::start(folder, &settings);
    register(&server, "known");
    register(&server, "suspended");
    let suspend = ["user", "suspend", "suspended@example.com"];
    let done = program(folder, &settings).args(suspend).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let kinds: [Kind<'_>; 6] = [
        ("unknown", 401, &|_| guess("unknown@example.com")),
        ("known", 401, &|_| guess("known@example.com")),
        ("suspended", 401, &|_| guess("suspended@example.com")),
        ("of a cheaper hash", 401, &|_| guess("old@example.com")),
        ("unknown user name", 401, &|_| guess("unknown")),
        ("no name at all", 401, &|_| guess("no name at all")),
    ];
    tell_nothing(&kinds, LOGIN, &server);
    server.stop();
}

#[test]
fn v6_3_8_e33_the_time_of_a_lock_tells_of_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let body = json!({ "email": "known@example.com", "password": PASSWORD });
    send(server.address, "POST", REGISTER, None, Some(&body)).unwrap();
    for name in ["known@example.com", "unknown@example.com"] {
        for _ in 0..5 {
            send(server.address, "POST", LOGIN, None, Some(&guess(name))).unwrap();
        }
    }
    let kinds: [Kind<'_>; 2] = [
        ("unknown, locked", 429, &|_| guess("unknown@example.com")),
        ("known, locked", 429, &|_| guess("known@example.com")),
    ];
    tell_nothing(&kinds, LOGIN, &server);
    server.stop();
}

#[test]
fn v6_3_8_e33_the_time_of_a_registration_tells_of_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("NTT_AUTH__PASSWORD__BCRYPT_COST", "8"),
        ("NTT_AUTH__ACCOUNTS__ENUMERATION_PROTECTION", "true"),
    ];
    let server = Server::start(folder.path(), &settings);
    let body =
        |address: &str| json!({ "email": format!("{address}@example.com"), "password": PASSWORD });
    let named = |address: &str, name: &str| {
        let mut body = body(address);
        body["username"] = json!(name);
        body
    };
    let known = named("known", "known");
    send(server.address, "POST", REGISTER, None, Some(&known)).unwrap();
    let kinds: [Kind<'_>; 4] = [
        ("free", 202, &|round| body(&format!("a{round}"))),
        ("taken", 202, &|_| body("known")),
        ("free, with a user name", 202, &|round| {
            named(&format!("b{round}"), &format!("bob{round}"))
        }),
        ("taken, with a user name", 202, &|round| {
            named("known", &format!("carol{round}"))
        }),
    ];
    tell_nothing(&kinds, REGISTER, &server);
    // That a name is taken is told; whose address comes with it is not.
    let kinds: [Kind<'_>; 2] = [
        ("free, with a taken name", 422, &|_| named("free", "known")),
        ("taken, with a taken name", 422, &|_| {
            named("known", "known")
        }),
    ];
    tell_nothing(&kinds, REGISTER, &server);
    server.stop();
}

#[test]
fn v6_3_8_e33_the_time_of_asking_for_a_mail_tells_of_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let known = json!({ "email": "known@example.com", "password": PASSWORD });
    send(server.address, "POST", REGISTER, None, Some(&known)).unwrap();
    for path in [
        "/api/v1/auth/forgot-password",
        "/api/v1/auth/resend-verification",
    ] {
        let kinds: [Kind<'_>; 2] = [
            (
                "unknown",
                202,
                &|_| json!({ "email": "unknown@example.com" }),
            ),
            ("known", 202, &|_| json!({ "email": "known@example.com" })),
        ];
        tell_nothing(&kinds, path, &server);
    }
    server.stop();
}
