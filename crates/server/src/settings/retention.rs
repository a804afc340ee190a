//! How long things are kept (`[retention]`).

use std::time::Duration;

use ntt_auth_core::policy::RetentionRules;

use super::reader::{Reader, Refused};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const MOST: Duration = Duration::from_hours(24 * 36_500);

pub(super) fn read(reader: &mut Reader<'_>) -> Result<RetentionRules, Refused> {
    let ended_sessions = reader.duration("retention.ended_sessions", MINUTE, MOST);
    let deleted_accounts = reader.duration("retention.deleted_accounts", Duration::ZERO, MOST);
    let unverified_accounts = reader.optional_duration("retention.unverified_accounts", DAY, MOST);
    let done_jobs = reader.duration("retention.done_jobs", Duration::ZERO, MOST);
    let dead_jobs = reader.duration("retention.dead_jobs", Duration::ZERO, MOST);
    let erasures = reader.duration("retention.erasures", DAY, MOST);
    Ok(RetentionRules {
        ended_sessions: ended_sessions?,
        deleted_accounts: deleted_accounts?,
        unverified_accounts: unverified_accounts?,
        done_jobs: done_jobs?,
        dead_jobs: dead_jobs?,
        erasures: erasures?,
    })
}
