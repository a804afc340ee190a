//! `root_secret`: one row.

use async_trait::async_trait;
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{ReadRoot, Roots, StoreError};

use crate::engine::Statement;
use crate::view::View;

static SEALED: Statement = Statement::new(
    "root.sealed",
    "SELECT sealed FROM root_secret WHERE id = 1 AND sealed IS NOT NULL",
);

static KEEP: Statement = Statement::new(
    "root.keep",
    "UPDATE root_secret SET sealed = ?, sealed_at = ? WHERE id = 1 AND sealed IS NULL",
);

static RESEAL: Statement = Statement::new(
    "root.reseal",
    "UPDATE root_secret SET sealed = ?, sealed_at = ? WHERE id = 1 AND sealed = ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&SEALED, &KEEP, &RESEAL];

#[async_trait]
impl ReadRoot for View<'_> {
    async fn sealed(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.first(&SEALED, &[], |mut row| row.bytes()).await
    }
}

#[async_trait]
impl Roots for View<'_> {
    async fn keep(&mut self, sealed: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        self.took(&KEEP, &[sealed.into(), at.into()]).await
    }

    async fn reseal(
        &mut self,
        before: &[u8],
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.took(&RESEAL, &[sealed.into(), at.into(), before.into()])
            .await
    }
}
