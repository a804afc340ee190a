use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Instant;

use governor::clock::{Clock as _, FakeRelativeClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};
use ntt_auth_core::port::Clock as _;
use ntt_auth_test_database::redis;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::ports::SystemClock;
use crate::redis::tests::{connected, prefix, runtime};

fn quota(limit: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(limit).unwrap())
}

fn counted(limit: u32, caller: &[u8]) -> Counted<'_> {
    let step = quota(limit).replenish_interval();
    Counted {
        policy: "guest",
        caller,
        step,
        tolerance: step * (limit - 1),
    }
}

#[test]
fn eng5_the_script_answers_as_the_limiter_in_memory_does() {
    let Some(url) = redis() else { return };
    let runtime = runtime();
    let redis = runtime.block_on(connected(&url, &prefix()));
    // The same script at times that the test chooses, which pass faster than keys expire.
    let timed = SCRIPT
        .replace("redis.call('TIME')", "{ARGV[3], ARGV[4]}")
        .replace("math.ceil(ahead / 1e6)", "60000");
    assert_ne!(timed, SCRIPT);
    let script = Script::new(&timed);
    let mut runner = TestRunner::new(Config::with_cases(100));
    let gaps = vec(
        prop_oneof![0..2_000_000_u64, 0..20_000_000_u64, Just(0)],
        1..60,
    );
    let rounds = Cell::new(0_u32);
    runner
        .run(&(1..2000_u32, gaps), |(limit, gaps)| {
            let round = rounds.get();
            rounds.set(round + 1);
            let counted = counted(limit, b"");
            let clock = FakeRelativeClock::default();
            let local = RateLimiter::direct_with_clock(quota(limit), clock.clone())
                .with_middleware::<StateInformationMiddleware>();
            let mut micros = 1_700_000_000_999_999_u64;
            for gap in gaps {
                micros += gap;
                clock.advance(Duration::from_micros(gap));
                let mut call = script.key(redis.name(&format!("timed:{round}")));
                call.arg(nanos(counted.step))
                    .arg(nanos(counted.tolerance))
                    .arg(micros / 1_000_000)
                    .arg(micros % 1_000_000);
                let call = &call;
                let answer = redis
                    .call(async move |mut link| call.invoke_async::<(bool, u64)>(&mut link).await);
                let (admitted, wait) = runtime.block_on(answer).unwrap();
                match local.check() {
                    Ok(snapshot) => {
                        let room = nanos(counted.tolerance + counted.step) - wait;
                        let remaining = room / nanos(counted.step);
                        prop_assert!(admitted);
                        prop_assert_eq!(remaining, u64::from(snapshot.remaining_burst_capacity()));
                    }
                    Err(until) => {
                        prop_assert!(!admitted);
                        let local = until.wait_time_from(clock.now());
                        prop_assert_eq!(u128::from(wait), local.as_nanos());
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn eng5_a_burst_is_admitted_then_nothing_until_its_time_and_the_key_expires_by_itself() {
    let Some(url) = redis() else { return };
    runtime().block_on(async {
        let redis = connected(&url, &prefix()).await;
        let limits = RedisLimits::new(Arc::clone(&redis), &RootSecret::new([3; 32]));
        let caller = counted(600, b"ada");
        let began = Instant::now();
        let mut admitted = 0;
        let refused = loop {
            let count = limits.count(caller).await.unwrap();
            if !count.admitted {
                break count;
            }
            admitted += 1;
            let left: i64 = redis
                .call(async |mut link| {
                    cmd("PTTL")
                        .arg(limits.key(&caller))
                        .query_async(&mut link)
                        .await
                })
                .await
                .unwrap();
            let left = Duration::from_millis(u64::try_from(left).unwrap());
            assert!(
                left <= count.wait + Duration::from_millis(1),
                "{left:?} {count:?}"
            );
        };
        let replenished = began.elapsed().as_millis() / 100 + 1;
        assert!((600..=600 + replenished).contains(&admitted), "{admitted}");
        assert!(refused.wait <= Duration::from_millis(100), "{refused:?}");
        tokio::time::sleep(refused.wait).await;
        assert!(limits.count(caller).await.unwrap().admitted);
        assert!(limits.count(counted(600, b"bob")).await.unwrap().admitted);
        limits.forget().await;
        let count = limits.count(caller).await.unwrap();
        assert!(
            count.admitted && count.wait <= Duration::from_millis(100),
            "{count:?}"
        );
    });
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out_for_longer_than_a_window() {
    let Some(url) = redis() else { return };
    runtime().block_on(async {
        let redis = connected(&url, &prefix()).await;
        let limits = RedisLimits::new(Arc::clone(&redis), &RootSecret::new([3; 32]));
        let caller = counted(6, b"ada");
        let key = limits.key(&caller);
        let future = SystemClock.now().plus(Duration::from_hours(1)).millis() / 1000;
        redis
            .call(async |mut link| {
                cmd("SET")
                    .arg(&key)
                    .arg(format!("{future} 0"))
                    .exec_async(&mut link)
                    .await
            })
            .await
            .unwrap();
        let count = limits.count(caller).await.unwrap();
        assert!(
            !count.admitted && count.wait <= Duration::from_secs(10),
            "{count:?}"
        );
    });
}

#[test]
fn names_tell_nothing_of_who_asks() {
    let redis = crate::redis::tests::unconnected("redis://127.0.0.1:1", "p:");
    let limits = |secret| RedisLimits::new(Arc::clone(&redis), &RootSecret::new([secret; 32]));
    let key = limits(1).key(&counted(1, b"127.0.0.1"));
    assert!(
        key.starts_with("p:limit:guest:") && key.len() == 14 + 22,
        "{key}"
    );
    assert_eq!(key, limits(1).key(&counted(2, b"127.0.0.1")));
    assert_ne!(key, limits(1).key(&counted(1, b"127.0.0.2")));
    assert_ne!(key, limits(2).key(&counted(1, b"127.0.0.1")));
}
