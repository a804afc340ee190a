//! `ntt-auth healthcheck`

use std::time::Duration;

use http::Method;

use super::ask::ask;
use super::{Failure, print};
use crate::settings::Settings;

/// How long a healthy server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the configured server whether it is ready.
pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let answer = ask(settings, PATIENCE, Method::GET, "/health/ready", None)?;
    if !answer.status.is_success() {
        return Err(Failure::Unhealthy(format!(
            "{} is up and not ready: it answered {}",
            answer.address, answer.status
        )));
    }
    print(&format!("{} is ready.\n", answer.address))
}
