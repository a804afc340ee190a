//! Months in a moment: the virtual clock of the running program.

use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::process::{Answer, PASSWORD, Server, program, send};

const CLOCK: &str = "/api/v1/test/clock";

fn post(server: &Server, path: &str, token: Option<&str>, body: &Value) -> Answer {
    send(server.address, "POST", path, token, Some(body)).unwrap()
}

fn get(server: &Server, path: &str, token: Option<&str>) -> Answer {
    send(server.address, "GET", path, token, None).unwrap()
}

fn sign_up_and_in(server: &Server, email: &str) -> Value {
    let account = json!({ "email": email, "password": PASSWORD });
    let (status, body) = post(server, "/api/v1/auth/register", None, &account);
    assert_eq!(status, 201, "{body}");
    let (status, tokens) = post(server, "/api/v1/auth/login", None, &account);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap()
}

fn refresh(server: &Server, tokens: &Value) -> Answer {
    let body = json!({ "refreshToken": tokens["refreshToken"] });
    post(server, "/api/v1/auth/refresh", None, &body)
}

fn key_ids(server: &Server) -> Vec<String> {
    let (_, jwks) = get(server, "/.well-known/jwks.json", None);
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| text(key, "kid").to_owned()).collect()
}

#[test]
fn thirty_days_pass_in_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("NTT_AUTH__KEYS__ROTATION", "10 days"),
        ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com"),
    ];
    let server = Server::start(folder.path(), &settings);
    let ada = sign_up_and_in(&server, "ada@example.com");
    let bob = sign_up_and_in(&server, "bob@example.com");
    let first_keys = key_ids(&server);

    let begun = Instant::now();
    let mut bob_now = bob.clone();
    for day in 1..=30 {
        let (status, clock) = post(&server, CLOCK, None, &json!({ "advance": "1 day" }));
        assert_eq!(status, 200, "{clock}");
        assert_eq!(clock["aheadSeconds"], day * 86_400);
        // Bob's tablet refreshes every day; after thirty days it must sign in again all the same.
        let (status, next) = refresh(&server, &bob_now);
        if day < 30 {
            assert_eq!(status, 200, "day {day}: {next}");
            bob_now = next;
        } else {
            assert_eq!(
                (status, next["code"].as_str()),
                (401, Some("refresh_token_expired"))
            );
        }
    }
    let took = begun.elapsed();
    eprintln!("thirty days, each with all background work and a refresh, took {took:?}");

    // Ada's tokens expired, hers of an hour and hers of a week; and what is over was forgotten.
    let (status, problem) = get(
        &server,
        "/api/v1/auth/validate",
        Some(text(&ada, "accessToken")),
    );
    assert_eq!(status, 401, "{problem}");
    let (status, problem) = refresh(&server, &ada);
    assert_eq!(status, 401, "{problem}");
    // The keys were rotated every ten days, and the first ones are gone.
    let keys = key_ids(&server);
    assert!(
        first_keys.iter().all(|kid| !keys.contains(kid)),
        "{first_keys:?} {keys:?}"
    );
    // She never verified her address and did not come back: the account is gone, and the address free.
    let account = json!({ "email": "ada@example.com", "password": PASSWORD });
    assert_eq!(post(&server, "/api/v1/auth/login", None, &account).0, 401);
    assert_eq!(
        post(&server, "/api/v1/auth/register", None, &account).0,
        201
    );
    // Bob was there yesterday, and whoever signs in now is signed in.
    let account = json!({ "email": "bob@example.com", "password": PASSWORD });
    let (status, tokens) = post(&server, "/api/v1/auth/login", None, &account);
    assert_eq!(status, 200, "{tokens}");
    let access = text(&tokens, "accessToken");
    assert_eq!(get(&server, "/api/v1/auth/validate", Some(access)).0, 200);

    // The next start, and the commands beside the server, live in the same time.
    assert!(server.stop().success());
    let server = Server::start(folder.path(), &settings);
    assert_eq!(get(&server, "/api/v1/auth/validate", Some(access)).0, 200);
}

#[test]
fn commands_move_time_in_steps() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.address.to_string();
    let run = |arguments: &[&str]| {
        let mut command: Command = program(folder.path(), &[]);
        let output = command
            .args(["--listen", &address, "clock"])
            .args(arguments)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    assert!(run(&["show"]).1.ends_with(", 0 s ahead of the system\n"));
    let (done, said) = run(&["advance", "30 days", "--step", "1 day"]);
    assert!(
        done == Some(0) && said.ends_with(", 2592000 s ahead of the system\n"),
        "{said}"
    );
    let (done, said) = run(&["advance", "1h", "--json"]);
    let clock: Value = serde_json::from_str(&said).unwrap();
    assert!(
        done == Some(0) && clock["aheadSeconds"] == 2_595_600,
        "{said}"
    );
    let (done, said) = run(&["advance", "soon"]);
    assert!(done == Some(5) && said.contains("30 days"), "{said}");
    let (done, said) = run(&["--profile", "production", "show"]);
    assert_eq!(done, Some(1), "{said}");
}

#[test]
fn a_reset_is_a_first_start() {
    let folder = tempfile::tempdir().unwrap();
    for database in ["", "sqlite::memory:"] {
        let server = Server::start(folder.path(), &[("NTT_AUTH__DATABASE__URL", database)]);
        let first_keys = key_ids(&server);
        for round in 0..3 {
            let ada = sign_up_and_in(&server, "ada@example.com");
            let access = text(&ada, "accessToken");
            post(&server, "/api/v1/auth/logout-all", Some(access), &json!({}));
            post(&server, CLOCK, None, &json!({ "advance": "2 days" }));
            let (status, reset) = post(&server, "/api/v1/test/reset", None, &json!({}));
            assert_eq!(status, 200, "{reset}");
            let link = text(&reset, "setupUrl");
            let (_, path) = link.split_once(&server.address.to_string()).unwrap();
            assert_eq!(get(&server, path, None).0, 200, "round {round}: {link}");
            // Neither tokens nor accounts nor keys are left, and it is today.
            assert_eq!(get(&server, "/api/v1/auth/validate", Some(access)).0, 401);
            assert_eq!(refresh(&server, &ada).0, 401);
            let (status, _) = post(
                &server,
                "/api/v1/auth/login",
                None,
                &json!({ "email": "ada@example.com", "password": PASSWORD }),
            );
            assert_eq!(status, 401);
            assert!(key_ids(&server).iter().all(|kid| !first_keys.contains(kid)));
            assert_eq!(get(&server, CLOCK, None).1["aheadSeconds"], 0);
        }
    }
}

#[test]
fn v15_2_3_production_and_development_have_no_reset_and_production_no_clock() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &[
            ("NTT_AUTH__PROFILE", "development"),
            ("NTT_AUTH__PASSWORD__BCRYPT_COST", "10"),
        ],
    );
    assert_eq!(post(&server, "/api/v1/test/reset", None, &json!({})).0, 404);
    assert_eq!(
        post(&server, CLOCK, None, &json!({ "advance": "1 day" })).0,
        200
    );
    assert!(server.stop().success());

    let master = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let production = [
        ("NTT_AUTH__PROFILE", "production"),
        ("NTT_AUTH__RATE_LIMITS__ENABLED", "true"),
        ("NTT_AUTH__MAIL__ENABLED", "false"),
        ("NTT_AUTH__PUBLIC_URL", "https://auth.example.com"),
        ("NTT_AUTH__KEYS__MASTER_KEY", master),
        ("NTT_AUTH__PASSWORD__BCRYPT_COST", "10"),
    ];
    // What was stored in a moved time lies in the future.
    let refused = program(folder.path(), &production)
        .arg("serve")
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("virtual-clock"),
        "{said}"
    );

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &production);
    assert_eq!(get(&server, CLOCK, None).0, 404);
    assert_eq!(
        post(&server, CLOCK, None, &json!({ "advance": "1 day" })).0,
        404
    );
    assert_eq!(post(&server, "/api/v1/test/reset", None, &json!({})).0, 404);
}
