//! Erasures are noted twice, in the store and in a log outside it. Here each is told what the other knows: an older
//! backup of the store has its erasures repeated, a lost log is written anew (ACC-11).

use std::collections::HashMap;

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::erase_user::{EraseUserError, erase_again};
use crate::flow::{Auth, Fault};
use crate::model::{ErasedId, Erasure, Timestamp};
use crate::store::{StoreError, Tx, Work};

const PAGE: u32 = 1000;

/// What reconciling the erasures of store and log found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Accounts that had been erased, were there again, and are erased again.
    pub erased_again: u64,
    /// Erasures that the store did not know.
    pub new_to_store: u64,
    /// Erasures that the log did not have.
    pub new_to_log: u64,
    /// Lines of the log that this installation did not write, or not whole. They are passed over: whoever can write a
    /// line must not erase an account with it.
    pub unreadable: u64,
}

/// Reconciles them. Called before the first request is answered, after a restore, and now and then.
pub async fn reconcile_erasures(auth: &Auth) -> Result<Reconciled, Fault> {
    let mut found = Reconciled::default();
    let mut logged = HashMap::new();
    for line in auth.erasure_log.lines().await? {
        match auth.erasure_keys.read_line(&line) {
            Some(erasure) => drop(logged.insert(erasure.subject, erasure.at)),
            None => found.unreadable += 1,
        }
    }
    let mut missing = Vec::new();
    let mut after = None;
    loop {
        let page = auth.store.read().erasures().page(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject);
        // What is left over at the end is what the store does not know.
        missing.extend(
            page.into_iter()
                .filter(|erasure| logged.remove(&erasure.subject).is_none()),
        );
    }
    found.new_to_log = count(missing.len());
    if !missing.is_empty() {
        let lines = missing
            .iter()
            .map(|erasure| auth.erasure_keys.line(erasure))
            .collect();
        auth.erasure_log.append(lines).await?;
    }
    found.new_to_store = count(logged.len());
    if !logged.is_empty() {
        found.erased_again = replay(auth, logged).await?;
    }
    Ok(found)
}

/// Erases everybody among the users who is among `erased`, and tells the store of all of `erased`.
async fn replay(auth: &Auth, erased: HashMap<ErasedId, Timestamp>) -> Result<u64, Fault> {
    let mut again = 0;
    let mut after = None;
    loop {
        let page = auth
            .store
            .read()
            .erasures()
            .users_after(after, PAGE)
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        for user in page {
            let subject = auth.erasure_keys.digest(user);
            if let Some(at) = erased.get(&subject) {
                erase_again(auth, user, Erasure { subject, at: *at })
                    .await
                    .map_err(fault)?;
                again += 1;
            }
        }
    }
    let mut erased = erased
        .into_iter()
        .map(|(subject, at)| Erasure { subject, at })
        .peekable();
    while erased.peek().is_some() {
        let some = erased.by_ref().take(PAGE as usize).collect();
        auth.commit(Note(some)).await?;
    }
    Ok(again)
}

/// A replay asks nobody, so nobody refuses it.
fn fault(error: EraseUserError) -> Fault {
    match error {
        EraseUserError::Fault(fault) => fault,
        refused => {
            StoreError::corrupt(format_args!("an erasure that was refused: {refused}")).into()
        }
    }
}

struct Note(Vec<Erasure>);

#[async_trait]
impl Work for Note {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        for erasure in &self.0 {
            tx.erasures().insert(erasure).await?;
        }
        Ok(Committed::plain(()))
    }
}

/// Does for erasures, now and then, what has to be done: completes store and log by each other, forgets in both what is
/// older than any backup can be, and has the store's journal rid of what it could not be rid of at once.
pub async fn keep_erasures(auth: &Auth) -> Result<u64, Fault> {
    let before = auth.clock.now().minus(auth.rules.retention.erasures);
    let forgotten = purge(auth, before).await?;
    reconcile_erasures(auth).await?;
    auth.store.scrub().await?;
    Ok(forgotten)
}

/// Forgets, in store and log, erasures from before `before`.
async fn purge(auth: &Auth, before: Timestamp) -> Result<u64, Fault> {
    let lines = auth.erasure_log.lines().await?;
    let (old, kept): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| {
        auth.erasure_keys
            .read_line(line)
            .is_some_and(|erasure| erasure.at < before)
    });
    if !old.is_empty() {
        auth.erasure_log.replace(kept).await?;
    }
    let mut forgotten = 0;
    loop {
        let round = auth.commit(Purge { before }).await?;
        forgotten += round;
        if round == 0 {
            return Ok(forgotten);
        }
    }
}

struct Purge {
    before: Timestamp,
}

#[async_trait]
impl Work for Purge {
    type Output = Committed<u64>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.erasures()
            .purge(self.before, PAGE)
            .await
            .map(Committed::plain)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
