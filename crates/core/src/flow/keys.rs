//! Signing keys over time (TOK-3): next → current → retired.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::{Auth, Fault};
use crate::model::{Client, EventKind, KeyId, KeyState, SecurityEvent, StoredKey, Timestamp};
use crate::store::{StoreError, Tx, Work};
use crate::token::{KeyringError, generate_key};

/// Why keys could not be made or rotated: a fault with its cause.
pub type KeysError = Fault;

/// Loads the keys and makes what is missing: the first current and next keys of a new store, or keys of the configured
/// algorithm after it was changed.
pub async fn ensure_keys(auth: &Auth) -> Result<(), KeysError> {
    let stored = auth.store.read().keys().all().await?;
    match stored.iter().find(|key| key.state == KeyState::Current) {
        None => {
            let work = FirstKeys {
                current: make(auth, KeyState::Current)?,
                next: make(auth, KeyState::Next)?,
            };
            auth.commit(work).await?;
        }
        Some(current) if current.algorithm != auth.rules.keys.algorithm => {
            rotate(auth, stored).await?;
        }
        Some(_) => {}
    }
    reload_keys(auth).await
}

/// Takes the stored keys into memory if they differ from those there.
pub async fn reload_keys(auth: &Auth) -> Result<(), KeysError> {
    let stored = auth.store.read().keys().all().await?;
    if auth.keyring.differs(&stored) && auth.keyring.replace(stored, &auth.root)? {
        auth.validator.forget();
    }
    Ok(())
}

/// Whether the current key has signed for as long as the schedule allows.
pub fn rotation_due(auth: &Auth) -> bool {
    let keys = auth.keyring.get();
    let current = keys
        .stored()
        .iter()
        .find(|key| key.state == KeyState::Current);
    match (
        auth.rules.keys.rotation,
        current.and_then(|key| key.activated_at),
    ) {
        (Some(rotation), Some(activated_at)) => auth.clock.now() >= activated_at.plus(rotation),
        _ => false,
    }
}

/// Makes the next key current, the current one retired, and publishes a new next one. Unless forced, the next key must
/// have been published for as long as verifiers may keep the published keys.
pub async fn rotate_keys(auth: &Auth, force: bool) -> Result<(), KeysError> {
    let stored = auth.store.read().keys().all().await?;
    let wait = auth.rules.keys.jwks_max_age;
    let next = stored.iter().rfind(|key| key.state == KeyState::Next);
    if !force && next.is_some_and(|next| auth.clock.now() < next.created_at.plus(wait)) {
        return Err(KeyringError::TooSoon(wait.as_secs()).into());
    }
    rotate(auth, stored).await?;
    reload_keys(auth).await
}

/// Forgets every key at once and signs with fresh ones: for when keys have leaked. Every access token issued so far is
/// refused, on the other nodes as soon as they follow; whoever is signed in refreshes. Services that verify by
/// themselves refuse them when they fetch the keys again.
pub async fn replace_keys(auth: &Auth) -> Result<(), KeysError> {
    let stored = auth.store.read().keys().all().await?;
    let told = event(
        auth,
        EventKind::KeysRotated,
        auth.clock.now(),
        None,
        &Client::default(),
    );
    let work = Replace {
        old: stored.into_iter().map(|key| key.id).collect(),
        fresh: [make(auth, KeyState::Current)?, make(auth, KeyState::Next)?],
        event: told.detail("compromised"),
    };
    match auth.commit(work).await? {
        true => {
            auth.announcer.rekeyed();
            reload_keys(auth).await
        }
        false => Err(KeyringError::RotatedElsewhere.into()),
    }
}

fn make(auth: &Auth, state: KeyState) -> Result<StoredKey, KeyringError> {
    generate_key(
        auth.rules.keys.algorithm,
        state,
        auth.clock.now(),
        &auth.root,
        auth.entropy.as_ref(),
    )
}

async fn rotate(auth: &Auth, stored: Vec<StoredKey>) -> Result<(), KeysError> {
    let now = auth.clock.now();
    let algorithm = auth.rules.keys.algorithm;
    let of_state = |state| {
        stored
            .iter()
            .filter(move |key: &&StoredKey| key.state == state)
    };
    let next = of_state(KeyState::Next).rfind(|key| key.algorithm == algorithm);
    let mut fresh = vec![make(auth, KeyState::Next)?];
    let promoted = match next {
        Some(next) => Some(next.id.clone()),
        // After a change of algorithm there is no next key to promote: a fresh one signs at once, and verifiers fetch
        // it when they meet its unknown `kid`.
        None => {
            fresh.push(make(auth, KeyState::Current)?);
            None
        }
    };
    let tokens = &auth.rules.tokens;
    let life = tokens.access_ttl + tokens.leeway * 2 + Duration::from_mins(1);
    let work = Rotate {
        retired: of_state(KeyState::Current)
            .map(|key| key.id.clone())
            .collect(),
        passed_over: of_state(KeyState::Next)
            .filter(|key| key.algorithm != algorithm)
            .map(|key| key.id.clone())
            .collect(),
        promoted,
        fresh,
        at: now,
        expires_at: now.plus(life),
        event: event(auth, EventKind::KeysRotated, now, None, &Client::default()),
    };
    match auth.commit(work).await? {
        true => {
            auth.announcer.rekeyed();
            Ok(())
        }
        false => Err(KeyringError::RotatedElsewhere.into()),
    }
}

struct FirstKeys {
    current: StoredKey,
    next: StoredKey,
}

#[async_trait]
impl Work for FirstKeys {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        // Two nodes may start on a new store at once: the guard makes one of them find the other's keys.
        tx.setup().lock_super_admins().await?;
        if tx.keys().all().await?.is_empty() {
            tx.keys().insert(&self.current).await?;
            tx.keys().insert(&self.next).await?;
        }
        Ok(Committed::plain(()))
    }
}

struct Replace {
    old: Vec<KeyId>,
    fresh: [StoredKey; 2],
    event: SecurityEvent,
}

#[async_trait]
impl Work for Replace {
    /// Whether the keys were still those that were to be replaced.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let stands = tx.keys().all().await?;
        if stands.len() != self.old.len() || !stands.iter().all(|key| self.old.contains(&key.id)) {
            return Ok(Committed::plain(false));
        }
        for id in &self.old {
            if !tx.keys().remove(id).await? {
                // Where writers do not wait for each other, another was quicker.
                return Err(StoreError::Contention);
            }
        }
        for key in &self.fresh {
            tx.keys().insert(key).await?;
        }
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(true))
    }
}

struct Rotate {
    retired: Vec<KeyId>,
    /// Next keys of another algorithm, which will never sign.
    passed_over: Vec<KeyId>,
    promoted: Option<KeyId>,
    fresh: Vec<StoredKey>,
    at: Timestamp,
    expires_at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Rotate {
    /// Whether this rotation won.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        // Every retirement must take before anything else is written, so that a lost race writes nothing.
        for id in &self.retired {
            if !tx.keys().retire(id, self.at, self.expires_at).await? {
                return Ok(Committed::plain(false));
            }
        }
        for id in &self.passed_over {
            if tx.keys().activate(id, self.at).await? {
                tx.keys().retire(id, self.at, self.expires_at).await?;
            }
        }
        if let Some(id) = &self.promoted
            && !tx.keys().activate(id, self.at).await?
        {
            return Err(StoreError::Contention);
        }
        for key in &self.fresh {
            tx.keys().insert(key).await?;
        }
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(true))
    }
}
