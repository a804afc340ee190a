//! Kills the server without warning under load, starts it again, and checks every write it had acknowledged (NUM-7):
//! no account, password or session is lost, and nothing that was revoked is good again. On each engine.
//!
//! `NTT_TORTURE_ROUNDS` sets how often (default 3).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may say so by panicking"
)]

mod process;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use process::{Answer, PASSWORD, Server, send};

/// Clients that load the server at once.
const CLIENTS: usize = 8;
/// Acknowledged writes after which the server is killed, at the least; the round's number is added.
const WRITES: usize = 60;

/// How long an engine may be busy with what is left of a killed process.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the server has acknowledged.
#[derive(Debug, Clone)]
enum Acknowledged {
    /// An account that signs in with [`PASSWORD`].
    Account(String),
    /// A session whose last token that reached the client is this one.
    Session { refresh: String, access: String },
    /// A session that was ended.
    Ended { refresh: String, access: String },
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_revoked_is_good_again_on_sqlite() {
    torture(None);
}

#[cfg(feature = "mysql")]
#[test]
fn nothing_acknowledged_is_lost_and_nothing_revoked_is_good_again_on_mariadb() {
    on(ntt_auth_test_database::Server::Mariadb.database());
}

#[cfg(feature = "mysql")]
#[test]
fn nothing_acknowledged_is_lost_and_nothing_revoked_is_good_again_on_mysql8() {
    on(ntt_auth_test_database::Server::Mysql8.database());
}

#[cfg(feature = "postgres")]
#[test]
fn nothing_acknowledged_is_lost_and_nothing_revoked_is_good_again_on_postgres() {
    on(ntt_auth_test_database::Server::Postgres.database());
}

#[cfg(feature = "mongodb")]
#[test]
fn nothing_acknowledged_is_lost_and_nothing_revoked_is_good_again_on_mongodb() {
    on(ntt_auth_test_database::Server::Mongodb.database());
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "mongodb"))]
fn on(database: Option<ntt_auth_test_database::Database>) {
    if let Some(database) = database {
        torture(Some(&database.url));
    }
}

fn torture(database: Option<&str>) {
    let rounds = std::env::var("NTT_TORTURE_ROUNDS").map_or(3, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // The issuer must stay the same from start to start, though the port does not.
    let environment = [
        ("NTT_AUTH__PUBLIC_URL", "http://auth.example"),
        ("NTT_AUTH__LOG__LEVEL", "warn"),
        ("NTT_AUTH__DATABASE__URL", database.unwrap_or_default()),
    ];
    let mut ledger: Vec<Acknowledged> = Vec::new();
    for round in 1..=rounds {
        let server = Server::start(folder.path(), &environment);
        let fresh = load(server, round);
        assert!(!fresh.is_empty());
        let server = Server::start(folder.path(), &environment);
        assert_eq!(
            server.said.len(),
            1,
            "first set-up is offered until it is done: {:?}",
            server.said
        );
        let count = fresh.len();
        ledger.extend(fresh.into_iter().map(|entry| check(server.address, entry)));
        println!("round {round} of {rounds}: {count} acknowledged writes are there");
        server.kill();
    }
    // Later rounds have not undone what earlier ones wrote.
    let server = Server::start(folder.path(), &environment);
    for entry in ledger {
        check(server.address, entry);
    }
    assert!(server.stop().success());
}

/// Loads the server, kills it in the middle, and gives what it had acknowledged by then.
fn load(server: Server, round: usize) -> Vec<Acknowledged> {
    let address = server.address;
    let written = AtomicUsize::new(0);
    let (enough, killing) = mpsc::channel();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (written, enough) = (&written, enough.clone());
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    let note = || {
                        if written.fetch_add(1, Ordering::Relaxed) + 1 == WRITES + round {
                            let _ = enough.send(());
                        }
                    };
                    let mut number = 0;
                    // It ends with the first request that the killed server does not answer.
                    while live(
                        address,
                        &format!("r{round}c{client}n{number}"),
                        &mut acknowledged,
                        note,
                    )
                    .is_ok()
                    {
                        number += 1;
                    }
                    acknowledged
                })
            })
            .collect();
        drop(enough);
        killing.recv().unwrap();
        server.kill();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    })
}

/// One account's life: it is made, signs in, refreshes a few times, and every other one signs out.
fn live(
    to: SocketAddr,
    name: &str,
    ledger: &mut Vec<Acknowledged>,
    note: impl Fn(),
) -> io::Result<()> {
    let email = format!("{name}@example.com");
    let account = json!({ "email": email, "password": PASSWORD });
    expect(post(to, "register", None, &account)?, 201);
    ledger.push(Acknowledged::Account(email));
    note();

    let mut tokens = expect(post(to, "login", None, &account)?, 200);
    let place = ledger.len();
    ledger.push(session(&tokens));
    note();
    for _ in 0..3 {
        tokens = expect(
            post(
                to,
                "refresh",
                None,
                &json!({ "refreshToken": tokens["refreshToken"] }),
            )?,
            200,
        );
        if let Some(last) = ledger.get_mut(place) {
            *last = session(&tokens);
        }
        note();
    }
    if name.len().is_multiple_of(2) {
        let access = tokens["accessToken"].as_str();
        // Until it is answered, the session may have ended or not: nothing is promised about it.
        let unsure = ledger.pop();
        expect(post(to, "logout", access, &json!({}))?, 204);
        if let Some(Acknowledged::Session { refresh, access }) = unsure {
            ledger.push(Acknowledged::Ended { refresh, access });
        }
        note();
    }
    Ok(())
}

/// Checks one acknowledged write, and gives what can be checked later.
fn check(to: SocketAddr, entry: Acknowledged) -> Acknowledged {
    match &entry {
        Acknowledged::Account(email) => {
            let account = json!({ "email": email, "password": PASSWORD });
            expect(post(to, "login", None, &account).unwrap(), 200);
        }
        Acknowledged::Session { refresh, access } => {
            assert_eq!(
                validate(to, access),
                200,
                "an access token of a living session"
            );
            // A rotation may have been committed and its answer lost: the same client is given the successor again.
            let tokens = expect(
                post(to, "refresh", None, &json!({ "refreshToken": refresh })).unwrap(),
                200,
            );
            return session(&tokens);
        }
        Acknowledged::Ended { refresh, access } => {
            assert_eq!(validate(to, access), 401, "a revoked access token");
            expect(
                post(to, "refresh", None, &json!({ "refreshToken": refresh })).unwrap(),
                401,
            );
        }
    }
    entry
}

fn session(tokens: &Value) -> Acknowledged {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    Acknowledged::Session {
        refresh: text("refreshToken"),
        access: text("accessToken"),
    }
}

/// Posts, again for as long as the answer is to come back later: an engine may hold for a moment what the killed process had
/// locked.
#[expect(clippy::disallowed_methods, reason = "between two requests")]
fn post(to: SocketAddr, verb: &str, token: Option<&str>, body: &Value) -> io::Result<Answer> {
    let until = Instant::now() + PATIENCE;
    let path = format!("/api/v1/auth/{verb}");
    loop {
        let answer = send(to, "POST", &path, token, Some(body))?;
        if answer.0 != 503 || Instant::now() > until {
            return Ok(answer);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn validate(to: SocketAddr, access: &str) -> u16 {
    send(to, "GET", "/api/v1/auth/validate", Some(access), None)
        .unwrap()
        .0
}

fn expect((status, body): Answer, expected: u16) -> Value {
    assert_eq!(status, expected, "{body}");
    body
}
