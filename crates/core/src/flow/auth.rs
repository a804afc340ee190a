//! All that the flows work with.

use std::sync::Arc;
use std::time::Duration;

use futures::lock::Mutex;

use crate::audit::{Audited, Pace, Trail};
use crate::flow::guess::{Owed, ThrottleNames};
use crate::flow::stats::CountedBefore;
use crate::model::{ErasureKeys, Revocation, Revoked, Role, SessionId, Timestamp, UserId};
use crate::password::{Breaches, Hasher, NoBreaches};
use crate::policy::Rules;
use crate::port::{Announcer, Clock, Entropy, ErasureLog, NoAnnouncer, NoErasureLog};
use crate::secret::RootSecret;
use crate::store::{Store, StoreError, Tx, Work, transact};
use crate::token::{
    AccessToken, CsrfTokens, Cursors, DeviceTokens, Keyring, RefreshTokens, RevocationFeed,
    RevokedSet, TokenRefused, Validator,
};

/// What an [`Auth`] is made of.
pub struct AuthParts {
    /// Remembers.
    pub store: Arc<dyn Store>,
    /// Hashes passwords.
    pub hasher: Arc<dyn Hasher>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// What the installation's keys are derived from.
    pub root: RootSecret,
    /// The figures of the installation.
    pub rules: Rules,
}

/// An installation: one store, one root secret, one set of rules. Every flow takes it.
pub struct Auth {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hasher: Arc<dyn Hasher>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) root: RootSecret,
    pub(crate) rules: Rules,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) revoked: Arc<RevokedSet>,
    pub(crate) feed: RevocationFeed,
    pub(crate) following: Mutex<()>,
    pub(crate) validator: Validator,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) cursors: Cursors,
    pub(crate) devices: DeviceTokens,
    csrf_tokens: CsrfTokens,
    pub(crate) breaches: Arc<dyn Breaches>,
    pub(crate) erasure_keys: ErasureKeys,
    pub(crate) erasure_log: Arc<dyn ErasureLog>,
    pub(crate) announcer: Arc<dyn Announcer>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) denials: Pace,
    pub(crate) throttle_names: ThrottleNames,
    pub(crate) owed: Owed,
    pub(crate) counted: CountedBefore,
}

/// Who is signed in, as a verified access token tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The role the token was issued with.
    pub role: Role,
}

impl From<&AccessToken> for Caller {
    fn from(token: &AccessToken) -> Self {
        Self {
            user_id: token.user_id,
            session_id: token.session_id,
            role: token.role,
        }
    }
}

/// Who acts on another's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody signed in.
    Caller(Caller),
    /// Whoever can run commands on the server's machine: as powerful as a super admin, and bound by the same rules.
    Operator,
}

impl Actor {
    /// The role to judge by.
    pub fn role(self) -> Role {
        match self {
            Self::Caller(caller) => caller.role,
            Self::Operator => Role::SuperAdmin,
        }
    }

    /// The user, if it is one.
    pub fn user_id(self) -> Option<UserId> {
        match self {
            Self::Caller(caller) => Some(caller.user_id),
            Self::Operator => None,
        }
    }

    /// Whether this is the user `id` themselves.
    pub fn is(self, id: UserId) -> bool {
        self.user_id() == Some(id)
    }
}

impl Auth {
    /// Puts the parts together. The keys are not loaded yet: [`crate::flow::ensure_keys`] does that.
    pub fn new(parts: AuthParts) -> Self {
        let keyring = Arc::new(Keyring::default());
        let revoked = Arc::new(RevokedSet::default());
        Self {
            validator: Validator::new(
                Arc::clone(&keyring),
                Arc::clone(&revoked),
                parts.rules.tokens.clone(),
            ),
            refresh_tokens: RefreshTokens::new(&parts.root),
            cursors: Cursors::new(&parts.root),
            devices: DeviceTokens::new(&parts.root),
            csrf_tokens: CsrfTokens::new(&parts.root),
            breaches: Arc::new(NoBreaches),
            erasure_keys: ErasureKeys::new(&parts.root),
            erasure_log: Arc::new(NoErasureLog),
            announcer: Arc::new(NoAnnouncer),
            trail: Arc::new(Trail::new(&parts.root, Arc::clone(&parts.entropy))),
            denials: Pace::default(),
            throttle_names: ThrottleNames::new(&parts.root),
            owed: Owed::default(),
            counted: CountedBefore::default(),
            store: parts.store,
            hasher: parts.hasher,
            clock: parts.clock,
            entropy: parts.entropy,
            root: parts.root,
            rules: parts.rules,
            keyring,
            revoked,
            feed: RevocationFeed::default(),
            following: Mutex::new(()),
        }
    }

    /// Has new passwords looked up among those that were stolen elsewhere.
    #[must_use]
    pub fn with_breaches(mut self, breaches: Arc<dyn Breaches>) -> Self {
        self.breaches = breaches;
        self
    }

    /// Notes erasures in this log, too; without it they are noted in the store alone.
    #[must_use]
    pub fn with_erasure_log(mut self, log: Arc<dyn ErasureLog>) -> Self {
        self.erasure_log = log;
        self
    }

    /// Has other nodes told at once of what they follow.
    #[must_use]
    pub fn with_announcer(mut self, announcer: Arc<dyn Announcer>) -> Self {
        self.announcer = announcer;
        self
    }

    /// Validates an access token from memory (TOK-8). A token is accepted only while this node knows what was revoked
    /// of late (TOK-9).
    pub fn validate(&self, token: &str) -> Result<Arc<AccessToken>, TokenRefused> {
        let access = self.recognise(token)?;
        match self.is_stale() {
            false => Ok(access),
            true => Err(TokenRefused::Stale),
        }
    }

    /// Whose token it is, as far as this node knows: good enough to count and to log by, not to let anybody in.
    pub fn recognise(&self, token: &str) -> Result<Arc<AccessToken>, TokenRefused> {
        self.validator.validate(token, self.clock.now())
    }

    /// How long ago this node has last read everything that was revoked. [`Duration::MAX`] if it never has.
    pub fn revocation_lag(&self) -> Duration {
        self.revoked.lag(self.clock.monotonic())
    }

    /// Whether that is longer than the installation accepts.
    pub fn is_stale(&self) -> bool {
        self.rules
            .revocations
            .max_staleness
            .is_some_and(|most| self.revocation_lag() > most)
    }

    /// The newest revocations, in their order, for whoever follows this node.
    pub fn feed(&self) -> &RevocationFeed {
        &self.feed
    }

    /// The figures of the installation.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The keys in memory.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The revocations in memory.
    pub fn revoked(&self) -> &RevokedSet {
        &self.revoked
    }

    /// How many verified tokens are remembered.
    pub fn remembered_tokens(&self) -> usize {
        self.validator.remembered()
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Forgets what is held in memory of keys, tokens and revocations, because the store was emptied. Keys are made anew
    /// by [`crate::flow::ensure_keys`].
    pub fn forget(&self) {
        self.keyring.clear();
        self.validator.forget();
        self.revoked.clear();
        self.feed.restart();
    }

    /// What keeps other pages from using a session's cookie.
    pub fn csrf_tokens(&self) -> &CsrfTokens {
        &self.csrf_tokens
    }

    /// What tells the time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Fresh random bytes.
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// Runs a work and writes the audit trail of what it noted in the same transaction, then puts the revocations it
    /// wrote in force on this node before anybody is answered, and has the others told.
    pub(crate) async fn commit<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Work<Output = Committed<T>>,
    {
        let work = Audited {
            work,
            trail: Arc::clone(&self.trail),
            at: self.clock.now(),
        };
        let committed = transact(self.store.as_ref(), work).await?;
        for revocation in &committed.revocations {
            self.revoked.apply(revocation);
            self.feed.offer(revocation);
        }
        let newest = committed
            .revocations
            .iter()
            .map(|entry| entry.sequence)
            .max();
        if let Some(sequence) = newest {
            self.announcer.revoked(sequence);
        }
        Ok(committed.output)
    }

    /// When a revocation made at `at` may be forgotten: when the last token it concerns has expired.
    pub(crate) fn revocation_expiry(&self, at: Timestamp) -> Timestamp {
        // A token minted at the very moment, by a node whose clock is ahead, outlives its session by this much at most.
        at.plus(self.rules.tokens.access_ttl)
            .plus(self.rules.tokens.leeway * 2)
    }
}

/// A work's output, with the revocations it wrote.
pub(crate) struct Committed<T> {
    pub(crate) output: T,
    pub(crate) revocations: Vec<Revocation>,
}

impl<T> Committed<T> {
    /// An output that revokes nothing.
    pub(crate) fn plain(output: T) -> Self {
        Self {
            output,
            revocations: Vec::new(),
        }
    }
}

/// Writes one revocation.
pub(crate) async fn revoke(
    tx: &mut dyn Tx,
    revoked: Revoked,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<Revocation, StoreError> {
    let sequence = tx.revocations().append(revoked, at, expires_at).await?;
    Ok(Revocation {
        sequence,
        revoked,
        at,
        expires_at,
    })
}
