use std::sync::Mutex;

use ntt_auth_core::model::Timestamp;

use super::*;
use crate::breaker::{BreakerRules, BreakerState};

struct Hand(Mutex<Timestamp>);

impl Hand {
    fn turn(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(by);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn watch() -> (EngineWatch, Arc<Hand>) {
    let hand = Arc::new(Hand(Mutex::new(Timestamp::from_millis(0))));
    let settings = Engine {
        connections: None,
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        slow_statement: Some(Duration::from_secs(1)),
        ca_file: None,
        breaker: BreakerRules {
            window: 4,
            failures: 2,
            open_for: Duration::from_secs(1),
            probes: 1,
        },
    };
    let clock = Arc::clone(&hand) as Arc<dyn Clock>;
    (EngineWatch::new(&settings, clock, "sqlite"), hand)
}

#[tokio::test]
async fn an_engine_that_keeps_failing_is_left_alone_until_probes_are_answered() {
    let (watch, hand) = watch();
    for _ in 0..2 {
        let pass = watch.enter().unwrap();
        assert_eq!(pass.patience(), Duration::from_secs(5));
        pass.failed();
    }
    assert!(matches!(watch.enter(), Err(StoreError::Unavailable(_))));
    assert_eq!(watch.report().state, BreakerState::Open);
    hand.turn(Duration::from_secs(1));
    assert_eq!(watch.report().state, BreakerState::HalfOpen);
    assert!(
        watch.enter().is_err(),
        "nobody else's call finds out whether it is back"
    );
    EngineWatch::probing(async {
        let probe = watch.enter().unwrap();
        assert_eq!(probe.patience(), Duration::from_secs(1));
        assert!(watch.enter().is_err(), "as many as are configured");
        probe.answered();
    })
    .await;
    assert_eq!(watch.report().state, BreakerState::Closed);
    assert_eq!(watch.enter().unwrap().patience(), Duration::from_secs(5));
}

#[test]
fn statements_are_counted_and_slow_ones_told_apart() {
    let (watch, _) = watch();
    watch.took("users.by_id", Duration::from_millis(2));
    watch.took("users.by_id", Duration::from_millis(1200));
    watch.took("keys.all", Duration::from_millis(1));
    let reports = watch.statements();
    assert_eq!(reports.len(), 2);
    let users = reports.last().unwrap();
    assert_eq!(
        (users.name, users.count, users.time, users.slow),
        ("users.by_id", 2, Duration::from_millis(1202), 1)
    );
}
