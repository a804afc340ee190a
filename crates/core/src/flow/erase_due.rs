//! Erasing the accounts whose time is over: those deleted long ago (ACC-10), and those never verified (ACC-7).

use std::time::Duration;

use crate::flow::erase_user::{By, Erase, EraseUserError, scrub};
use crate::flow::event::event;
use crate::flow::{Auth, Fault};
use crate::model::{Client, Erasure, EventKind, Timestamp, UserId};
use crate::store::StoreError;

/// Accounts that are erased between two looks at which are due.
const STEP: u32 = 100;

/// Erases, one by one, the accounts whose time to be restored is over; says how many. Whoever is restored meanwhile stays.
pub async fn erase_deleted(auth: &Auth) -> Result<u64, Fault> {
    erase_due(auth, Due::Deleted).await
}

/// Erases, one by one, the accounts that people made for themselves and whose address nobody verified in time; says how
/// many. Whoever verifies it or signs in meanwhile stays. Does nothing while the rules keep such accounts.
pub async fn erase_unverified(auth: &Auth) -> Result<u64, Fault> {
    match auth.rules.retention.unverified_accounts {
        Some(kept) => erase_due(auth, Due::Unverified(kept)).await,
        None => Ok(0),
    }
}

/// Why an account's time is over.
#[derive(Clone, Copy)]
enum Due {
    Deleted,
    Unverified(Duration),
}

impl Due {
    /// As the audit trail tells it.
    const fn told(self) -> &'static str {
        match self {
            Self::Deleted => "retention",
            Self::Unverified(_) => "unverified",
        }
    }

    /// On whose word, and some of those whose time is over at `now`.
    async fn found(self, auth: &Auth, now: Timestamp) -> Result<(By, Vec<UserId>), StoreError> {
        let mut read = auth.store.read();
        match self {
            Self::Deleted => {
                let before = now.minus(auth.rules.retention.deleted_accounts);
                let users = read.users().deleted_before(before, STEP).await?;
                Ok((By::Retention(before), users))
            }
            Self::Unverified(kept) => {
                let users = read.users().unverified_before(now, STEP).await?;
                Ok((By::Unverified(kept), users))
            }
        }
    }
}

async fn erase_due(auth: &Auth, due: Due) -> Result<u64, Fault> {
    let mut erased = 0;
    loop {
        let now = auth.clock.now();
        let (by, users) = due.found(auth, now).await?;
        // Each that is looked at is gone afterwards, or not due any more.
        let last = users.len() < STEP as usize;
        for user in users {
            let told = event(auth, EventKind::UserErased, now, None, &Client::default());
            let erasure = Erasure::of(auth, user, now);
            let erase = Erase::new(auth, by, user, erasure, told.detail(due.told()));
            match erase.without_scrub(auth).await {
                Ok(()) => erased += 1,
                Err(EraseUserError::Fault(fault)) => return Err(fault),
                // Spared, restored, or erased by another node, since the list was read.
                Err(_) => {}
            }
        }
        if last {
            break;
        }
    }
    if erased > 0 {
        scrub(auth).await;
    }
    Ok(erased)
}
