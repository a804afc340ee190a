//! Performing jobs, promptly and a few at a time.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::Auth;
use ntt_auth_core::flow::{JobsReport, run_jobs};
use ntt_auth_core::port::Mailer;

use crate::background::Chore;

/// How often is looked for jobs whose time has come: a mail waits no longer for being sent.
const EVERY: Duration = Duration::from_millis(250);
/// How many jobs one round performs, a few of them at the same time. The server ends after the round it is in.
const AT_ONCE: u32 = 32;

/// Performs jobs: mail is sent through `mailer`. `node` names this process among those of the same store.
pub fn job_chore(auth: &Arc<Auth>, mailer: Arc<dyn Mailer>, node: String) -> Chore {
    let (auth, node) = (Arc::clone(auth), Arc::<str>::from(node));
    Chore::new("performing jobs", EVERY, move || {
        let (auth, mailer, node) = (Arc::clone(&auth), Arc::clone(&mailer), Arc::clone(&node));
        async move {
            let report = run_jobs(&auth, mailer.as_ref(), &node, AT_ONCE).await?;
            if report != JobsReport::default() {
                let JobsReport {
                    done,
                    postponed,
                    dead,
                    lost,
                } = report;
                tracing::info!(target: "jobs", done, postponed, dead, lost, "performed jobs");
            }
            Ok(())
        }
    })
}
