//! Erasing an account, and everything about its owner, for good (ACC-11).

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{Proof, ThrottleNames, Unproved, forget_guesses, prove_password};
use crate::flow::{Actor, Auth, Caller, Fault};
use crate::model::{
    Client, EndReason, Erasure, EventKind, FieldErrors, Invalid, Revoked, Role, SecurityEvent,
    State, Timestamp, User, UserId,
};
use crate::password::Plain;
use crate::policy::Action;
use crate::secret::PasswordHash;
use crate::store::{StoreError, Tx, Work};

/// Sessions that are read at one time.
const PAGE: u32 = 200;

/// Erases an account. What is left of it tells nobody who it was: that somebody was erased, when, and by whom if it was
/// not they themselves.
#[derive(Debug)]
pub struct EraseUser {
    /// Who does it.
    pub actor: Actor,
    /// Whom.
    pub user: UserId,
    /// The password of whoever erases themselves: a token that somebody found is not enough for what cannot be undone.
    /// Not looked at when an administrator or the operator erases another.
    pub password: Option<Plain>,
    /// From where.
    pub client: Client,
}

/// Why nobody was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseUserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The actor may not erase this user.
    #[error("this role may not erase that user")]
    Forbidden,
    /// The password is missing or wrong.
    #[error("the current password is needed")]
    Invalid(FieldErrors),
    /// There were too many wrong passwords.
    #[error("there were too many wrong passwords; try again in {} seconds", retry_after.as_secs())]
    Locked {
        /// When to try again.
        retry_after: Duration,
    },
    /// It would leave nobody who may do everything.
    #[error("the last super admin cannot be erased")]
    LastSuperAdmin,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(EraseUserError);

impl From<Unproved> for EraseUserError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Wrong => wrong_password(),
            Unproved::Locked(retry_after) => Self::Locked { retry_after },
            Unproved::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl EraseUser {
    /// Erases, in one transaction; the access tokens of the user are refused on this node when it returns.
    pub async fn run(self, auth: &Auth) -> Result<(), EraseUserError> {
        if !Action::EraseUser.reach(self.actor.role()).is_some() {
            return Err(EraseUserError::Forbidden);
        }
        let own = self.actor.is(self.user);
        let proof = match self.actor {
            Actor::Caller(caller) if own => {
                Some(verified(auth, caller, self.password, &self.client).await?)
            }
            _ => None,
        };
        let now = auth.clock.now();
        // Whoever erases themselves leaves no trace of where they were; an administrator's own trace is theirs.
        let client = if own { Client::default() } else { self.client };
        // The trail writes an erased subject without their id.
        let told = event(auth, EventKind::UserErased, now, Some(self.user), &client);
        let told = if own { told } else { told.by_actor(self.actor) };
        let erasure = Erasure::of(auth, self.user, now);
        let mut erase = Erase::new(auth, By::Actor(self.actor), self.user, erasure, told);
        erase.proof = proof;
        erase.run(auth).await
    }
}

/// The password of whoever erases themselves, asked for as everywhere: counted, and noted if it is wrong.
async fn verified(
    auth: &Auth,
    caller: Caller,
    password: Option<Plain>,
    client: &Client,
) -> Result<PasswordHash, EraseUserError> {
    let Some(password) = password else {
        let invalid = Invalid::new("required", "The current password is needed.");
        return Err(EraseUserError::Invalid(
            ("/currentPassword", invalid).into(),
        ));
    };
    let user = auth.store.read().users().by_id(caller.user_id).await?;
    let user = user.ok_or(EraseUserError::NotFound)?;
    // That it was right need not be written down: every guess at the account goes with it.
    let Proof { hash, .. } = prove_password(auth, &user, caller, password, client).await?;
    Ok(hash)
}

fn wrong_password() -> EraseUserError {
    let invalid = Invalid::new("wrong_password", "The current password is wrong.");
    EraseUserError::Invalid(("/currentPassword", invalid).into())
}

/// Erases again whoever was erased and came back with an older backup. Nobody is asked, and no last super admin stays:
/// the operator can make another.
pub(crate) async fn erase_again(
    auth: &Auth,
    user: UserId,
    erasure: Erasure,
) -> Result<(), EraseUserError> {
    let told = event(
        auth,
        EventKind::UserErased,
        auth.clock.now(),
        Some(user),
        &Client::default(),
    )
    .detail("replayed");
    Erase::new(auth, By::Replay, user, erasure, told)
        .run(auth)
        .await
}

/// On whose word.
#[derive(Clone, Copy)]
pub(super) enum By {
    Actor(Actor),
    Replay,
    /// That of the rules, if the account was deleted before this time and is deleted still.
    Retention(Timestamp),
    /// That of the rules, if nobody verified the address in time, or used the account for so long.
    Unverified(Duration),
}

pub(super) struct Erase {
    by: By,
    user: UserId,
    proof: Option<PasswordHash>,
    names: ThrottleNames,
    erasure: Erasure,
    expires_at: Timestamp,
    event: SecurityEvent,
}

impl Erasure {
    /// That this user is erased now.
    pub(super) fn of(auth: &Auth, user: UserId, now: Timestamp) -> Self {
        Self {
            subject: auth.erasure_keys.digest(user),
            at: now,
        }
    }
}

impl Erase {
    /// Told by `event`, at whose time the sessions end.
    pub(super) fn new(
        auth: &Auth,
        by: By,
        user: UserId,
        erasure: Erasure,
        event: SecurityEvent,
    ) -> Self {
        Self {
            by,
            user,
            proof: None,
            names: auth.throttle_names.clone(),
            erasure,
            expires_at: auth.revocation_expiry(event.at),
            event,
        }
    }

    async fn run(self, auth: &Auth) -> Result<(), EraseUserError> {
        self.without_scrub(auth).await?;
        scrub(auth).await;
        Ok(())
    }

    pub(super) async fn without_scrub(self, auth: &Auth) -> Result<(), EraseUserError> {
        let (user, erasure) = (self.user, self.erasure);
        auth.commit(self).await??;
        // Where writers do not wait for each other, a sign-in that had read the account before it was gone may have
        // committed its session after it: what such a straggler left is swept up.
        if let Err(error) = auth.commit(Sweep { user }).await {
            // The account is gone all the same, and whoever were told otherwise would ask in vain.
            tracing::error!(%error, "an erased account was not swept for what a sign-in of that moment may have left");
        }
        let line = auth.erasure_keys.line(&erasure);
        if let Err(error) = auth.erasure_log.append(vec![line]).await {
            // It stands in the store, from where the next reconciliation adds it.
            tracing::error!(%error, "an erasure is not in its log yet");
        }
        Ok(())
    }
}

pub(super) async fn scrub(auth: &Auth) {
    if let Err(error) = auth.store.scrub().await {
        tracing::error!(%error, "what was erased may still stand in the store's journal");
    }
}

#[async_trait]
impl Work for Erase {
    type Output = Committed<Result<(), EraseUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.setup().lock_super_admins().await?;
        let user = tx.users().by_id(self.user).await?;
        if let Err(refused) = self.judge(tx, user.as_ref()).await? {
            return Ok(Committed::plain(Err(refused)));
        }
        let at = self.erasure.at;
        let ended = tx
            .sessions()
            .end_all_of_user(self.user, None, at, EndReason::Deleted)
            .await?;
        let mut revocations = Vec::with_capacity(ended.len());
        for session in ended {
            revocations.push(revoke(tx, Revoked::Session(session), at, self.expires_at).await?);
        }
        if let Some(user) = &user {
            forget_guesses(tx, &self.names, user).await?;
        }
        tx.erasures().forget(self.user).await?;
        tx.subject_keys().erase(self.user).await?;
        tx.erasures().insert(&self.erasure).await?;
        tx.events().append(&self.event).await?;
        Ok(Committed {
            output: Ok(()),
            revocations,
        })
    }
}

impl Erase {
    /// Judges by what the actor is now, not by what their token tells.
    async fn judge(
        &self,
        tx: &mut dyn Tx,
        user: Option<&User>,
    ) -> Result<Result<(), EraseUserError>, StoreError> {
        let at = self.erasure.at;
        let actor = match self.by {
            By::Actor(actor) => actor,
            By::Replay => return Ok(Ok(())),
            By::Unverified(kept) => return unverified(tx, user, kept, at).await,
            By::Retention(before) => {
                let due = user
                    .and_then(|user| user.standing.deleted_at)
                    .is_some_and(|deleted_at| deleted_at < before);
                return Ok(due.then_some(()).ok_or(EraseUserError::NotFound));
            }
        };
        let role = match actor {
            Actor::Operator => Role::SuperAdmin,
            Actor::Caller(caller) => match tx.users().by_id(caller.user_id).await? {
                Some(caller) if caller.state(at) == State::Active => caller.role,
                _ => return Ok(Err(EraseUserError::Forbidden)),
            },
        };
        let Some(user) = user else {
            // Whether an id is somebody's is nobody's business who may not erase them.
            return Ok(Err(match Action::EraseUser.reaches_others(role) {
                true => EraseUserError::NotFound,
                false => EraseUserError::Forbidden,
            }));
        };
        if !Action::EraseUser.allows(role, user.role, actor.is(user.id)) {
            return Ok(Err(EraseUserError::Forbidden));
        }
        if self.proof.is_some() && self.proof != user.password {
            return Ok(Err(wrong_password()));
        }
        let powerful = user.role.is_superuser() && user.state(at) == State::Active;
        if powerful && tx.users().count_super_admins().await? <= 1 {
            return Ok(Err(EraseUserError::LastSuperAdmin));
        }
        Ok(Ok(()))
    }
}

/// Whether the account is still to be erased for want of a verified address. One that is used, or was given more to do than
/// those who come by themselves, is not asked about again for a while, or at all.
async fn unverified(
    tx: &mut dyn Tx,
    user: Option<&User>,
    kept: Duration,
    now: Timestamp,
) -> Result<Result<(), EraseUserError>, StoreError> {
    let overdue = |user: &&User| {
        user.email_verified_at.is_none()
            && user.standing.deleted_at.is_none()
            && user.verify_by.is_some_and(|by| by < now)
    };
    let Some(user) = user.filter(overdue) else {
        return Ok(Err(EraseUserError::NotFound));
    };
    let next = match user.role {
        Role::Guest | Role::User => {
            let used = last_used(tx, user.id).await?;
            match used.max(user.last_login_at).map(|at| at.plus(kept)) {
                Some(next) if next >= now => Some(next),
                _ => return Ok(Ok(())),
            }
        }
        Role::Moderator | Role::Admin | Role::SuperAdmin => None,
    };
    let mut spared = user.clone();
    spared.verify_by = next;
    if !tx.users().update(&spared).await? {
        return Err(StoreError::Contention);
    }
    Ok(Err(EraseUserError::NotFound))
}

/// When a session of the user that is still kept was last used, be it open or not.
async fn last_used(tx: &mut dyn Tx, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let (mut used, mut after) = (None, None);
    loop {
        let sessions = tx.sessions().of_user(user, after, PAGE).await?;
        let Some(last) = sessions.last() else {
            return Ok(used);
        };
        after = Some(last.id);
        used = used.max(sessions.iter().map(|session| session.last_used_at).max());
    }
}

struct Sweep {
    user: UserId,
}

#[async_trait]
impl Work for Sweep {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.erasures().forget(self.user).await?;
        tx.subject_keys().erase(self.user).await?;
        Ok(Committed::plain(()))
    }
}
