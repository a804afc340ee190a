//! When a service outside is left alone.

use std::time::Duration;

use super::reader::{Reader, Refused};
use crate::breaker::BreakerRules;

/// Reads the rules from the keys of the window, the failures, the time, and the probes.
pub(super) fn read(
    reader: &mut Reader<'_>,
    [window, failures, open_for, probes]: [&'static str; 4],
) -> Result<BreakerRules, Refused> {
    let second = Duration::from_secs(1);
    let looked_at = reader.integer(window, 1, 64);
    let allowed = reader.integer(failures, 1, 64);
    let open_for = reader.duration(open_for, second, second * 3600);
    let probes = reader.integer(probes, 1, 64);
    let rules = BreakerRules {
        window: looked_at?,
        failures: allowed?,
        open_for: open_for?,
        probes: probes?,
    };
    if rules.failures > rules.window {
        return Err(reader.refuse(
            failures,
            format!(
                "there cannot be {} failures among {} attempts",
                rules.failures, rules.window
            ),
            format!("choose at most {window}"),
        ));
    }
    Ok(rules)
}
