//! `revocations`, `revocation_counter`

use async_trait::async_trait;
use ntt_auth_core::model::{Revocation, Revoked, SessionId, Timestamp, UserId};
use ntt_auth_core::store::{ReadRevocations, Revocations, StoreError};

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static AFTER: Statement = Statement::new(
    "revocations.after",
    "SELECT sequence, session_id, user_id, version, revoked_at, expires_at FROM revocations WHERE sequence > ? \
     ORDER BY sequence LIMIT ?",
);

static LATEST: Statement = Statement::new(
    "revocations.latest",
    "SELECT latest FROM revocation_counter WHERE id = 1",
);

static COUNT_UP: Statement = Statement::new(
    "revocations.count_up",
    "UPDATE revocation_counter SET latest = latest + 1 WHERE id = 1",
);

static APPEND: Statement = Statement::new(
    "revocations.append",
    "INSERT INTO revocations (sequence, session_id, user_id, version, revoked_at, expires_at) \
     VALUES (?, ?, ?, ?, ?, ?)",
);

static PURGE: Statement = Statement::new(
    "revocations.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM revocations WHERE sequence IN (SELECT sequence FROM (SELECT sequence FROM revocations \
     WHERE expires_at < ? ORDER BY expires_at LIMIT ?) AS expired)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&AFTER, &LATEST, &COUNT_UP, &APPEND, &PURGE];

#[async_trait]
impl ReadRevocations for View<'_> {
    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        self.all(&AFTER, &[sequence.into(), limit.into()], revocation)
            .await
    }

    async fn latest(&mut self) -> Result<i64, StoreError> {
        self.one(&LATEST, &[], |mut row| row.int()).await
    }
}

#[async_trait]
impl Revocations for View<'_> {
    async fn append(
        &mut self,
        revoked: Revoked,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<i64, StoreError> {
        // The row stays locked until the commit, so sequences are committed in their order.
        self.count(&COUNT_UP, &[]).await?;
        let sequence = self.latest().await?;
        let (session, user, version) = match revoked {
            Revoked::Session(session) => (Value::from(session.uuid()), Value::Null, Value::Null),
            Revoked::UserBelow { user, version } => {
                (Value::Null, user.uuid().into(), version.into())
            }
        };
        self.count(
            &APPEND,
            &[
                sequence.into(),
                session,
                user,
                version,
                at.into(),
                expires_at.into(),
            ],
        )
        .await?;
        self.tell().await?;
        Ok(sequence)
    }

    async fn purge(&mut self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.count(&PURGE, &[now.into(), limit.into()]).await
    }
}

fn revocation(mut row: Row) -> Result<Revocation, Error> {
    let sequence = row.int()?;
    let revoked = match (row.opt_id()?, row.opt_id()?, row.opt_int()?) {
        (Some(session), None, None) => Revoked::Session(SessionId::from_uuid(session)),
        (None, Some(user), Some(version)) => Revoked::UserBelow {
            user: UserId::from_uuid(user),
            version,
        },
        _ => return Err(row.corrupt()),
    };
    Ok(Revocation {
        sequence,
        revoked,
        at: row.time()?,
        expires_at: row.time()?,
    })
}
