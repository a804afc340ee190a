//! Several servers and a Redis between them (ENG-5).

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ntt_auth_test_database::RedisServer;
use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, send};
use crate::running::command;

const LIMITED: &str = "/api/v1/auth/permissions";

/// A server at the store of `folder`, with limits that Redis shares.
fn server(folder: &Path, redis: &RedisServer, guest: &str) -> Server {
    Server::start(
        folder,
        &[
            ("NTT_AUTH__RATE_LIMITS__ENABLED", "true"),
            ("NTT_AUTH__RATE_LIMITS__GUEST", guest),
            ("NTT_AUTH__REDIS__URL", &redis.url()),
        ],
    )
}

/// What the answer says is left: `r` of `RateLimit`, or nothing if it is 429.
fn left(address: SocketAddr) -> Option<u32> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {LIMITED} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap();
    let (_, rest) = answer.split_once("ratelimit: \"guest\";r=").unwrap();
    let left = rest.split(';').next().unwrap().parse().unwrap();
    match status {
        "200" => Some(left),
        "429" => None,
        other => panic!("{other}: {answer}"),
    }
}

fn redis_of(address: SocketAddr) -> Value {
    let (_, health) = send(address, "GET", "/health/detailed", None, None).unwrap();
    let components = health["components"].as_array().unwrap();
    let redis = components.iter().find(|part| part["name"] == "redis");
    redis.unwrap().clone()
}

#[expect(clippy::disallowed_methods, reason = "between two looks")]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_well(server: &Server) {
    until("redis is well", || {
        redis_of(server.address)["status"] == "ok"
    });
}

#[test]
fn eng5_two_servers_count_one_caller_together_and_redis_never_learns_who_it_is() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path(), &redis, "20");
    let second = server(folder.path(), &redis, "20");
    is_well(&first);
    is_well(&second);
    // Time goes on meanwhile, and gives one back every three seconds.
    let began = Instant::now();
    let mut admitted = 0;
    while left([&first, &second][admitted % 2].address).is_some() {
        admitted += 1;
    }
    let replenished = usize::try_from(began.elapsed().as_secs() / 3 + 1).unwrap();
    assert!((20..=20 + replenished).contains(&admitted), "{admitted}");
    let listed = Command::new("redis-cli")
        .args(["-p", &redis.port().to_string(), "KEYS", "*"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let limits: Vec<_> = listed.lines().filter(|key| key.contains("limit")).collect();
    assert_eq!(limits.len(), 1, "{listed}");
    assert!(limits[0].starts_with("ntt-auth:limit:guest:"), "{listed}");
    assert!(!listed.contains("127.0"), "{listed}");
}

#[test]
fn eng5_administrators_see_every_server_and_how_its_breakers_stand() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let environment = [
        ("NTT_AUTH__REDIS__URL", redis.url()),
        ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com".to_owned()),
    ];
    let environment = environment
        .each_ref()
        .map(|(name, text)| (*name, text.as_str()));
    let first = Server::start(folder.path(), &environment);
    let second = Server::start(folder.path(), &environment);
    let admin = [
        "user",
        "create",
        "root@example.com",
        "--role",
        "admin",
        "--password-stdin",
    ];
    command(folder.path(), &admin, PASSWORD);
    let person = json!({ "email": "root@example.com", "password": PASSWORD });
    let login = send(
        first.address,
        "POST",
        "/api/v1/auth/login",
        None,
        Some(&person),
    );
    let (_, tokens) = login.unwrap();
    let access = tokens["accessToken"].as_str();
    assert!(access.is_some(), "{tokens}");
    let nodes = |access| {
        let (_, health) = send(first.address, "GET", "/health/detailed", access, None).unwrap();
        health["nodes"].as_array().cloned()
    };
    until("both are seen", || {
        nodes(access).is_some_and(|nodes| nodes.len() == 2)
    });
    for node in nodes(access).unwrap() {
        assert_eq!(node["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(node["breakers"]["redis"], "closed", "{node}");
    }
    assert_eq!(nodes(None), None);
    second.kill();
    until("the one that is gone is not seen any more", || {
        nodes(access).is_some_and(|nodes| nodes.len() == 1)
    });
}

#[test]
fn eng5_while_redis_is_frozen_each_server_counts_by_itself_and_then_together_again() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &redis, "1000");
    is_well(&server);
    let before = left(server.address).unwrap();
    redis.freeze();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        // What was counted together is counted here, too: nobody begins anew.
        assert!(left(server.address).unwrap() <= before + 50);
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    until("the breaker is open", || {
        redis_of(server.address)["breaker"] == "open"
    });
    assert_eq!(redis_of(server.address)["status"], "degraded");
    let (ready, _) = send(server.address, "GET", "/health/ready", None, None).unwrap();
    assert_eq!(ready, 200);
    redis.thaw();
    is_well(&server);
    assert!(left(server.address).is_some());
    assert_eq!(redis_of(server.address)["breaker"], "closed");
}

#[test]
fn eng5_a_server_starts_without_redis_and_finds_it_when_it_comes() {
    let Some(mut redis) = RedisServer::start() else {
        return;
    };
    redis.kill();
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &redis, "1000");
    for _ in 0..10 {
        let began = Instant::now();
        assert!(left(server.address).is_some());
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(redis_of(server.address)["status"], "degraded");
    redis.run();
    is_well(&server);
    assert!(server.stop().success());
}
