//! `setup`: one row.

use async_trait::async_trait;
use ntt_auth_core::model::{Setup, SetupTokenHash, Timestamp};
use ntt_auth_core::store::{ReadSetup, Setups, StoreError};

use crate::engine::{Error, Row, Statement};
use crate::view::View;

static GET: Statement = Statement::new(
    "setup.get",
    "SELECT token, expires_at, closed_at FROM setup WHERE id = 1",
);

static OFFER: Statement = Statement::new(
    "setup.offer",
    "UPDATE setup SET token = ?, expires_at = ? WHERE id = 1 AND closed_at IS NULL",
);

static REDEEM: Statement = Statement::new(
    "setup.redeem",
    "UPDATE setup SET token = NULL, expires_at = NULL, closed_at = ? \
     WHERE id = 1 AND closed_at IS NULL AND token = ? AND expires_at > ?",
);

static CLOSE: Statement = Statement::new(
    "setup.close",
    "UPDATE setup SET token = NULL, expires_at = NULL, closed_at = ? WHERE id = 1 AND closed_at IS NULL",
);

static LOCK_SUPER_ADMINS: Statement = Statement::new(
    "setup.lock_super_admins",
    "UPDATE setup SET super_admin_changes = super_admin_changes + 1 WHERE id = 1",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&GET, &OFFER, &REDEEM, &CLOSE, &LOCK_SUPER_ADMINS];

#[async_trait]
impl ReadSetup for View<'_> {
    async fn get(&mut self) -> Result<Setup, StoreError> {
        self.one(&GET, &[], setup).await
    }
}

#[async_trait]
impl Setups for View<'_> {
    async fn offer(
        &mut self,
        token: &SetupTokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.took(
            &OFFER,
            &[token.bytes().as_slice().into(), expires_at.into()],
        )
        .await
    }

    async fn redeem(&mut self, token: &SetupTokenHash, now: Timestamp) -> Result<bool, StoreError> {
        self.took(
            &REDEEM,
            &[now.into(), token.bytes().as_slice().into(), now.into()],
        )
        .await
    }

    async fn close(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        self.took(&CLOSE, &[now.into()]).await
    }

    async fn lock_super_admins(&mut self) -> Result<(), StoreError> {
        self.count(&LOCK_SUPER_ADMINS, &[]).await.map(drop)
    }
}

fn setup(mut row: Row) -> Result<Setup, Error> {
    Ok(Setup {
        token: row.opt_array()?.map(SetupTokenHash::from_bytes),
        expires_at: row.opt_time()?,
        closed_at: row.opt_time()?,
    })
}
