//! `erasures`, and everything that is about one person in any table.

use async_trait::async_trait;
use ntt_auth_core::model::{ErasedId, Erasure, Timestamp, UserId};
use ntt_auth_core::store::{
    Codes as _, Erasures, Jobs as _, ReadErasures, StoreError, Unique, Users as _,
};
use uuid::Uuid;

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static PAGE: Statement = Statement::new(
    "erasures.page",
    "SELECT subject, erased_at FROM erasures WHERE subject > ? ORDER BY subject LIMIT ?",
);

static USERS_AFTER: Statement = Statement::new(
    "erasures.users_after",
    "SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?",
);

static INSERT: Statement = Statement::new(
    "erasures.insert",
    "INSERT INTO erasures (subject, erased_at) VALUES (?, ?)",
)
.may_collide();

static PURGE: Statement = Statement::new(
    "erasures.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM erasures WHERE subject IN (SELECT subject FROM (SELECT subject FROM erasures WHERE erased_at < ? \
     ORDER BY erased_at LIMIT ?) AS old)",
);

// One statement for each table that holds rows about somebody; each `?` of it is that user's id. Nouns with such a
// statement of their own are called by `forget`. A table that is missing fails `crates/server/tests/it/privacy.rs`.

static FORGET_SESSIONS: Statement = Statement::new(
    "erasures.forget_sessions",
    "DELETE FROM sessions WHERE user_id = ?",
);

static FORGET_REVOCATIONS: Statement = Statement::new(
    "erasures.forget_revocations",
    // What these revoke is revoked by session as well.
    "DELETE FROM revocations WHERE user_id = ?",
);

static FORGET_CONSENTS: Statement = Statement::new(
    "erasures.forget_consents",
    "DELETE FROM consents WHERE user_id = ?",
);

static UNNAME_SUBJECT: Statement = Statement::new(
    "erasures.unname_subject",
    "UPDATE security_events SET subject_id = NULL, session_id = NULL, ip_address = NULL, detail = NULL \
     WHERE subject_id = ?",
);

static UNNAME_ACTOR: Statement = Statement::new(
    "erasures.unname_actor",
    "UPDATE security_events SET actor_id = NULL, ip_address = NULL WHERE actor_id = ?",
);

static FORGET: &[&Statement] = &[
    &FORGET_SESSIONS,
    &FORGET_REVOCATIONS,
    &FORGET_CONSENTS,
    &UNNAME_SUBJECT,
    &UNNAME_ACTOR,
];

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &PAGE,
    &USERS_AFTER,
    &INSERT,
    &PURGE,
    &FORGET_SESSIONS,
    &FORGET_REVOCATIONS,
    &FORGET_CONSENTS,
    &UNNAME_SUBJECT,
    &UNNAME_ACTOR,
];

#[async_trait]
impl ReadErasures for View<'_> {
    async fn page(
        &mut self,
        after: Option<ErasedId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        let after: &[u8] = after.as_ref().map_or(&[], |id| id.bytes().as_slice());
        self.all(&PAGE, &[after.into(), limit.into()], erasure)
            .await
    }

    async fn users_after(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let after = after.map_or(Uuid::nil(), UserId::uuid);
        self.all(&USERS_AFTER, &[after.into(), limit.into()], |mut row| {
            row.id().map(UserId::from_uuid)
        })
        .await
    }
}

#[async_trait]
impl Erasures for View<'_> {
    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError> {
        // The user's own row first: whoever waits for it finds nobody. With it go the words they were found by.
        let mut rows = u64::from(self.erase(user).await?);
        for statement in FORGET {
            let times = statement.text().matches('?').count();
            let values = vec![Value::from(user.uuid()); times];
            rows += self.count(statement, &values).await?;
        }
        rows += self.remove_of_user(user).await?;
        Ok(rows + self.remove_of_subject(user).await?)
    }

    async fn insert(&mut self, erasure: &Erasure) -> Result<bool, StoreError> {
        let values = [erasure.subject.bytes().as_slice().into(), erasure.at.into()];
        match self.count(&INSERT, &values).await {
            Ok(_) => Ok(true),
            Err(StoreError::Taken(Unique::Id)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.count(&PURGE, &[before.into(), limit.into()]).await
    }
}

fn erasure(mut row: Row) -> Result<Erasure, Error> {
    Ok(Erasure {
        subject: ErasedId::from_bytes(row.array()?),
        at: row.time()?,
    })
}
