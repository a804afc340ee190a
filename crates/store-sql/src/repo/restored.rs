//! What is made invalid after a restore, in every table that holds something good for once or until revoked.

use async_trait::async_trait;
use ntt_auth_core::model::{EndReason, Timestamp};
use ntt_auth_core::store::{Invalidated, Restores, StoreError};

use crate::engine::Statement;
use crate::view::View;

static END_SESSIONS: Statement = Statement::new(
    "restored.end_sessions",
    "UPDATE sessions SET ended_at = ?, end_reason = ?, \
     open_until = CASE WHEN open_until < ? THEN open_until ELSE ? END WHERE ended_at IS NULL",
);

static FORGET_KEYS: Statement = Statement::new("restored.forget_keys", "DELETE FROM signing_keys");

static FORGET_JOBS: Statement = Statement::new(
    "restored.forget_jobs",
    "DELETE FROM jobs WHERE state IN ('waiting', 'leased')",
);

static FORGET_CODES: Statement = Statement::new("restored.forget_codes", "DELETE FROM codes");

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&END_SESSIONS, &FORGET_KEYS, &FORGET_JOBS, &FORGET_CODES];

#[async_trait]
impl Restores for View<'_> {
    async fn invalidate(&mut self, at: Timestamp) -> Result<Invalidated, StoreError> {
        let ended = [
            at.into(),
            EndReason::Restored.as_str().into(),
            at.into(),
            at.into(),
        ];
        self.count(&FORGET_CODES, &[]).await?;
        Ok(Invalidated {
            sessions: self.count(&END_SESSIONS, &ended).await?,
            keys: self.count(&FORGET_KEYS, &[]).await?,
            jobs: self.count(&FORGET_JOBS, &[]).await?,
        })
    }
}
