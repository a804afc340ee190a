use proptest::prelude::*;

use super::*;

const RULES: BreakerRules = BreakerRules {
    window: 10,
    failures: 3,
    open_for: Duration::from_secs(30),
    probes: 2,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn fail(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        breaker.admit(at(0)).unwrap().failed(at(0));
    }
}

fn state(breaker: &Breaker, seconds: i64) -> BreakerState {
    breaker.report(at(seconds)).state
}

#[test]
fn eng4_it_opens_after_so_many_failures_and_lets_nothing_through() {
    let breaker = Breaker::new(RULES);
    fail(&breaker, 2);
    assert_eq!(state(&breaker, 0), BreakerState::Closed);
    fail(&breaker, 1);
    assert_eq!(state(&breaker, 0), BreakerState::Open);
    assert_eq!(
        breaker.admit(at(10)).unwrap_err().retry_after,
        Duration::from_secs(20)
    );
    let report = breaker.report(at(10));
    assert_eq!((report.opened, report.refused), (1, 1));
}

#[test]
fn eng4_probes_close_it_again() {
    let breaker = Breaker::new(RULES);
    fail(&breaker, 3);
    assert_eq!(state(&breaker, 30), BreakerState::HalfOpen);
    let (one, two) = (
        breaker.admit(at(30)).unwrap(),
        breaker.admit(at(30)).unwrap(),
    );
    assert!(breaker.admit(at(30)).is_err(), "two probes at a time");
    one.succeeded(at(31));
    assert_eq!(state(&breaker, 31), BreakerState::HalfOpen);
    two.succeeded(at(31));
    assert_eq!(state(&breaker, 31), BreakerState::Closed);
    assert_eq!(breaker.report(at(31)).failures, 0);
}

#[test]
fn eng4_a_failed_probe_opens_it_for_as_long_again() {
    let breaker = Breaker::new(RULES);
    fail(&breaker, 3);
    let (one, two) = (
        breaker.admit(at(30)).unwrap(),
        breaker.admit(at(30)).unwrap(),
    );
    one.failed(at(35));
    assert_eq!(state(&breaker, 35), BreakerState::Open);
    // The other probe's news is older than that.
    two.succeeded(at(36));
    assert!(breaker.admit(at(64)).is_err());
    assert!(breaker.admit(at(65)).is_ok());
    assert_eq!(breaker.report(at(65)).opened, 2);
}

#[test]
fn a_cancelled_call_counts_for_nothing() {
    let breaker = Breaker::new(RULES);
    for _ in 0..20 {
        drop(breaker.admit(at(0)).unwrap());
    }
    assert_eq!(state(&breaker, 0), BreakerState::Closed);
    fail(&breaker, 3);
    for _ in 0..20 {
        drop(breaker.admit(at(30)).unwrap());
    }
    assert_eq!(state(&breaker, 30), BreakerState::HalfOpen);
    breaker.admit(at(30)).unwrap().succeeded(at(30));
    breaker.admit(at(30)).unwrap().succeeded(at(30));
    assert_eq!(state(&breaker, 30), BreakerState::Closed);
}

#[test]
fn failures_long_past_are_forgotten() {
    let breaker = Breaker::new(RULES);
    for _ in 0..10 {
        fail(&breaker, 1);
        for _ in 0..5 {
            breaker.admit(at(0)).unwrap().succeeded(at(0));
        }
    }
    assert_eq!(state(&breaker, 0), BreakerState::Closed);
    assert_eq!(breaker.report(at(0)).opened, 0);
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_it_open() {
    let breaker = Breaker::new(RULES);
    for _ in 0..3 {
        breaker.admit(at(1_000_000)).unwrap().failed(at(1_000_000));
    }
    assert_eq!(
        breaker.admit(at(0)).unwrap_err().retry_after,
        Duration::from_secs(30)
    );
    assert!(breaker.admit(at(30)).is_ok());
}

#[test]
fn it_can_be_closed_by_hand() {
    let breaker = Breaker::new(RULES);
    fail(&breaker, 3);
    breaker.reset();
    assert!(breaker.admit(at(0)).is_ok());
}

/// What happens to a breaker.
#[derive(Debug, Clone, Copy)]
enum Event {
    Begin,
    Succeed(usize),
    Fail(usize),
    Cancel(usize),
    Wait(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Begin),
        2 => (0..8_usize).prop_map(Event::Succeed),
        3 => (0..8_usize).prop_map(Event::Fail),
        1 => (0..8_usize).prop_map(Event::Cancel),
        2 => (0..20_i64).prop_map(Event::Wait),
    ]
}

proptest! {
    /// Whatever happens: it never lets through what it should not, and it always recovers.
    #[test]
    fn it_keeps_its_promises(
        events in proptest::collection::vec(event(), 1..200),
        window in 1..=64_u32,
        failures in 1..=8_u32,
        probes in 1..=4_u32,
    ) {
        let failures = failures.min(window);
        let rules = BreakerRules { window, failures, probes, ..RULES };
        let breaker = Breaker::new(rules);
        let mut now = 0;
        let mut under_way: Vec<Permit<'_>> = Vec::new();
        let mut opened_at = None;
        for event in events {
            let before = breaker.report(at(now));
            match event {
                Event::Begin => match breaker.admit(at(now)) {
                    Ok(permit) => {
                        prop_assert_ne!(before.state, BreakerState::Open);
                        under_way.push(permit);
                    }
                    Err(refused) => {
                        prop_assert_ne!(before.state, BreakerState::Closed);
                        prop_assert!(refused.retry_after <= rules.open_for);
                        prop_assert!(refused.retry_after > Duration::ZERO);
                    }
                },
                Event::Wait(seconds) => now += seconds,
                Event::Succeed(which) | Event::Fail(which) | Event::Cancel(which) => {
                    if under_way.is_empty() {
                        continue;
                    }
                    let permit = under_way.remove(which % under_way.len());
                    match event {
                        Event::Succeed(_) => permit.succeeded(at(now)),
                        Event::Fail(_) => permit.failed(at(now)),
                        _ => drop(permit),
                    }
                }
            }
            let after = breaker.report(at(now));
            if after.opened > before.opened {
                prop_assert_eq!(after.state, BreakerState::Open);
                opened_at = Some(now);
            }
            if after.state == BreakerState::Open {
                prop_assert!(now - opened_at.unwrap() < 30);
            }
            if after.state == BreakerState::Closed {
                prop_assert!(after.failures < failures);
            }
        }
        // However it stands: left alone, it lets probes through, and if they succeed it closes.
        drop(under_way);
        now += 31;
        for _ in 0..probes {
            breaker.admit(at(now)).unwrap().succeeded(at(now));
        }
        for _ in 0..window {
            breaker.admit(at(now)).unwrap().succeeded(at(now));
        }
        let report = breaker.report(at(now));
        prop_assert_eq!((report.state, report.failures), (BreakerState::Closed, 0));
    }
}
