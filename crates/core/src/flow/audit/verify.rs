//! Verifying the trail, in constant memory, while others append to it.

use std::collections::BTreeMap;

use crate::audit::{
    CheckpointKey, Finding, Fit, Person, Personal, Persons, Place, Trail, Verifier,
};
use crate::flow::{Auth, Fault};
use crate::model::{AuditHead, AuditRecord, ChainHash, Checkpoint, Mark};
use crate::store::{Read, StoreError};

/// Events read at one time.
const PAGE: u32 = 1000;
/// Findings that are told one by one; of further ones it is told how many there are.
const TOLD: usize = 100;

/// What verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// The sequence of the oldest event that is kept; 0 if there is none.
    pub first: i64,
    /// The sequence of the newest event.
    pub latest: i64,
    /// How many events were verified.
    pub events: u64,
    /// How many checkpoints, those that were given too.
    pub checkpoints: u64,
    /// The sequences of given checkpoints that are of events forgotten meanwhile, with which nothing can be compared.
    pub incomparable: Vec<i64>,
    /// What is wrong, at most a hundred findings.
    pub findings: Vec<Finding>,
    /// How many findings there are besides.
    pub more: u64,
}

impl AuditReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    fn tell(&mut self, finding: Finding) {
        if self.findings.contains(&finding) {
            return;
        }
        match self.findings.len() < TOLD {
            true => self.findings.push(finding),
            false => self.more += 1,
        }
    }
}

/// Verifies all that is kept: every event against its hash, its place and its code, the head, the checkpoints, the keys
/// of persons. `given` are checkpoints that were kept elsewhere. `progress` is told how many events are done, and of how
/// many.
pub async fn verify_audit(
    auth: &Auth,
    given: &[Checkpoint],
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<AuditReport, Fault> {
    let mut read = auth.store.read();
    let (head, checkpoints) = match standing(&mut *read).await {
        // Without a head nothing tells where the chain begins; with one that cannot be read neither.
        Err(StoreError::Corrupt(_)) => {
            let mut report = AuditReport::default();
            report.tell(Finding::HeadAltered);
            return Ok(report);
        }
        standing => standing?,
    };
    let mut run = Run {
        trail: &auth.trail,
        key: CheckpointKey::new(&auth.root)?,
        report: AuditReport::default(),
        verifier: Verifier::after(head.cut, head.cut_hash),
        persons: Persons::default(),
        checkpoints: BTreeMap::new(),
        last_hash: head.cut_hash,
        head,
    };
    if !run.trail.chain.is_genuine_head(&run.head) {
        run.report.tell(Finding::HeadAltered);
    }
    run.stored_checkpoints(checkpoints);
    run.given_checkpoints(given);
    run.events(&mut *read, progress).await?;
    run.end(&mut *read).await?;
    Ok(run.report)
}

/// Verifies the events after `sequence`, whose hash is `hash`, up to and with `to`, by hashes and codes alone, and gives
/// the hash of the last one.
pub(super) async fn verify_since(
    auth: &Auth,
    sequence: i64,
    hash: ChainHash,
    to: i64,
) -> Result<ChainHash, Fault> {
    let mut read = auth.store.read();
    let mut verifier = Verifier::after(sequence, hash);
    let mut last = hash;
    while verifier.next() <= to {
        let from = verifier.next();
        let page = read.audit().after(from - 1, PAGE).await?;
        for record in page.iter().take_while(|record| record.sequence <= to) {
            if let Some(finding) = verifier
                .take(&auth.trail.chain, record, to)
                .into_iter()
                .next()
            {
                return Err(Fault::Audit(finding));
            }
            last = record.hash;
        }
        if verifier.next() == from {
            return Err(Fault::Audit(Finding::CutTail { from, to }));
        }
    }
    Ok(last)
}

/// The head and the checkpoints of one moment; no checkpoints if they cannot be read. There is one for a thousand events
/// or for an hour, so they are few.
async fn standing(read: &mut dyn Read) -> Result<(AuditHead, Option<Vec<Checkpoint>>), StoreError> {
    let mut head = read.audit().head().await?;
    loop {
        let mut checkpoints = Vec::new();
        let mut after = i64::MIN;
        loop {
            let page = match read.audit().checkpoints(after, PAGE).await {
                Err(StoreError::Corrupt(_)) => return Ok((head, None)),
                page => page?,
            };
            let Some(last) = page.last() else { break };
            after = last.sequence;
            checkpoints.extend(page);
        }
        let now = read.audit().head().await?;
        if (now.cut, now.checkpoint) == (head.cut, head.checkpoint) {
            return Ok((now, Some(checkpoints)));
        }
        head = now;
    }
}

struct Run<'a> {
    trail: &'a Trail,
    key: CheckpointKey,
    report: AuditReport,
    verifier: Verifier,
    persons: Persons,
    /// Genuine checkpoints that are still to be compared.
    checkpoints: BTreeMap<i64, Vec<ChainHash>>,
    last_hash: ChainHash,
    head: AuditHead,
}

impl Run<'_> {
    /// Compares the checkpoints with each other and with the head.
    fn stored_checkpoints(&mut self, stored: Option<Vec<Checkpoint>>) {
        let Some(stored) = stored else {
            self.report.tell(Finding::CheckpointsUnreadable);
            return;
        };
        let cut = self.head.cut;
        let mut before: Option<i64> = None;
        for checkpoint in &stored {
            let sequence = checkpoint.sequence;
            self.compare_later(checkpoint);
            let expected = before.unwrap_or(cut);
            let begins = before.is_none() && cut > 0 && sequence != cut;
            // The one that was made for the cut stands between two that knew nothing of it.
            let follows = checkpoint.previous == expected
                || (checkpoint.previous < cut && (sequence == cut || before == Some(cut)));
            if begins {
                self.report
                    .tell(Finding::CheckpointMissing { sequence: cut });
            } else if !follows {
                let sequence = checkpoint.previous;
                self.report.tell(Finding::CheckpointMissing { sequence });
            }
            before = Some(sequence);
        }
        let sequence = self.head.checkpoint;
        if before.unwrap_or(0) < sequence {
            self.report.tell(Finding::CheckpointMissing { sequence });
        }
    }

    fn given_checkpoints(&mut self, given: &[Checkpoint]) {
        for checkpoint in given {
            if checkpoint.sequence < self.head.cut {
                match self.key.is_genuine(checkpoint) {
                    true => self.report.incomparable.push(checkpoint.sequence),
                    false => self.compare_later(checkpoint),
                }
            } else {
                self.compare_later(checkpoint);
            }
        }
    }

    fn compare_later(&mut self, checkpoint: &Checkpoint) {
        let sequence = checkpoint.sequence;
        self.report.checkpoints += 1;
        if !self.key.is_genuine(checkpoint) {
            self.report.tell(Finding::CheckpointForeign { sequence });
        } else if sequence == self.head.cut {
            if checkpoint.hash != self.head.cut_hash {
                self.report
                    .tell(Finding::CheckpointContradicts { sequence });
            }
        } else {
            self.checkpoints
                .entry(sequence)
                .or_default()
                .push(checkpoint.hash);
        }
    }

    async fn events(
        &mut self,
        read: &mut dyn Read,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), StoreError> {
        let mut position = i64::MIN;
        loop {
            let page = self.page(read, position).await?;
            let Some(last) = page.last() else {
                // Whatever was committed before the head was read is seen after it.
                let head = read.audit().head().await?;
                if head.latest > position && head.latest > self.head.latest {
                    self.head = head;
                    continue;
                }
                return Ok(());
            };
            position = sequence_of(last);
            for row in page {
                match row {
                    Ok(record) => self.event(read, &record).await?,
                    Err(sequence) => {
                        self.report.tell(Finding::Unreadable { sequence });
                        self.verifier.skip(sequence);
                    }
                }
            }
            let done = u64::try_from(position - self.head.cut).unwrap_or(0);
            let of = u64::try_from(self.head.latest - self.head.cut).unwrap_or(0);
            progress(done, of.max(done));
        }
    }

    /// The rows after `position`, one by one where one of them cannot be read.
    async fn page(&self, read: &mut dyn Read, position: i64) -> Result<Vec<Row>, StoreError> {
        match read.audit().after(position, PAGE).await {
            Ok(records) => return Ok(records.into_iter().map(Ok).collect()),
            Err(StoreError::Corrupt(_)) => {}
            Err(error) => return Err(error),
        }
        let begin = position.max(self.verifier.next() - 1);
        let mut rows = Vec::new();
        for sequence in begin + 1..=(begin + i64::from(PAGE)).min(self.head.latest) {
            match read.audit().after(sequence - 1, 1).await {
                Ok(records) => rows.extend(
                    records
                        .into_iter()
                        .filter(|record| record.sequence == sequence)
                        .map(Ok),
                ),
                Err(StoreError::Corrupt(_)) => rows.push(Err(sequence)),
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    async fn event(&mut self, read: &mut dyn Read, record: &AuditRecord) -> Result<(), StoreError> {
        let sequence = record.sequence;
        if sequence > self.head.latest || sequence != self.verifier.next() {
            // Others may have appended, or forgotten what was too old, since the head was read.
            let head = read.audit().head().await?;
            if head.cut >= self.verifier.next() && head.cut > self.head.cut {
                self.verifier = Verifier::after(head.cut, head.cut_hash);
                self.last_hash = head.cut_hash;
            }
            self.head = head;
            if sequence > self.head.latest || sequence <= self.head.cut {
                self.report.tell(Finding::Surplus { sequence });
                return Ok(());
            }
        }
        for finding in self
            .verifier
            .take(&self.trail.chain, record, self.head.latest)
        {
            self.report.tell(finding);
        }
        self.last_hash = record.hash;
        self.report.events += 1;
        if self.report.first == 0 {
            self.report.first = sequence;
        }
        if let Some(hashes) = self.checkpoints.remove(&sequence)
            && hashes.iter().any(|hash| *hash != record.hash)
        {
            self.report
                .tell(Finding::CheckpointContradicts { sequence });
        }
        self.persons(read, record).await
    }

    /// What no hash covers: ids that are blanked at an erasure, and keys that are destroyed by it.
    async fn persons(
        &mut self,
        read: &mut dyn Read,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        if self.judge(read, record, false).await?.is_empty() {
            return Ok(());
        }
        // Somebody may have been erased since the row was read.
        let again = read.audit().after(record.sequence - 1, 1).await?;
        let Some(again) = again
            .into_iter()
            .find(|again| again.sequence == record.sequence)
        else {
            return Ok(());
        };
        for finding in self.judge(read, &again, true).await? {
            self.report.tell(finding);
        }
        Ok(())
    }

    async fn judge(
        &mut self,
        read: &mut dyn Read,
        record: &AuditRecord,
        fresh: bool,
    ) -> Result<Vec<Finding>, StoreError> {
        let sequence = record.sequence;
        let mut found = Vec::new();
        let actor = self.person(read, record.actor_mark, fresh).await?;
        let subject = self.person(read, record.subject_mark, fresh).await?;
        let is_erased = |person: &Option<Person>| matches!(person, Some(Person::Erased));
        let (erased_actor, erased_subject) = (is_erased(&actor), is_erased(&subject));
        let (of_actor, of_subject, of_session) = self.trail.ids_fit(record);
        for (place, fit, erased, present) in [
            (Place::Actor, of_actor, erased_actor, record.actor.is_some()),
            (
                Place::Subject,
                of_subject,
                erased_subject,
                record.subject.is_some(),
            ),
            (
                Place::Session,
                of_session,
                erased_actor || erased_subject,
                record.session.is_some(),
            ),
        ] {
            match fit {
                Fit::Whole if erased && present => {
                    found.push(Finding::Remaining { sequence, place });
                }
                Fit::Whole => {}
                Fit::Blank if erased => {}
                Fit::Blank | Fit::Wrong => found.push(Finding::Unfindable { sequence, place }),
            }
        }
        let owner = match record.actor_mark {
            Some(_) => actor,
            None => subject,
        };
        let place = Place::Address;
        let key = match owner {
            None => self.trail.keys.nobody().clone(),
            Some(Person::Key(key)) => key,
            Some(Person::Erased) => {
                if record.address_mark.is_some() {
                    found.push(Finding::Remaining { sequence, place });
                }
                return Ok(found);
            }
            Some(Person::Unknown) if record.sealed.is_none() => {
                if record.address_mark.is_some() {
                    found.push(Finding::Unfindable { sequence, place });
                }
                return Ok(found);
            }
            Some(Person::Unknown) => {
                found.push(Finding::KeyMissing { sequence });
                return Ok(found);
            }
            Some(Person::Pretended) => {
                found.push(Finding::ErasureForged { sequence });
                return Ok(found);
            }
            Some(Person::Broken) => {
                found.push(Finding::KeyAltered { sequence });
                return Ok(found);
            }
        };
        let address = match &record.sealed {
            None => None,
            Some(sealed) => match Personal::open(&key, record.id, sealed) {
                Ok(personal) => personal
                    .ip_address
                    .map(|address| self.trail.chain.address(address)),
                Err(_) => {
                    found.push(Finding::KeyAltered { sequence });
                    return Ok(found);
                }
            },
        };
        if address != record.address_mark {
            found.push(Finding::Unfindable { sequence, place });
        }
        Ok(found)
    }

    async fn person(
        &mut self,
        read: &mut dyn Read,
        mark: Option<Mark>,
        fresh: bool,
    ) -> Result<Option<Person>, StoreError> {
        let Some(mark) = mark else { return Ok(None) };
        let (keys, chain) = (&self.trail.keys, &self.trail.chain);
        let person = match fresh {
            true => {
                self.persons
                    .look_again(mark, keys, chain, read.audit())
                    .await
            }
            false => self.persons.get(mark, keys, chain, read.audit()).await,
        };
        match person {
            Ok(person) => Ok(Some(person)),
            Err(StoreError::Corrupt(_)) => Ok(Some(Person::Broken)),
            Err(error) => Err(error),
        }
    }

    /// What the head and the checkpoints know of events that are not there.
    async fn end(&mut self, read: &mut dyn Read) -> Result<(), StoreError> {
        let last = self.verifier.next() - 1;
        self.report.latest = last;
        let head = &self.head;
        let known = self
            .checkpoints
            .keys()
            .next_back()
            .copied()
            .unwrap_or(0)
            .max(head.latest);
        if known > last {
            self.report.tell(Finding::CutTail {
                from: last + 1,
                to: known,
            });
        }
        if head.latest == last && head.hash != self.last_hash {
            self.report.tell(Finding::HeadAltered);
        }
        // A head that was put back to an older one is genuine, and shorter than the chain.
        if !self
            .trail
            .chain
            .is_genuine_head(&read.audit().head().await?)
        {
            self.report.tell(Finding::HeadAltered);
        }
        Ok(())
    }
}

/// A row that could be read, or the sequence of one that could not.
type Row = Result<AuditRecord, i64>;

fn sequence_of(row: &Row) -> i64 {
    row.as_ref()
        .map_or_else(|sequence| *sequence, |record| record.sequence)
}
