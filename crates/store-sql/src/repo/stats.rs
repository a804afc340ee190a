//! Counts, each along an index that holds all it needs.

use async_trait::async_trait;
use ntt_auth_core::model::{EventKind, Role, Timestamp};
use ntt_auth_core::store::{AccountCounts, ReadStats, StoreError};

use crate::engine::{Statement, Value};
use crate::view::View;

static ROLES: Statement = Statement::new(
    "stats.roles",
    "SELECT role, COUNT(*) FROM users GROUP BY role",
);

static DELETED_ROLES: Statement = Statement::new(
    "stats.deleted_roles",
    "SELECT role, COUNT(*) FROM users WHERE deleted_at IS NOT NULL GROUP BY role",
);

static SUSPENDED: Statement = Statement::new(
    "stats.suspended",
    "SELECT COUNT(*) FROM users WHERE suspended_at IS NOT NULL AND deleted_at IS NULL \
     AND (suspended_until IS NULL OR suspended_until > ?)",
);

static UNVERIFIED: Statement = Statement::new(
    "stats.unverified",
    "SELECT COUNT(*) FROM users WHERE email_verified_at IS NULL",
);

static OPEN_SESSIONS: Statement = Statement::new(
    "stats.open_sessions",
    // An ended session was open until then.
    "SELECT COUNT(*) FROM sessions WHERE open_until > ?",
);

static EVENTS: Statement = Statement::new(
    "stats.events",
    "SELECT COUNT(*) FROM audit_events WHERE kind = ? AND occurred_at >= ? AND occurred_at < ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &ROLES,
    &DELETED_ROLES,
    &SUSPENDED,
    &UNVERIFIED,
    &OPEN_SESSIONS,
    &EVENTS,
];

impl View<'_> {
    async fn counted(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        let count = self.one(statement, values, |mut row| row.int()).await?;
        Ok(count.unsigned_abs())
    }

    async fn by_role(&mut self, statement: &Statement) -> Result<Vec<(Role, u64)>, StoreError> {
        self.all(statement, &[], |mut row| {
            Ok((row.name()?, row.int()?.unsigned_abs()))
        })
        .await
    }
}

#[async_trait]
impl ReadStats for View<'_> {
    async fn accounts(&mut self, now: Timestamp) -> Result<AccountCounts, StoreError> {
        let (all, deleted) = (
            self.by_role(&ROLES).await?,
            self.by_role(&DELETED_ROLES).await?,
        );
        let of = |counts: &[(Role, u64)], role| {
            let found = counts.iter().find(|(of, _)| *of == role);
            found.map_or(0, |(_, count)| *count)
        };
        Ok(AccountCounts {
            by_role: Role::ALL
                .map(|role| (role, of(&all, role).saturating_sub(of(&deleted, role))))
                .into(),
            suspended: self.counted(&SUSPENDED, &[now.into()]).await?,
            deleted: deleted.iter().map(|(_, count)| count).sum(),
            unverified: self.counted(&UNVERIFIED, &[]).await?,
        })
    }

    async fn open_sessions(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        self.counted(&OPEN_SESSIONS, &[now.into()]).await
    }

    async fn events(
        &mut self,
        kind: EventKind,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.counted(&EVENTS, &[kind.as_str().into(), from.into(), until.into()])
            .await
    }
}
