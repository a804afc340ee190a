//! The root secret over time: kept once, and sealed anew when the master key is replaced.

use async_trait::async_trait;

use crate::audit::Chain;
use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Fault};
use crate::model::{AuditHead, Client, EventKind, SecurityEvent, StoredKey, Timestamp};
use crate::port::Entropy;
use crate::secret::{MasterKey, MasterKeys, RootSecret, SealedBy};
use crate::store::{Store, StoreError, Tx, UserQuery, Work, transact};
use crate::token::opens;

/// Why an installation cannot be opened with the keys at hand.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The store was made under another master key.
    #[error("the database was made under another master key")]
    OtherKey,
    /// Nobody's fault.
    #[error(transparent)]
    Fault(Fault),
}
faults!(RootError);

/// The root secret of the store, and under which key it is sealed. A store that has none is given one: a new store one of its own; one from before
/// there were root secrets the master key under which everything in it was made, so that all of that stays good.
pub async fn open_root(
    store: &dyn Store,
    keys: &MasterKeys,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(RootSecret, SealedBy), RootError> {
    if let Some(sealed) = store.read().root().sealed().await? {
        return keys.open(&sealed).map_err(|_| RootError::OtherKey);
    }
    let root = RootSecret::generate(entropy);
    let mut adopted = Vec::new();
    for (_, key) in keys.each() {
        let root = key.as_root();
        let sealed = key.seal(&root, entropy)?;
        adopted.push((root, sealed));
    }
    let work = First {
        own: keys.current.seal(&root, entropy)?,
        adopted,
        at: now,
    };
    if !transact(store, work).await? {
        return Err(RootError::OtherKey);
    }
    // Of several that start at once, all go on with what one of them kept.
    let sealed = store.read().root().sealed().await?;
    let sealed =
        sealed.ok_or_else(|| StoreError::corrupt("the root secret, which was just kept"))?;
    keys.open(&sealed).map_err(|_| RootError::OtherKey)
}

/// Keeps the root secret of an installation whose store was emptied under it.
pub async fn keep_root(auth: &Auth, key: &MasterKey) -> Result<(), Fault> {
    let sealed = key.seal(&auth.root, auth.entropy.as_ref())?;
    let at = auth.clock.now();
    Ok(auth.commit(Keep { sealed, at }).await?)
}

/// Seals the root secret under the current master key, if it is sealed under the one before it; says whether it was. Nothing else changes, for nothing
/// else depends on the master key: sessions, tokens, links, signing keys and the audit trail stay good, and running nodes need not be told.
pub async fn rewrap_root(auth: &Auth, keys: &MasterKeys) -> Result<bool, RootError> {
    loop {
        let before = auth.store.read().root().sealed().await?;
        let before =
            before.ok_or_else(|| StoreError::corrupt("the root secret, which is missing"))?;
        let (root, by) = keys.open(&before).map_err(|_| RootError::OtherKey)?;
        if by == SealedBy::Current {
            return Ok(false);
        }
        let nobody = Client::default();
        let now = auth.clock.now();
        let work = Reseal {
            before,
            sealed: keys.current.seal(&root, auth.entropy.as_ref())?,
            at: now,
            event: event(auth, EventKind::MasterKeyReplaced, now, None, &nobody)
                .by_actor(Actor::Operator),
        };
        if auth.commit(work).await? {
            return Ok(true);
        }
        // Another was quicker: what it left decides.
    }
}

/// Whether the root secret is one of these keys, as in a store from before there were root secrets. Then whoever has that key has the root secret, under
/// whichever key it is sealed.
pub fn root_is_known_to(auth: &Auth, keys: &MasterKeys) -> bool {
    keys.each().any(|(_, key)| key.is(&auth.root))
}

struct First {
    /// For a new store.
    own: Vec<u8>,
    /// For an older one: what may have been its secret.
    adopted: Vec<(RootSecret, Vec<u8>)>,
    at: Timestamp,
}

#[async_trait]
impl Work for First {
    /// Whether there is one now.
    type Output = bool;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        // Whoever makes first keys waits here, so that a store is new to one node.
        tx.setup().lock_super_admins().await?;
        if tx.root().sealed().await?.is_some() {
            return Ok(true);
        }
        let keys = tx.keys().all().await?;
        let head = tx.audit().head().await?;
        let everybody = UserQuery::everybody(1, self.at);
        let is_new =
            keys.is_empty() && head.mac.is_none() && tx.users().page(&everybody).await?.is_empty();
        let sealed = match is_new {
            true => Some(&self.own),
            false => self
                .adopted
                .iter()
                .find(|(root, _)| made(root, &keys, &head))
                .map(|(_, sealed)| sealed),
        };
        match sealed {
            Some(sealed) => tx.root().keep(sealed, self.at).await,
            None => Ok(false),
        }
    }
}

/// Whether what is in a store was made with this secret. If nothing in it can tell, it may have been.
fn made(root: &RootSecret, keys: &[StoredKey], head: &AuditHead) -> bool {
    match keys {
        [] => head.mac.is_none() || Chain::new(root).is_genuine_head(head),
        keys => keys.iter().any(|key| opens(key, root)),
    }
}

struct Keep {
    sealed: Vec<u8>,
    at: Timestamp,
}

#[async_trait]
impl Work for Keep {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        match tx.root().keep(&self.sealed, self.at).await? {
            true => Ok(Committed::plain(())),
            false => Err(StoreError::corrupt("a root secret in an empty store")),
        }
    }
}

struct Reseal {
    before: Vec<u8>,
    sealed: Vec<u8>,
    at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Reseal {
    /// Whether it was still sealed as it had been.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let resealed = tx
            .root()
            .reseal(&self.before, &self.sealed, self.at)
            .await?;
        if resealed {
            tx.events().append(&self.event).await?;
        }
        Ok(Committed::plain(resealed))
    }
}
