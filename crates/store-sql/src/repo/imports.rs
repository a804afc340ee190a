//! `imports`

use async_trait::async_trait;
use ntt_auth_core::model::{Import, ImportCounts, ImportDigest};
use ntt_auth_core::store::{Imports, ReadImports, StoreError};

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static BY_DIGEST: Statement = Statement::new(
    "imports.by_digest",
    "SELECT digest, format, byte_offset, row_count, added, updated, skipped, ignored, rejected, started_at, updated_at, \
     finished_at FROM imports WHERE digest = ?",
);

static FORGET: Statement = Statement::new("imports.forget", "DELETE FROM imports WHERE digest = ?");

static INSERT: Statement = Statement::new(
    "imports.insert",
    "INSERT INTO imports (byte_offset, row_count, added, updated, skipped, ignored, rejected, updated_at, finished_at, \
     digest, format, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

static ADVANCE: Statement = Statement::new(
    "imports.advance",
    "UPDATE imports SET byte_offset = ?, row_count = ?, added = ?, updated = ?, skipped = ?, ignored = ?, rejected = ?, \
     updated_at = ?, finished_at = ? WHERE digest = ? AND row_count = ? AND finished_at IS NULL",
);

static TALLY: Statement = Statement::new(
    "imports.tally",
    "UPDATE imports SET byte_offset = ?, row_count = ?, added = ?, updated = ?, skipped = ?, ignored = ?, rejected = ?, \
     updated_at = ?, finished_at = ? WHERE digest = ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&BY_DIGEST, &FORGET, &INSERT, &ADVANCE, &TALLY];

#[async_trait]
impl ReadImports for View<'_> {
    async fn by_digest(&mut self, digest: &ImportDigest) -> Result<Option<Import>, StoreError> {
        self.first(&BY_DIGEST, &[digest.bytes().as_slice().into()], import)
            .await
    }
}

#[async_trait]
impl Imports for View<'_> {
    async fn begin(&mut self, import: &Import) -> Result<(), StoreError> {
        self.count(&FORGET, &[import.digest.bytes().as_slice().into()])
            .await?;
        let mut values = settable(import);
        values.extend([import.format.as_str().into(), import.started_at.into()]);
        self.count(&INSERT, &values).await.map(drop)
    }

    async fn advance(&mut self, import: &Import, from: u64) -> Result<bool, StoreError> {
        let mut values = settable(import);
        values.push(whole(from));
        self.took(&ADVANCE, &values).await
    }

    async fn tally(&mut self, import: &Import) -> Result<(), StoreError> {
        self.count(&TALLY, &settable(import)).await.map(drop)
    }
}

/// The values of all three writes, in their order, and the digest.
fn settable(import: &Import) -> Vec<Value> {
    let counts = &import.counts;
    vec![
        whole(import.offset),
        whole(counts.rows),
        whole(counts.added),
        whole(counts.updated),
        whole(counts.skipped),
        whole(counts.ignored),
        whole(counts.rejected),
        import.updated_at.into(),
        import.finished_at.into(),
        import.digest.bytes().as_slice().into(),
    ]
}

/// No file has more octets than an `i64` counts.
fn whole(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn import(mut row: Row) -> Result<Import, Error> {
    let digest = ImportDigest::new(row.array()?);
    let format = row.text()?;
    let mut count = || row.int().map(i64::unsigned_abs);
    let offset = count()?;
    let counts = ImportCounts {
        rows: count()?,
        added: count()?,
        updated: count()?,
        skipped: count()?,
        ignored: count()?,
        rejected: count()?,
    };
    Ok(Import {
        digest,
        format,
        offset,
        counts,
        started_at: row.time()?,
        updated_at: row.time()?,
        finished_at: row.opt_time()?,
    })
}
