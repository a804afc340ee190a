//! Two servers at one database: what one revokes, the other refuses within a second (TOK-9).

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use ntt_auth_test_database::{Database, Server as DatabaseServer};
use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, send};

const SIGN_OUTS: usize = 20;

fn server(folder: &Path, database: &Database, redis: Option<&str>) -> Server {
    let mut environment = vec![
        ("NTT_AUTH__DATABASE__URL", database.url.as_str()),
        ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com"),
    ];
    environment.extend(redis.map(|url| ("NTT_AUTH__REDIS__URL", url)));
    Server::start(folder, &environment)
}

fn post(server: &Server, path: &str, token: Option<&str>, body: &Value) -> Value {
    let (status, answer) = send(server.address, "POST", path, token, Some(body)).unwrap();
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

fn is_valid(server: &Server, token: &str) -> bool {
    let path = "/api/v1/auth/validate";
    let (status, answer) = send(server.address, "GET", path, Some(token), None).unwrap();
    match status {
        200 => true,
        401 => false,
        other => panic!("{other}: {answer}"),
    }
}

/// How long it takes from the answer of one server until the other one refuses, each time.
fn propagation(first: &Server, second: &Server) -> Vec<Duration> {
    let person = json!({ "email": "ada@example.com", "password": PASSWORD });
    post(first, "/api/v1/auth/register", None, &person);
    let mut times = Vec::new();
    for _ in 0..SIGN_OUTS {
        let tokens = post(first, "/api/v1/auth/login", None, &person);
        let access = tokens["accessToken"].as_str().unwrap();
        let refresh = json!({ "refreshToken": tokens["refreshToken"] });
        assert!(is_valid(second, access));
        post(first, "/api/v1/auth/logout", Some(access), &refresh);
        let answered = Instant::now();
        assert!(!is_valid(first, access));
        while is_valid(second, access) {
            assert!(answered.elapsed() < Duration::from_secs(30), "{times:?}");
        }
        times.push(answered.elapsed());
    }
    times.sort_unstable();
    times
}

fn tok9_within_a_second(engine: &str, database: Option<Database>, redis: Option<&str>) {
    let Some(database) = database else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path(), &database, redis);
    let second = server(folder.path(), &database, redis);
    let times = propagation(&first, &second);
    let way = redis.map_or("alone", |_| "with Redis");
    let (median, most) = (times[SIGN_OUTS / 2], times[SIGN_OUTS - 1]);
    let figures =
        format!("from one server to another, {engine} {way}: median {median:?}, most {most:?}\n");
    // Not by a macro, whose output the test harness keeps to itself.
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
    // A machine that stalls for a moment, under the tests beside this one, is nobody's fault: under load it is measured by
    // `make bench`.
    assert!(median < Duration::from_secs(1), "{times:?}");
    assert!(first.stop().success() && second.stop().success());
}

#[test]
fn tok9_a_sign_out_is_in_force_on_another_server_within_a_second_on_mariadb() {
    tok9_within_a_second("MariaDB", DatabaseServer::Mariadb.database(), None);
}

#[test]
fn tok9_a_sign_out_is_in_force_on_another_server_within_a_second_on_postgresql() {
    tok9_within_a_second("PostgreSQL", DatabaseServer::Postgres.database(), None);
}

#[cfg(feature = "redis")]
#[test]
fn tok9_a_sign_out_is_in_force_on_another_server_within_a_second_by_redis() {
    let Some(redis) = ntt_auth_test_database::RedisServer::start() else {
        return;
    };
    tok9_within_a_second(
        "MariaDB",
        DatabaseServer::Mariadb.database(),
        Some(&redis.url()),
    );
    tok9_within_a_second(
        "PostgreSQL",
        DatabaseServer::Postgres.database(),
        Some(&redis.url()),
    );
}
