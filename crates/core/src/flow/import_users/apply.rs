//! Writing a batch of rows, and how far the import has come, in one transaction.

use std::sync::Arc;

use async_trait::async_trait;

use super::judge::Account;
use super::{OnConflict, RowOutcome, RowProblem, THERE};
use crate::flow::Actor;
use crate::flow::auth::Committed;
use crate::flow::guess::{ThrottleNames, forget_guesses};
use crate::flow::sign_out::EndAll;
use crate::model::{
    Client, EndReason, EventId, EventKind, FieldError, Import, Invalid, Metadata, Revocation, Role,
    SecurityEvent, Timestamp, User, UserId, Username,
};
use crate::port::Entropy;
use crate::store::{StoreError, Tx, Unique, Work};

/// What a row is.
#[derive(Debug)]
pub(super) enum What {
    Account(Box<Account>),
    Ignored,
    Rejected,
}

/// One row on its way into the store.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) number: u64,
    pub(super) end: u64,
    pub(super) source_id: Option<String>,
    pub(super) what: What,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) import: Import,
    pub(super) problems: Vec<RowProblem>,
    pub(super) stopped: bool,
    /// What follows for sessions that ended.
    revocations: Vec<Revocation>,
}

impl From<Import> for Taken {
    fn from(import: Import) -> Self {
        Self {
            import,
            problems: Vec::new(),
            stopped: false,
            revocations: Vec::new(),
        }
    }
}

impl Taken {
    fn step(&mut self, step: &Step) {
        self.import.counts.rows = step.number;
        self.import.offset = step.end;
    }

    /// A row that makes no account.
    pub(super) fn pass(&mut self, step: &Step) {
        self.step(step);
        match step.what {
            What::Ignored => self.import.counts.ignored += 1,
            _ => self.import.counts.rejected += 1,
        }
    }

    pub(super) fn added(&mut self, step: &Step) {
        self.step(step);
        self.import.counts.added += 1;
    }

    pub(super) fn updated(&mut self, step: &Step) {
        self.step(step);
        self.import.counts.updated += 1;
    }

    /// An account that is there and needs no change.
    fn unchanged(&mut self, step: &Step) {
        self.step(step);
        self.import.counts.skipped += 1;
    }

    /// An account that is there already; `false` if the import stops at it.
    pub(super) fn conflict(
        &mut self,
        step: &Step,
        on_conflict: OnConflict,
        field: &'static str,
        why: Invalid,
    ) -> bool {
        let outcome = match on_conflict {
            OnConflict::Skip => RowOutcome::Skipped,
            _ => RowOutcome::Rejected,
        };
        self.problems.push(RowProblem {
            row: step.number,
            id: step.source_id.clone(),
            outcome,
            error: FieldError {
                field: field.into(),
                code: why.code,
                message: why.message,
            },
        });
        match on_conflict {
            OnConflict::Skip => self.unchanged(step),
            OnConflict::Update => {
                self.step(step);
                self.import.counts.rejected += 1;
            }
            OnConflict::Fail => {
                self.stopped = true;
                return false;
            }
        }
        true
    }
}

/// Begins an import in the store.
pub(super) struct BeginImport(pub(super) Import);

#[async_trait]
impl Work for BeginImport {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.imports().begin(&self.0).await
    }
}

/// Notes that an import is through.
pub(super) struct EndImport(pub(super) Import);

#[async_trait]
impl Work for EndImport {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.imports().tally(&self.0).await
    }
}

/// Writes a batch.
pub(super) struct TakeSteps {
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) actor: Actor,
    pub(super) client: Client,
    pub(super) on_conflict: OnConflict,
    /// As it was before.
    pub(super) import: Import,
    pub(super) kept: bool,
    pub(super) now: Timestamp,
    /// Until when a revocation is to be remembered.
    pub(super) revoked_until: Timestamp,
    pub(super) names: ThrottleNames,
    pub(super) steps: Vec<Step>,
}

#[async_trait]
impl Work for TakeSteps {
    /// `None` if another process has taken these rows.
    type Output = Committed<Option<Taken>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut taken = Taken::from(self.import.clone());
        taken.import.updated_at = self.now;
        if self.kept {
            // First, so that of two processes the second waits here and then sees that it comes too late.
            let mut ahead = taken.import.clone();
            if let Some(last) = self.steps.last() {
                (ahead.counts.rows, ahead.offset) = (last.number, last.end);
            }
            if !tx
                .imports()
                .advance(&ahead, self.import.counts.rows)
                .await?
            {
                return Ok(Committed::plain(None));
            }
        }
        let mut super_admin = false;
        for step in &self.steps {
            let What::Account(account) = &step.what else {
                taken.pass(step);
                continue;
            };
            match tx.users().insert(&account.user).await {
                Ok(()) => {
                    taken.added(step);
                    super_admin |= account.user.role.is_superuser();
                    // Who is given power is told one by one; the rest by their number.
                    if account.user.role > Role::default() {
                        let made = self.event(EventKind::Registered, Some(account.user.id));
                        let detail = format!("import: {}", account.user.role);
                        tx.events().append(&told(made, detail)).await?;
                    }
                }
                Err(StoreError::Taken(unique)) => {
                    if !self.meet(tx, step, account, unique, &mut taken).await? {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if super_admin {
            tx.setup().close(self.now).await?;
        }
        let (before, after) = (self.import.counts, taken.import.counts);
        let (added, updated) = (after.added - before.added, after.updated - before.updated);
        if added + updated > 0 {
            let summary = self.event(EventKind::UsersImported, None);
            let detail = format!("{}: {added} added, {updated} updated", self.import.format);
            tx.events().append(&told(summary, detail)).await?;
        }
        if self.kept {
            tx.imports().tally(&taken.import).await?;
        }
        Ok(Committed {
            revocations: std::mem::take(&mut taken.revocations),
            output: Some(taken),
        })
    }
}

impl TakeSteps {
    /// Deals with a row whose account is there; `false` if the import stops.
    async fn meet(
        &self,
        tx: &mut dyn Tx,
        step: &Step,
        account: &Account,
        unique: Unique,
        taken: &mut Taken,
    ) -> Result<bool, StoreError> {
        let incoming = &account.user;
        let by_id = match account.kept_id {
            true => tx.users().by_id(incoming.id).await?,
            false => None,
        };
        let by_email = tx.users().by_email(&incoming.email.folded()).await?;
        let existing = match (by_id, by_email) {
            (Some(one), Some(other)) if one.id != other.id => None,
            (Some(one), None) if one.email.folded() != incoming.email.folded() => None,
            (Some(one), _) | (None, Some(one)) => Some(one),
            (None, None) => None,
        };
        let Some(existing) = existing else {
            // Somebody else has the name or the id.
            let (field, why) = match unique {
                Unique::Username => (
                    "/username",
                    Invalid::new("taken", "The user name is somebody else's."),
                ),
                Unique::Email | Unique::Id => (
                    "/userId",
                    Invalid::new("taken", "The id is somebody else's."),
                ),
            };
            let on_conflict = match self.on_conflict {
                OnConflict::Fail => OnConflict::Fail,
                // Unlike an account that is there, this one is missing afterwards.
                OnConflict::Skip | OnConflict::Update => OnConflict::Update,
            };
            return Ok(taken.conflict(step, on_conflict, field, why));
        };
        if self.on_conflict != OnConflict::Update {
            return Ok(taken.conflict(step, self.on_conflict, "/email", THERE));
        }
        if existing.standing.deleted_at.is_some() {
            let deleted = Invalid::new("deleted", "The account is there and was deleted.");
            return Ok(taken.conflict(step, self.on_conflict, "/email", deleted));
        }
        let completed = match completed(&existing, incoming, self.now) {
            Ok(completed) => completed,
            Err(invalid) => {
                return Ok(taken.conflict(step, self.on_conflict, "/metadata", invalid));
            }
        };
        if completed == existing {
            taken.unchanged(step);
            return Ok(true);
        }
        match tx.users().update(&completed).await {
            Ok(true) => {
                let changed = self.event(EventKind::UserUpdated, Some(existing.id));
                tx.events()
                    .append(&told(changed, "import".to_owned()))
                    .await?;
                if handed_over(&existing, incoming).is_some() && existing.password.is_some() {
                    let revoked = self.lock_out(tx, &completed).await?;
                    taken.revocations.extend(revoked);
                }
                taken.updated(step);
                Ok(true)
            }
            // It was read in this transaction.
            Ok(false) => Err(StoreError::Contention),
            Err(StoreError::Taken(_)) => {
                let name = Invalid::new("taken", "The user name is somebody else's.");
                Ok(taken.conflict(step, self.on_conflict, "/username", name))
            }
            Err(error) => Err(error),
        }
    }

    /// Whoever had the password that an account had until now is out: no session, no link and no count of guesses is left.
    async fn lock_out(&self, tx: &mut dyn Tx, user: &User) -> Result<Vec<Revocation>, StoreError> {
        tx.codes().remove_of_user(user.id).await?;
        forget_guesses(tx, &self.names, user).await?;
        let what = match user.password {
            Some(_) => "import: replaced",
            None => "import: removed",
        };
        let set = self.event(EventKind::PasswordSet, Some(user.id));
        let end = EndAll {
            user: user.id,
            except: None,
            at: self.now,
            reason: EndReason::PasswordChanged,
            expires_at: self.revoked_until,
            event: told(set, what.to_owned()),
        };
        end.within(tx).await
    }

    fn event(&self, kind: EventKind, subject: Option<UserId>) -> SecurityEvent {
        SecurityEvent {
            id: EventId::new(self.now, self.entropy.as_ref()),
            kind,
            at: self.now,
            actor: None,
            subject,
            session: None,
            ip_address: self.client.ip_address,
            user_agent: self.client.user_agent.clone(),
            request_id: self.client.request_id.clone(),
            detail: None,
        }
        .by_actor(self.actor)
    }
}

fn told(event: SecurityEvent, detail: String) -> SecurityEvent {
    event.detail(detail)
}

/// Since when, by what a row says, the address of an account that is there is its user's, if nothing was known of it until now.
/// Whoever registered with the address need not be its owner. Who was given power here was known to whoever gave it, and is
/// left to show by themselves that the address is theirs.
fn handed_over(existing: &User, incoming: &User) -> Option<Timestamp> {
    let unknown = existing.email_verified_at.is_none() && existing.role <= Role::default();
    incoming.email_verified_at.filter(|_| unknown)
}

/// An account that is there, with what a row adds to it.
fn completed(existing: &User, incoming: &User, now: Timestamp) -> Result<User, Invalid> {
    let mut user = existing.clone();
    let (into, from) = (&mut user.profile, &incoming.profile);
    take(&mut into.first_name, from.first_name.as_ref());
    take(&mut into.last_name, from.last_name.as_ref());
    take(&mut into.phone, from.phone.as_ref());
    take(&mut into.avatar_url, from.avatar_url.as_ref());
    take(&mut into.timezone, from.timezone.as_ref());
    take(&mut into.locale, from.locale.as_ref());
    let mut members = into.metadata.members().clone();
    for (name, value) in from.metadata.members() {
        members.insert(name.clone(), value.clone());
    }
    into.metadata = Metadata::parse(members)?;
    if incoming.username.as_ref().map(Username::folded)
        != user.username.as_ref().map(Username::folded)
    {
        take(&mut user.username, incoming.username.as_ref());
    }
    if let Some(at) = handed_over(existing, incoming) {
        user.verify_email(at);
        if user.password.is_some() {
            // It may be that of somebody who registered with another's address before its owner came.
            user.password.clone_from(&incoming.password);
            user.password_changed_at = user.password.is_some().then_some(now);
        }
    }
    // Otherwise a password that works here is never replaced by an older one.
    if user.password.is_none() && incoming.password.is_some() {
        user.password.clone_from(&incoming.password);
        user.password_changed_at = incoming.password_changed_at;
    }
    if user != *existing {
        user.updated_at = now;
    }
    Ok(user)
}

fn take<T: Clone>(into: &mut Option<T>, from: Option<&T>) {
    if let Some(from) = from {
        *into = Some(from.clone());
    }
}
