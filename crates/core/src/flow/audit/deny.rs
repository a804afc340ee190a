//! What somebody signed in tried and may not do (V16.3.2).

use super::keep::Note;
use crate::flow::event::event;
use crate::flow::{Auth, Caller};
use crate::model::{Client, EventKind};
use crate::store::StoreError;

/// Notes that somebody was refused. Of one person and of all together a bounded number is written in a minute; the next
/// one that is written tells how many were left out.
#[derive(Debug)]
pub struct AccessDenied {
    /// Who tried.
    pub caller: Caller,
    /// What: the method and route, never what was in it.
    pub what: String,
    /// From where.
    pub client: Client,
}

impl AccessDenied {
    /// Notes it, unless that would be one too many.
    pub async fn run(self, auth: &Auth) -> Result<(), StoreError> {
        let now = auth.clock.now();
        let Some(left_out) = auth.denials.admit(self.caller.user_id, now) else {
            return Ok(());
        };
        let what = match left_out {
            0 => self.what,
            _ => format!("{} ({left_out} more were not written)", self.what),
        };
        let event = event(auth, EventKind::AccessDenied, now, None, &self.client)
            .by(self.caller.user_id)
            .session(self.caller.session_id)
            .detail(what);
        auth.commit(Note { event }).await
    }
}
