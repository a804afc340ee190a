//! `imports`

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{Import, ImportCounts, ImportDigest};
use ntt_auth_core::store::{Imports, ReadImports, StoreError};

use crate::error::Error;
use crate::value::{Doc, Fields, bytes, time};
use crate::view::{Find, View};

const IMPORTS: &str = "imports";

#[async_trait]
impl ReadImports for View<'_> {
    async fn by_digest(&mut self, digest: &ImportDigest) -> Result<Option<Import>, StoreError> {
        let find = Find::new(IMPORTS, doc! { "_id": bytes(digest.bytes()) });
        self.first(find, import).await
    }
}

#[async_trait]
impl Imports for View<'_> {
    async fn begin(&mut self, import: &Import) -> Result<(), StoreError> {
        let digest = bytes(import.digest.bytes());
        self.remove(IMPORTS, doc! { "_id": digest.clone() }).await?;
        let document = settable(import)
            .set("_id", digest)
            .set("format", import.format.as_str())
            .set("started_at", time(import.started_at))
            .document();
        self.insert(IMPORTS, document).await
    }

    async fn advance(&mut self, import: &Import, from: u64) -> Result<bool, StoreError> {
        let there = doc! {
            "_id": bytes(import.digest.bytes()), "row_count": whole(from), "finished_at": Bson::Null,
        };
        self.took(IMPORTS, there, settable(import).change()).await
    }

    async fn tally(&mut self, import: &Import) -> Result<(), StoreError> {
        let there = doc! { "_id": bytes(import.digest.bytes()) };
        self.took(IMPORTS, there, settable(import).change())
            .await
            .map(drop)
    }
}

/// What changes from step to step.
fn settable(import: &Import) -> Fields {
    let counts = &import.counts;
    Fields::new()
        .set("byte_offset", whole(import.offset))
        .set("row_count", whole(counts.rows))
        .set("added", whole(counts.added))
        .set("updated", whole(counts.updated))
        .set("skipped", whole(counts.skipped))
        .set("ignored", whole(counts.ignored))
        .set("rejected", whole(counts.rejected))
        .set("updated_at", time(import.updated_at))
        .opt("finished_at", import.finished_at.map(time))
}

/// No file has more octets than an `i64` counts.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn import(mut doc: Doc) -> Result<Import, Error> {
    Ok(Import {
        digest: ImportDigest::new(doc.array("_id")?),
        format: doc.text("format")?,
        offset: doc.count("byte_offset")?,
        counts: ImportCounts {
            rows: doc.count("row_count")?,
            added: doc.count("added")?,
            updated: doc.count("updated")?,
            skipped: doc.count("skipped")?,
            ignored: doc.count("ignored")?,
            rejected: doc.count("rejected")?,
        },
        started_at: doc.time("started_at")?,
        updated_at: doc.time("updated_at")?,
        finished_at: doc.opt_time("finished_at")?,
    })
}
