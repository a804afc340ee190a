//! `audit_events`, `audit_head`, `audit_checkpoints`, `subject_keys`, and what is left of `security_events`

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{
    AuditHead, AuditRecord, Checkpoint, EventId, Mark, SecurityEvent, SessionId, SubjectKey, UserId,
};
use ntt_auth_core::store::{Audit, AuditQuery, ReadAudit, StoreError};

use super::audit_page;
use crate::error::Error;
use crate::value::{Doc, Fields, bytes, id, time};
use crate::view::{Find, View};

pub(super) const EVENTS: &str = "audit_events";
const HEAD: &str = "audit_head";
const CHECKPOINTS: &str = "audit_checkpoints";
const KEYS: &str = "subject_keys";
const UNCHAINED: &str = "security_events";

#[async_trait]
impl ReadAudit for View<'_> {
    async fn head(&mut self) -> Result<AuditHead, StoreError> {
        self.one(Find::new(HEAD, doc! { "_id": 1_i64 }), head).await
    }

    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let find = Find::new(EVENTS, doc! { "_id": { "$gt": sequence } });
        self.all(find.sorted(doc! { "_id": 1 }).limit(limit), record)
            .await
    }

    async fn page(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        self.all(audit_page::find(query), record).await
    }

    async fn key(&mut self, mark: Mark) -> Result<Option<SubjectKey>, StoreError> {
        let find = Find::new(KEYS, doc! { "_id": of_mark(mark) });
        self.first(find, key).await
    }

    async fn checkpoints(
        &mut self,
        sequence: i64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        let find = Find::new(CHECKPOINTS, doc! { "_id": { "$gt": sequence } });
        self.all(find.sorted(doc! { "_id": 1 }).limit(limit), checkpoint)
            .await
    }

    async fn unchained(&mut self, limit: u32) -> Result<Vec<SecurityEvent>, StoreError> {
        let find = Find::new(UNCHAINED, doc! {}).sorted(doc! { "_id": 1 });
        self.all(find.limit(limit), unchained).await
    }
}

#[async_trait]
impl Audit for View<'_> {
    async fn lock_head(&mut self) -> Result<AuditHead, StoreError> {
        if let Some(taken) = self.taken_head() {
            return Ok(head(Doc::new(HEAD, taken))?);
        }
        // Whoever else takes it before the commit is given up, so events are committed in the order of their sequences.
        let lock = doc! { "$inc": { "locks": 1_i64 } };
        self.changed(HEAD, doc! { "_id": 1_i64 }, lock, head)
            .await?
            .ok_or_else(|| StoreError::corrupt("audit_head, which is empty"))
    }

    async fn set_head(&mut self, head: &AuditHead) -> Result<(), StoreError> {
        drop(self.taken_head());
        let change = Fields::new()
            .set("latest", head.latest)
            .set("hash", bytes(&head.hash))
            .set("cut", head.cut)
            .set("cut_hash", bytes(&head.cut_hash))
            .set("checkpoint", head.checkpoint)
            .set("adopting", head.adopting)
            .opt("mac", head.mac.as_ref().map(|mac| bytes(mac)))
            .change();
        self.took(HEAD, doc! { "_id": 1_i64 }, change)
            .await
            .map(drop)
    }

    async fn insert(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        let document = Fields::new()
            .set("_id", record.sequence)
            .set("id", id(record.id.uuid()))
            .set("kind", record.kind.as_str())
            .set("occurred_at", time(record.at))
            .opt("actor_id", record.actor.map(|of| id(of.uuid())))
            .opt("subject_id", record.subject.map(|of| id(of.uuid())))
            .opt("session_id", record.session.map(|of| id(of.uuid())))
            .opt("address_mark", record.address_mark.map(of_mark))
            .opt("actor_mark", record.actor_mark.map(of_mark))
            .opt("subject_mark", record.subject_mark.map(of_mark))
            .opt("session_mark", record.session_mark.map(of_mark))
            .opt("detail", record.detail.as_deref())
            .opt("sealed", record.sealed.as_deref().map(bytes))
            .set("hash", bytes(&record.hash))
            .set("mac", bytes(&record.mac))
            .document();
        View::insert(self, EVENTS, document).await
    }

    async fn put_key(&mut self, key: &SubjectKey) -> Result<(), StoreError> {
        let mark = of_mark(key.mark);
        self.remove(KEYS, doc! { "_id": mark.clone() }).await?;
        let document = Fields::new()
            .set("_id", mark)
            .opt("sealed", key.sealed.as_deref().map(bytes))
            .set("created_at", time(key.created_at))
            .opt("erased_at", key.erased_at.map(time))
            .opt("proof", key.proof.as_ref().map(|proof| bytes(proof)))
            .document();
        View::insert(self, KEYS, document).await
    }

    async fn blank(&mut self, user: UserId) -> Result<u64, StoreError> {
        let user = id(user.uuid());
        let did = self
            .update(
                EVENTS,
                doc! { "actor_id": user.clone() },
                doc! { "$unset": { "actor_id": "", "session_id": "", "address_mark": "" } },
            )
            .await?;
        let alone = self
            .update(
                EVENTS,
                doc! { "subject_id": user.clone(), "actor_mark": Bson::Null },
                doc! { "$unset": { "subject_id": "", "session_id": "", "address_mark": "" } },
            )
            .await?;
        // An event that somebody else did tells of their address, not the subject's.
        let suffered = self
            .update(
                EVENTS,
                doc! { "subject_id": user },
                doc! { "$unset": { "subject_id": "", "session_id": "" } },
            )
            .await?;
        Ok(did + alone + suffered)
    }

    async fn insert_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let document = Fields::new()
            .set("_id", checkpoint.sequence)
            .set("previous", checkpoint.previous)
            .set("made_at", time(checkpoint.at))
            .set("hash", bytes(&checkpoint.hash))
            .set("key_id", checkpoint.key.as_str())
            .set("signature", bytes(&checkpoint.signature))
            .document();
        View::insert(self, CHECKPOINTS, document).await
    }

    async fn trim(&mut self, sequence: i64) -> Result<u64, StoreError> {
        self.remove(EVENTS, doc! { "_id": { "$lte": sequence } })
            .await
    }

    async fn trim_checkpoints(&mut self, sequence: i64) -> Result<u64, StoreError> {
        self.remove(CHECKPOINTS, doc! { "_id": { "$lt": sequence } })
            .await
    }

    async fn forget_unchained(&mut self, event: EventId) -> Result<u64, StoreError> {
        self.remove(UNCHAINED, doc! { "_id": { "$lte": id(event.uuid()) } })
            .await
    }
}

pub(super) fn of_mark(mark: Mark) -> Bson {
    bytes(mark.bytes())
}

fn head(mut doc: Doc) -> Result<AuditHead, Error> {
    let (hash, cut_hash) = (doc.opt_array("hash")?, doc.opt_array("cut_hash")?);
    let mac = doc.opt_array("mac")?;
    // Hashes are absent only where nothing was ever written.
    if mac.is_some() && (hash.is_none() || cut_hash.is_none()) {
        return Err(doc.corrupt("hash"));
    }
    Ok(AuditHead {
        latest: doc.int("latest")?,
        hash: hash.unwrap_or_default(),
        cut: doc.int("cut")?,
        cut_hash: cut_hash.unwrap_or_default(),
        checkpoint: doc.int("checkpoint")?,
        adopting: doc.flag("adopting")?,
        mac,
    })
}

fn record(mut doc: Doc) -> Result<AuditRecord, Error> {
    let mark = |doc: &mut Doc, name| doc.opt_array(name).map(|bytes| bytes.map(Mark::from_bytes));
    Ok(AuditRecord {
        sequence: doc.int("_id")?,
        id: EventId::from_uuid(doc.id("id")?),
        kind: doc.text("kind")?,
        at: doc.time("occurred_at")?,
        actor: doc.opt_id("actor_id")?.map(UserId::from_uuid),
        subject: doc.opt_id("subject_id")?.map(UserId::from_uuid),
        session: doc.opt_id("session_id")?.map(SessionId::from_uuid),
        address_mark: mark(&mut doc, "address_mark")?,
        actor_mark: mark(&mut doc, "actor_mark")?,
        subject_mark: mark(&mut doc, "subject_mark")?,
        session_mark: mark(&mut doc, "session_mark")?,
        detail: doc.opt_text("detail")?,
        sealed: doc.opt_bytes("sealed")?,
        hash: doc.array("hash")?,
        mac: doc.array("mac")?,
    })
}

fn key(mut doc: Doc) -> Result<SubjectKey, Error> {
    Ok(SubjectKey {
        mark: Mark::from_bytes(doc.array("_id")?),
        sealed: doc.opt_bytes("sealed")?,
        created_at: doc.time("created_at")?,
        erased_at: doc.opt_time("erased_at")?,
        proof: doc.opt_array("proof")?,
    })
}

fn checkpoint(mut doc: Doc) -> Result<Checkpoint, Error> {
    Ok(Checkpoint {
        sequence: doc.int("_id")?,
        previous: doc.int("previous")?,
        at: doc.time("made_at")?,
        hash: doc.array("hash")?,
        key: doc.text("key_id")?,
        signature: doc.array("signature")?,
    })
}

fn unchained(mut doc: Doc) -> Result<SecurityEvent, Error> {
    Ok(SecurityEvent {
        id: EventId::from_uuid(doc.id("_id")?),
        kind: doc.name("kind")?,
        at: doc.time("occurred_at")?,
        actor: doc.opt_id("actor_id")?.map(UserId::from_uuid),
        subject: doc.opt_id("subject_id")?.map(UserId::from_uuid),
        session: doc.opt_id("session_id")?.map(SessionId::from_uuid),
        ip_address: doc.opt_name("ip_address")?,
        user_agent: None,
        request_id: None,
        detail: doc.opt_text("detail")?,
    })
}
