use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use ntt_auth_core::port::Announcer as _;
use ntt_auth_test_database::RedisServer;
use tokio::runtime::Runtime;

use super::*;
use crate::ports::SystemClock;
use crate::settings::{Inputs, load};
use crate::wakes::{Announcements, Wakes};

pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// A prefix that no other test has.
pub(super) fn prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "test:{}:{}:{count}:",
        std::process::id(),
        SystemClock.now().millis()
    )
}

fn opened(pairs: &[(&str, &str)]) -> Result<Arc<Redis>, StartError> {
    let environment = pairs.iter();
    let environment = environment
        .map(|(name, text)| (format!("NTT_AUTH__REDIS__{name}"), (*text).to_owned()))
        .collect();
    let settings = load(&Inputs {
        environment,
        ..Inputs::default()
    });
    let settings = settings.unwrap().redis;
    let url = settings.url.as_ref().unwrap();
    Redis::new(url, &settings, Arc::new(SystemClock)).map(Arc::new)
}

pub(super) fn unconnected(url: &str, prefix: &str) -> Arc<Redis> {
    // A slow machine is no reason to fail.
    opened(&[("URL", url), ("PREFIX", prefix), ("TIMEOUT", "5s")]).unwrap()
}

/// The server at `url`, once it answers.
pub(super) async fn connected(url: &str, prefix: &str) -> Arc<Redis> {
    kept(unconnected(url, prefix)).await
}

async fn kept(redis: Arc<Redis>) -> Arc<Redis> {
    tokio::spawn(Arc::clone(&redis).keep());
    until("it is connected", || {
        redis.component().condition == Condition::Ok
    })
    .await;
    redis
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn eng4_a_frozen_server_is_waited_for_no_longer_than_configured_and_comes_back_by_itself() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let redis = opened(&[("URL", &server.url()), ("TIMEOUT", "50ms")]).unwrap();
    let redis = kept(redis).await;
    server.freeze();
    for _ in 0..5 {
        let began = Instant::now();
        assert!(redis.ping().await.is_err());
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
    until("the breaker opens", || redis.report().opened > 0).await;
    assert_eq!(redis.component().condition, Condition::Degraded);
    server.thaw();
    until("it is well", || {
        redis.component().condition == Condition::Ok
    })
    .await;
    redis.ping().await.unwrap();
}

#[tokio::test]
async fn eng4_a_killed_server_fails_at_once_and_is_found_again_when_it_is_back() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let redis = connected(&server.url(), "x:").await;
    server.kill();
    until("the connection is lost", || redis.link.borrow().is_none()).await;
    for _ in 0..6 {
        let began = Instant::now();
        assert!(redis.ping().await.is_err());
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(redis.report().state, BreakerState::Open);
    server.run();
    until("it is well", || {
        redis.component().condition == Condition::Ok
    })
    .await;
    redis.ping().await.unwrap();
}

#[tokio::test]
async fn of_several_hosts_the_one_that_takes_writes_is_used() {
    let (Some(first), Some(second)) = (RedisServer::start(), RedisServer::start()) else {
        return;
    };
    let second_port = second.port().to_string();
    let replica = connected(&first.url(), "x:").await;
    let to_replica = async |mut link| {
        let mut replicate = cmd("REPLICAOF");
        replicate.arg("127.0.0.1").arg(&second_port);
        replicate.exec_async(&mut link).await
    };
    replica.call(to_replica).await.unwrap();
    let url = format!("redis://127.0.0.1:{},127.0.0.1:{second_port}", first.port());
    let redis = connected(&url, "x:").await;
    let set = async |mut link| cmd("SET").arg("a").arg(1).exec_async(&mut link).await;
    redis.call(set).await.unwrap();
    // A failover: the two change places, and the first refused write has the other one looked for.
    let promote = async |mut link| {
        cmd("REPLICAOF")
            .arg("NO")
            .arg("ONE")
            .exec_async(&mut link)
            .await
    };
    replica.call(promote).await.unwrap();
    let demoted = connected(&second.url(), "x:").await;
    let first_port = first.port();
    let demote = async |mut link| {
        let mut replicate = cmd("REPLICAOF");
        replicate.arg("127.0.0.1").arg(first_port);
        replicate.exec_async(&mut link).await
    };
    demoted.call(demote).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while redis.call(set).await.is_err() {
        assert!(Instant::now() < deadline, "the new primary is not found");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_certificate_is_checked_against_the_configured_authorities() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, made.cert.pem()).unwrap();
    let Some(server) = RedisServer::start_tls(|folder| {
        [
            ("cert.pem", made.cert.pem()),
            ("key.pem", made.signing_key.serialize_pem()),
        ]
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        })
    }) else {
        return;
    };
    let url = |host: &str| format!("rediss://{host}:{}", server.port());
    let authority = authority.to_str().unwrap();
    let trusted = opened(&[
        ("URL", &url("localhost")),
        ("CA_FILE", authority),
        ("TIMEOUT", "5s"),
    ]);
    kept(trusted.unwrap()).await.ping().await.unwrap();
    for (host, authority, why) in [
        ("localhost", "", "UnknownIssuer"),
        ("127.0.0.1", authority, "NotValidForName"),
    ] {
        let redis = opened(&[("URL", &url(host)), ("CA_FILE", authority)]).unwrap();
        let refused = redis.wire.connect().await.err().unwrap();
        let text = format!("{refused} {refused:?}");
        assert!(text.contains(why), "{host}: {text}");
    }
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let empty = empty.to_str().unwrap();
    let error = opened(&[("URL", &url("localhost")), ("CA_FILE", empty)])
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("holds no certificate"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_password_is_told_without_it() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let url = format!("redis://ada:hunter2@127.0.0.1:{}", server.port());
    let redis = unconnected(&url, "x:");
    let told = redis.wire.connect().await.err().unwrap().to_string();
    assert!(
        told.contains("refuses") && !told.contains("hunter2"),
        "{told}"
    );
}

#[tokio::test]
async fn tok9_what_one_node_commits_wakes_the_others_that_do_not_know_it_yet() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let teller = connected(&server.url(), "x:").await;
    let announcements = Announcements::default();
    tokio::spawn(Arc::clone(&teller).tell(announcements.subscribe()));
    let listening = async |followed_to: i64| {
        let wakes = Arc::new(Wakes::default());
        let redis = connected(&server.url(), "x:").await;
        tokio::spawn(redis.hear(Arc::clone(&wakes), move || followed_to));
        until("it listens", || wakes.has_watchers()).await;
        // Whoever begins to listen looks once for what was missed.
        wakes.woken().await;
        wakes
    };
    let (behind, level) = (listening(4).await, listening(5).await);
    let patience = Duration::from_secs(30);
    announcements.revoked(5);
    timeout(patience, behind.woken()).await.unwrap();
    announcements.rekeyed();
    timeout(patience, behind.woken()).await.unwrap();
    // The first wake of whoever knew of the revocation is that of the keys: there is no second one.
    timeout(patience, level.woken()).await.unwrap();
    assert!(timeout(QUICK_BEAT, level.woken()).await.is_err());
}
