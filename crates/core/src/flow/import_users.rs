//! Importing accounts in bulk (ACC-12).
//!
//! Rows come in batches. Each batch is judged with no transaction open and written in one short transaction, together with how far
//! the import has come, so that a process killed at any moment goes on at the row behind the last one written: no account is
//! made twice and none is left out.

mod apply;
mod judge;

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use futures::future::join_all;

use self::apply::{BeginImport, EndImport, Step, TakeSteps, Taken, What};
use self::judge::Judge;
use crate::flow::fault::faults;
use crate::flow::new_password::{NewPasswordError, hash_new, refuse_stolen};
use crate::flow::{Actor, Auth, Fault};
use crate::model::{
    Client, ErasedId, FieldError, FieldErrors, Import, ImportCounts, ImportDigest, Invalid, Role,
    Username,
};
use crate::password::Plain;
use crate::policy::Action;
use crate::store::transact;
use crate::transfer::{Format, Reading, Row};

/// How many passwords are hashed at one time, where a file brings passwords instead of hashes.
const HASHED_TOGETHER: usize = 16;
/// Where a row has a password in plain.
const PASSWORD: &str = "/password";

/// What to do with a row whose account is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Leave the account as it is, and say so.
    #[default]
    Skip,
    /// Complete the account: what the row tells of the profile replaces what was there, a password is taken if the account has
    /// none, an address counts as verified if it did in the source. Where that verifies an address that was not, nobody knows
    /// who chose the password and has the sessions that are there: the row's password takes its place, or none, and the
    /// sessions end. Role and suspension stay.
    Update,
    /// Stop before that row.
    Fail,
}

/// What to do with a row of which a part that an account can do without is not acceptable: a name, a time, the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInvalid {
    /// Reject the row.
    #[default]
    Reject,
    /// Leave the part out, and say so.
    Drop,
}

/// How accounts are imported.
#[derive(Debug, Clone)]
pub struct ImportTerms {
    /// The format the rows are in: named in events and with the ids of the source.
    pub format: Format,
    /// What to do with accounts that are there already.
    pub on_conflict: OnConflict,
    /// What to do with rows that are acceptable in part.
    pub on_invalid: OnInvalid,
    /// Which of the source's roles and groups make which role here; of several the most powerful counts.
    pub roles: BTreeMap<String, Role>,
    /// The role of everybody else.
    pub default_role: Role,
    /// Judge everything and write nothing.
    pub dry_run: bool,
}

impl ImportTerms {
    /// The usual terms for a format.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            on_conflict: OnConflict::default(),
            on_invalid: OnInvalid::default(),
            roles: BTreeMap::new(),
            default_role: Role::default(),
            dry_run: false,
        }
    }
}

/// What became of a row, or a part of it, that has a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOutcome {
    /// There is no account of it.
    Rejected,
    /// The account was there already and is as it was.
    Skipped,
    /// The account was made, without this part.
    LeftOut,
}

impl RowOutcome {
    /// The name used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
            Self::LeftOut => "left_out",
        }
    }
}

/// What is wrong with a row. It names the source's id and nothing else of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// The row, counted from one.
    pub row: u64,
    /// The id in the source, if the row has one that is no address.
    pub id: Option<String>,
    /// What became of it.
    pub outcome: RowOutcome,
    /// What is wrong.
    pub error: FieldError,
}

/// Why an import does not begin or go on. What was written before stands.
#[derive(Debug, thiserror::Error)]
pub enum ImportUsersError {
    /// Only super admins import.
    #[error("this role may not import users")]
    Forbidden,
    /// The import that is to go on was begun in another format.
    #[error(
        "the import of this file was begun in the format {0}; name that, or begin anew without --resume"
    )]
    OtherFormat(String),
    /// Another process imports the same file and has come further.
    #[error("another process is importing this file")]
    Overtaken,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ImportUsersError);

/// An import that is under way.
#[derive(Debug)]
pub struct ImportUsers {
    actor: Actor,
    client: Client,
    terms: ImportTerms,
    import: Import,
    /// Whether how far it has come is kept in the store.
    kept: bool,
    stopped: bool,
    /// In a dry run: fingerprints of the addresses and names that a real one would have taken by now.
    seen: HashSet<u64>,
    /// Who was erased here: an old file must not bring them back under the id by which they were.
    erased: HashSet<ErasedId>,
}

/// Erasures read at one time.
const ERASURES: u32 = 500;

impl ImportUsers {
    /// Begins. With the digest of a file it can be gone on with later: with `resume` it begins where the last one stopped.
    pub async fn begin(
        auth: &Auth,
        actor: Actor,
        client: Client,
        terms: ImportTerms,
        digest: Option<ImportDigest>,
        resume: bool,
    ) -> Result<Self, ImportUsersError> {
        if !Action::OperateSystem.reach(actor.role()).is_some() {
            return Err(ImportUsersError::Forbidden);
        }
        let now = auth.clock.now();
        let kept = digest.is_some() && !terms.dry_run;
        let fresh = Import {
            digest: digest.unwrap_or(ImportDigest::new([0; 32])),
            format: terms.format.as_str().to_owned(),
            offset: 0,
            counts: ImportCounts::default(),
            started_at: now,
            updated_at: now,
            finished_at: None,
        };
        let begun = match digest {
            Some(digest) if kept && resume => {
                auth.store.read().imports().by_digest(&digest).await?
            }
            _ => None,
        };
        let import = match begun {
            Some(begun) if begun.format != fresh.format => {
                return Err(ImportUsersError::OtherFormat(begun.format));
            }
            Some(begun) => begun,
            None => {
                if kept {
                    transact(auth.store.as_ref(), BeginImport(fresh.clone())).await?;
                }
                fresh
            }
        };
        Ok(Self {
            actor,
            client,
            terms,
            import,
            kept,
            stopped: false,
            seen: HashSet::new(),
            erased: erased(auth).await?,
        })
    }

    /// How far it has come: rows up to and with `counts.rows` are dealt with and must not be given again.
    pub fn import(&self) -> &Import {
        &self.import
    }

    /// Whether it has met an account that was there already, under [`OnConflict::Fail`].
    pub fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// Deals with the next rows, in their order, and says what is wrong with them.
    pub async fn take(
        &mut self,
        auth: &Auth,
        rows: Vec<(Row, Reading)>,
    ) -> Result<Vec<RowProblem>, ImportUsersError> {
        let mut problems = Vec::new();
        let mut steps = Vec::with_capacity(rows.len());
        let mut plain = Vec::new();
        let judge = Judge {
            auth,
            actor: self.actor,
            terms: &self.terms,
            erased: &self.erased,
            now: auth.clock.now(),
        };
        for (row, reading) in rows {
            let judged = judge.judge(reading);
            let outcome = match judged.what {
                What::Rejected => RowOutcome::Rejected,
                _ => RowOutcome::LeftOut,
            };
            problems.extend(judged.problems.into_iter().map(|error| RowProblem {
                row: row.number,
                id: judged.source_id.clone(),
                outcome,
                error,
            }));
            if let Some(password) = judged.plain {
                plain.push((steps.len(), password));
            }
            steps.push(Step {
                number: row.number,
                end: row.end,
                source_id: judged.source_id,
                what: judged.what,
            });
        }
        problems.extend(hash(auth, &self.terms, &mut steps, plain).await?);
        let taken = if self.terms.dry_run {
            self.rehearse(auth, &steps).await?
        } else {
            let now = auth.clock.now();
            let work = TakeSteps {
                entropy: std::sync::Arc::clone(&auth.entropy),
                actor: self.actor,
                client: self.client.clone(),
                on_conflict: self.terms.on_conflict,
                import: self.import.clone(),
                kept: self.kept,
                now,
                revoked_until: auth.revocation_expiry(now),
                names: auth.throttle_names.clone(),
                steps,
            };
            auth.commit(work)
                .await?
                .ok_or(ImportUsersError::Overtaken)?
        };
        self.import = taken.import;
        self.stopped = taken.stopped;
        if self.stopped {
            let done = self.import.counts.rows;
            problems.retain(|problem| problem.row <= done);
        }
        problems.extend(taken.problems);
        problems.sort_by_key(|problem| problem.row);
        Ok(problems)
    }

    /// Says that there are no more rows.
    pub async fn finish(mut self, auth: &Auth) -> Result<Import, ImportUsersError> {
        if !self.stopped && self.import.finished_at.is_none() {
            self.import.finished_at = Some(auth.clock.now());
            if self.kept {
                transact(auth.store.as_ref(), EndImport(self.import.clone())).await?;
            }
        }
        Ok(self.import)
    }

    /// What [`TakeSteps`] would do, without doing it.
    async fn rehearse(&mut self, auth: &Auth, steps: &[Step]) -> Result<Taken, Fault> {
        let mut taken = Taken::from(self.import.clone());
        let mut read = auth.store.read();
        for step in steps {
            let What::Account(account) = &step.what else {
                taken.pass(step);
                continue;
            };
            let user = &account.user;
            let (email, username) = (
                user.email.folded(),
                user.username.as_ref().map(Username::folded),
            );
            let mut known = [
                Some(fingerprint(&("email", email.as_str()))),
                username
                    .as_ref()
                    .map(|name| fingerprint(&("username", name.as_str()))),
                account.kept_id.then(|| fingerprint(&("id", user.id))),
            ]
            .into_iter()
            .flatten()
            .filter(|mark| !self.seen.insert(*mark))
            .count()
                > 0;
            known = known || read.users().by_email(&email).await?.is_some();
            if let Some(username) = &username {
                known = known || read.users().by_username(username).await?.is_some();
            }
            known = known || account.kept_id && read.users().by_id(user.id).await?.is_some();
            if !known {
                taken.added(step);
            } else if self.terms.on_conflict == OnConflict::Update {
                taken.updated(step);
            } else if !taken.conflict(step, self.terms.on_conflict, "/email", THERE) {
                break;
            }
        }
        Ok(taken)
    }
}

/// Everybody of whom nothing is kept but that they were erased.
async fn erased(auth: &Auth) -> Result<HashSet<ErasedId>, Fault> {
    let (mut erased, mut after) = (HashSet::new(), None);
    loop {
        let page = auth.store.read().erasures().page(after, ERASURES).await?;
        let Some(last) = page.last() else {
            return Ok(erased);
        };
        after = Some(last.subject);
        erased.extend(page.iter().map(|erasure| erasure.subject));
    }
}

const THERE: Invalid = Invalid::new("taken", "The account is there already.");

fn fingerprint(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Hashes the passwords that came in plain, as new ones; in a dry run it is only looked whether they would be. Says which are
/// not acceptable.
async fn hash(
    auth: &Auth,
    terms: &ImportTerms,
    steps: &mut [Step],
    plain: Vec<(usize, Plain)>,
) -> Result<Vec<RowProblem>, Fault> {
    let mut problems = Vec::new();
    let mut plain = plain.into_iter().peekable();
    while plain.peek().is_some() {
        let together = plain
            .by_ref()
            .take(HASHED_TOGETHER)
            .map(|(at, password)| async move {
                let hashed = match terms.dry_run {
                    true => refuse_stolen(auth, PASSWORD, &password)
                        .await
                        .map(|()| None),
                    false => hash_new(auth, PASSWORD, password).await.map(Some),
                };
                (at, hashed)
            });
        for (at, hashed) in join_all(together).await {
            let Some(step) = steps.get_mut(at) else {
                continue;
            };
            match hashed {
                Ok(hash) => {
                    if let What::Account(account) = &mut step.what {
                        account.user.password = hash;
                    }
                }
                Err(NewPasswordError::Invalid(errors)) => {
                    problems.extend(refused(terms, step, errors));
                }
                Err(NewPasswordError::Fault(fault)) => return Err(fault),
            }
        }
    }
    Ok(problems)
}

/// What becomes of a row whose password is not acceptable.
fn refused(terms: &ImportTerms, step: &mut Step, errors: FieldErrors) -> Vec<RowProblem> {
    let outcome = match (&mut step.what, terms.on_invalid) {
        (What::Account(account), OnInvalid::Drop) => {
            account.user.password_changed_at = None;
            RowOutcome::LeftOut
        }
        _ => {
            step.what = What::Rejected;
            RowOutcome::Rejected
        }
    };
    let problem = |error| RowProblem {
        row: step.number,
        id: step.source_id.clone(),
        outcome,
        error,
    };
    errors.into_vec().into_iter().map(problem).collect()
}
