//! What concerns the audit trail.

use std::time::Duration;

use ntt_auth_core::policy::AuditRules;

use super::reader::{Reader, Refused};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// How long the audit trail is kept, and how often it is signed.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<AuditRules, Refused> {
    let retention = reader.optional_duration("audit.retention", DAY, 36_500 * DAY);
    let checkpoint_every = reader.duration("audit.checkpoint_every", MINUTE, 7 * DAY);
    let checkpoint_events = reader.integer("audit.checkpoint_events", 1, 1_000_000);
    Ok(AuditRules {
        retention: retention?,
        checkpoint_every: checkpoint_every?,
        checkpoint_events: checkpoint_events?,
    })
}
