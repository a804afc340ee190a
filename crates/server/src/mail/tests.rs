use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ntt_auth_mail::{Rendered, SmtpError, Stage, Trouble};

use super::*;
use crate::breaker::BreakerRules;

struct Manual(AtomicI64);

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Fails as told, then works; counts how often it was asked.
#[derive(Default)]
struct Scripted {
    faults: Mutex<VecDeque<SmtpError>>,
    asked: Mutex<u32>,
}

#[async_trait]
impl Transport for Scripted {
    async fn deliver(&self, _: &Message) -> Result<(), SendError> {
        *self.asked.lock().unwrap() += 1;
        match self.faults.lock().unwrap().pop_front() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

fn message() -> Message {
    let sender = Sender {
        from: Email::parse("no-reply@example.com").unwrap(),
        from_name: None,
        reply_to: None,
        host: "auth.example.com".to_owned(),
    };
    let rendered = Rendered {
        letter: "verify-email",
        locale: "en".to_owned(),
        subject: "x".to_owned(),
        text: "x".to_owned(),
        html: "x".to_owned(),
    };
    let to = Email::parse("ada@example.com").unwrap();
    let job = "01987654-3210-7000-8000-000000000001".parse().unwrap();
    Message::compose(&sender, job, Timestamp::EPOCH, &to, rendered).unwrap()
}

fn guarded(faults: Vec<SmtpError>) -> (Guarded<Scripted>, Arc<Manual>) {
    let clock = Arc::new(Manual(AtomicI64::new(0)));
    let inner = Scripted {
        faults: Mutex::new(faults.into()),
        ..Scripted::default()
    };
    let breaker = Arc::new(Breaker::new(BreakerRules {
        window: 10,
        failures: 3,
        open_for: Duration::from_secs(30),
        probes: 1,
    }));
    let guarded = Guarded {
        inner,
        breaker,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
    };
    (guarded, clock)
}

fn error(stage: Stage, trouble: Trouble) -> SmtpError {
    SmtpError { stage, trouble }
}

#[tokio::test]
async fn eng4_a_failing_server_is_left_alone_and_recovers_by_itself() {
    let outage = error(Stage::Connect, Trouble::TimedOut);
    let (guarded, clock) = guarded(vec![outage; 3]);
    for _ in 0..3 {
        let failed = guarded.deliver(&message()).await.unwrap_err();
        assert!(matches!(failed, SendError::Smtp(_)));
    }
    for _ in 0..10 {
        let suspended = guarded.deliver(&message()).await.unwrap_err();
        assert_eq!(suspended, SendError::Suspended);
        assert!(!suspended.is_permanent());
    }
    assert_eq!(*guarded.inner.asked.lock().unwrap(), 3);
    clock.0.store(30_000, Ordering::Relaxed);
    guarded.deliver(&message()).await.unwrap();
    guarded.deliver(&message()).await.unwrap();
    assert_eq!(
        guarded.breaker.report(clock.now()).state,
        BreakerState::Closed
    );
}

#[tokio::test]
async fn eng4_mails_that_a_healthy_server_refuses_do_not_stop_the_others() {
    let refusal = |code| {
        error(
            Stage::Recipient,
            Trouble::Reply {
                code,
                enhanced: None,
                text: String::new(),
            },
        )
    };
    let (guarded, _) = guarded(
        [550, 450]
            .into_iter()
            .cycle()
            .take(50)
            .map(refusal)
            .collect(),
    );
    for _ in 0..50 {
        let refused = guarded.deliver(&message()).await.unwrap_err();
        assert_ne!(refused, SendError::Suspended);
    }
    guarded.deliver(&message()).await.unwrap();
}

#[test]
fn ids_and_senders_come_from_the_public_address() {
    let settings = crate::settings::load(&crate::settings::Inputs::default()).unwrap();
    for (issuer, host, from) in [
        (
            "https://auth.example.com",
            "auth.example.com",
            "no-reply@auth.example.com",
        ),
        ("http://127.0.0.1:8080", "[127.0.0.1]", NOBODY),
        ("http://[::1]:8080/auth", "[IPv6:::1]", NOBODY),
        ("http://localhost:8080", "localhost", NOBODY),
    ] {
        let sender = sender(&settings, issuer);
        assert_eq!(sender.host, host);
        assert_eq!(sender.from.as_str(), from);
    }
}
