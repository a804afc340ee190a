//! Performing jobs (OPS-10): claimed with a lease, tried again with growing delays, given up in sight.
//!
//! A job is performed outside any transaction, so a node that dies between the work and the note of it leaves a job whose
//! lease runs out, and another node performs it again: each lost lease costs at most one mail too many, and every mail
//! of a job bears the same `Message-ID`.

use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _};
use tracing::Instrument as _;

use crate::flow::ask_for_mail::{Answer, Reply, look_into};
use crate::flow::auth::Committed;
use crate::flow::mail_job::{mail_of, without_person};
use crate::flow::mailbox::{Pace, may_write, may_write_to};
use crate::flow::{Auth, Fault};
use crate::model::{Job, JobId, JobKind, Lease, Timestamp};
use crate::port::{MailError, Mailer, random};
use crate::store::{StoreError, Tx, Work};

/// How long a node may take for one job. Whoever waits for a mail server must give up sooner.
pub const JOB_LEASE: Duration = Duration::from_mins(5);
/// How many jobs one call performs at the same time.
const ABREAST: usize = 4;
/// How often a job is tried: for about a day, if each attempt fails at once.
const MAX_ATTEMPTS: u32 = 30;
const FIRST_DELAY: Duration = Duration::from_secs(10);
const LONGEST_DELAY: Duration = Duration::from_hours(1);

/// What one call of [`run_jobs`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobsReport {
    /// How many jobs were done.
    pub done: u32,
    /// How many failed and are tried again later.
    pub postponed: u32,
    /// How many were given up.
    pub dead: u32,
    /// How many were found to be another's: begun by another node first, removed, or taken over because this node held
    /// its lease for too long.
    pub lost: u32,
}

/// Performs at most `limit` jobs whose time has come, and what they ask for in turn. `node` names this process among
/// those of the same store.
pub async fn run_jobs(
    auth: &Auth,
    mailer: &dyn Mailer,
    node: &str,
    limit: u32,
) -> Result<JobsReport, Fault> {
    let mut report = JobsReport::default();
    let mut left = limit;
    while left > 0 {
        let now = auth.clock.now();
        let due = auth.store.read().jobs().due(now, left).await?;
        let found = u32::try_from(due.len()).unwrap_or(u32::MAX);
        if found == 0 {
            break;
        }
        left = left.saturating_sub(found);
        report = futures::stream::iter(due)
            .map(|id| run_one(auth, mailer, node, id))
            .buffer_unordered(ABREAST)
            .try_fold(report, async |mut report, end| {
                match end {
                    End::Done => report.done += 1,
                    End::Postponed => report.postponed += 1,
                    End::Dead => report.dead += 1,
                    End::Lost => report.lost += 1,
                }
                Ok(report)
            })
            .await?;
    }
    Ok(report)
}

enum End {
    Done,
    Postponed,
    Dead,
    Lost,
}

async fn run_one(auth: &Auth, mailer: &dyn Mailer, node: &str, id: JobId) -> Result<End, Fault> {
    let now = auth.clock.now();
    let lease = Lease {
        by: node.to_owned(),
        until: now.plus(JOB_LEASE),
    };
    let claim = Claim {
        id,
        now,
        lease: lease.clone(),
    };
    let Some(job) = auth.commit(claim).await? else {
        return Ok(End::Lost);
    };
    let span = tracing::info_span!(
        target: "trace::job",
        "job",
        otel.name = %format_args!("job {}", job.kind.as_str()),
        otel.kind = "consumer",
        attempt = i64::from(job.attempts),
    );
    run_claimed(auth, mailer, job, lease).instrument(span).await
}

async fn run_claimed(
    auth: &Auth,
    mailer: &dyn Mailer,
    job: Job,
    lease: Lease,
) -> Result<End, Fault> {
    let (id, now) = (job.id, auth.clock.now());
    let outcome = match perform(auth, mailer, &job, now).await {
        Ok(answer) => Outcome::Done(answer.map(Box::new)),
        Err(Failure::Final(error)) => Outcome::Dead(error),
        Err(Failure::Passing(error)) if job.attempts >= MAX_ATTEMPTS => Outcome::Dead(error),
        Err(Failure::Passing(error)) => {
            let delay = jittered(delay_after(job.attempts), random(auth.entropy.as_ref()));
            Outcome::Postponed(auth.clock.now().plus(delay), error)
        }
    };
    let end = match outcome {
        Outcome::Done(_) => End::Done,
        Outcome::Postponed(..) => End::Postponed,
        Outcome::Dead(_) => End::Dead,
    };
    let note = Note {
        id,
        lease,
        kept: job.kind == JobKind::Mail || job.subject.is_some(),
        pace: Pace::of(auth),
        at: auth.clock.now(),
        outcome,
    };
    Ok(if auth.commit(note).await? {
        end
    } else {
        End::Lost
    })
}

enum Failure {
    /// Another attempt may go better.
    Passing(String),
    /// No attempt will.
    Final(String),
}

async fn perform(
    auth: &Auth,
    mailer: &dyn Mailer,
    job: &Job,
    now: Timestamp,
) -> Result<Option<Answer>, Failure> {
    if job.expires_at.is_some_and(|expires_at| expires_at <= now) {
        let before = job.last_error.as_deref().unwrap_or("it was not tried");
        return Err(Failure::Final(format!("it came too late; {before}")));
    }
    match &job.kind {
        JobKind::Mail => {
            let mail = mail_of(auth, job).map_err(|error| Failure::Final(error.to_string()))?;
            match mailer.send(job.id, &mail).await {
                Ok(()) => Ok(None),
                Err(MailError::Transient(text)) => {
                    Err(Failure::Passing(without_person(&text, &mail)))
                }
                Err(MailError::Permanent(text)) => {
                    Err(Failure::Final(without_person(&text, &mail)))
                }
            }
        }
        JobKind::ForgotPassword | JobKind::ResendVerification | JobKind::ChangeEmail => {
            look_into(auth, job, now)
                .await
                .map_err(|fault| match fault {
                    Fault::Sealing(error) => Failure::Final(error.to_string()),
                    other => Failure::Passing(other.to_string()),
                })
        }
        // The store leases none of these.
        JobKind::Foreign(_) => Err(Failure::Passing(
            "a newer version of this program performs it".to_owned(),
        )),
    }
}

/// Doubling from attempt to attempt, up to a longest.
fn delay_after(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    FIRST_DELAY
        .saturating_mul(1 << doublings)
        .min(LONGEST_DELAY)
}

/// Up to a quarter longer, so that what failed together is not tried again together.
fn jittered(delay: Duration, chance: [u8; 2]) -> Duration {
    delay + delay / 4 * u32::from(u16::from_be_bytes(chance)) / u32::from(u16::MAX)
}

struct Claim {
    id: JobId,
    now: Timestamp,
    lease: Lease,
}

#[async_trait]
impl Work for Claim {
    type Output = Committed<Option<Job>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let claimed = tx.jobs().lease(self.id, self.now, &self.lease).await?;
        Ok(Committed::plain(match claimed {
            true => tx.jobs().by_id(self.id).await?,
            false => None,
        }))
    }
}

enum Outcome {
    /// And what is to be written besides, in the same transaction: so a request is answered once.
    Done(Option<Box<Answer>>),
    Postponed(Timestamp, String),
    Dead(String),
}

struct Note {
    id: JobId,
    lease: Lease,
    /// Whether it stays to be seen when it is done. A request of nobody in particular tells nothing.
    kept: bool,
    pace: Pace,
    at: Timestamp,
    outcome: Outcome,
}

#[async_trait]
impl Work for Note {
    /// Whether the lease still held.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let (id, lease, at) = (self.id, &self.lease, self.at);
        let held = match &self.outcome {
            Outcome::Done(answer) => {
                let held = tx.jobs().finish(id, lease, at).await?;
                if held && !self.kept {
                    tx.jobs().remove(id).await?;
                }
                if let Some(answer) = answer.as_ref().filter(|_| held) {
                    self.write(tx, answer).await?;
                }
                held
            }
            Outcome::Postponed(due_at, error) => {
                tx.jobs().postpone(id, lease, *due_at, error).await?
            }
            Outcome::Dead(error) => tx.jobs().bury(id, lease, at, error).await?,
        };
        Ok(Committed::plain(held))
    }
}

impl Note {
    /// Writes the letter that answers a request, unless the person was written to a short while ago: then the link they
    /// have is still good.
    async fn write(&self, tx: &mut dyn Tx, answer: &Answer) -> Result<(), StoreError> {
        let topic = answer.letter.topic();
        if !may_write(tx, self.pace, answer.subject, topic, self.at).await?
            || !may_write_to(tx, answer.mailbox, self.at).await?
        {
            return Ok(());
        }
        match &answer.letter {
            Reply::Posted(posted) => posted.within(tx).await?,
            Reply::Plain(mail) => tx.jobs().add(mail).await?,
        }
        if let Some(event) = &answer.event {
            tx.events().append(event).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_tried_for_about_a_day() {
        let all: Duration = (1..MAX_ATTEMPTS).map(delay_after).sum();
        assert!(
            (Duration::from_hours(20)..Duration::from_hours(28)).contains(&all),
            "{all:?}"
        );
        assert_eq!(delay_after(1), Duration::from_secs(10));
        assert_eq!(delay_after(2), Duration::from_secs(20));
        assert_eq!(delay_after(u32::MAX), LONGEST_DELAY);
    }

    #[test]
    fn chance_makes_a_delay_longer_by_a_quarter_at_most() {
        let delay = Duration::from_secs(100);
        assert_eq!(jittered(delay, [0, 0]), delay);
        assert_eq!(jittered(delay, [255, 255]), Duration::from_secs(125));
    }
}
