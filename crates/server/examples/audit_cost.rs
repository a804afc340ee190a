//! Measures what the audit trail costs: `cargo run --release --example audit_cost`
//!
//! On SQLite in a temporary folder it times transactions of one write by one caller and by 64 at once, without an event
//! and with one, and then verifies the trail that came of it.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ntt_auth::settings::{self, Inputs};
use ntt_auth::start::Installation;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{note_export, verify_audit};
use ntt_auth_core::store::{StoreError, Tx, Work, transact};

const CALLERS: u32 = 64;
const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let flag = |key: &str, value: String| (format!("--set {key}"), key.to_owned(), value);
    let settings = settings::load(&Inputs {
        file: None,
        environment: Vec::new(),
        flags: vec![
            flag("profile", "test".to_owned()),
            flag("data_dir", folder.path().display().to_string()),
        ],
    })
    .unwrap();
    let auth = Installation::open(&settings, settings.http.listen)
        .await
        .unwrap()
        .auth;
    for (callers, how) in [(1, "one caller"), (CALLERS, "64 callers")] {
        for with_event in [false, true] {
            let what = if with_event {
                "with an event"
            } else {
                "without"
            };
            let count = commits(&auth, callers, with_event).await;
            let each = f64::from(count) / TIME.as_secs_f64();
            println!("transactions of one write, {how}, {what}: {each:.0}/s");
        }
    }
    let begun = Instant::now();
    let report = verify_audit(&auth, &[], &mut |_, _| {}).await.unwrap();
    assert!(report.is_whole());
    let took = begun.elapsed();
    println!(
        "verified {} events in {took:.2?}: {:.0}/s",
        report.events,
        f64::from(u32::try_from(report.events).unwrap()) / took.as_secs_f64()
    );
}

async fn commits(auth: &Arc<Auth>, callers: u32, with_event: bool) -> u32 {
    let begun = Instant::now();
    let callers = (0..callers).map(|_| {
        let auth = Arc::clone(auth);
        tokio::spawn(async move {
            let mut count = 0;
            while begun.elapsed() < TIME {
                match with_event {
                    true => note_export(&auth, "a measurement".to_owned())
                        .await
                        .unwrap(),
                    false => transact(auth.store(), Touch).await.unwrap(),
                }
                count += 1;
            }
            count
        })
    });
    futures::future::try_join_all(callers)
        .await
        .unwrap()
        .into_iter()
        .sum()
}

/// One write that changes nothing.
struct Touch;

#[async_trait]
impl Work for Touch {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.setup().lock_super_admins().await
    }
}
