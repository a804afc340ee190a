//! Erasing the accounts whose time is over: those deleted long ago (ACC-10), and those never verified (ACC-7).

use crate::flow::erase_user::{By, Erase, EraseUserError, scrub};
use crate::flow::event::event;
use crate::flow::{Auth, Fault};
use crate::model::{Client, Erasure, EventKind, Timestamp, UserId};

/// Accounts that are erased between two looks at which are due.
const STEP: u32 = 100;

/// Erases, one by one, the accounts whose time to be restored is over; says how many. Whoever is restored meanwhile stays.
pub async fn erase_deleted(auth: &Auth) -> Result<u64, Fault> {
    let mut erased = 0;
    loop {
        let now = auth.clock.now();
        let before = now.minus(auth.rules.retention.deleted_accounts);
        let mut read = auth.store.read();
        let due = read.users().deleted_before(before, STEP).await?;
        drop(read);
        let looked_at = due.len();
        let gone = erase_each(auth, due, By::Retention(before), "retention", now).await?;
        erased += gone;
        // What was looked at and is not gone was restored, and would be found no more.
        if gone == 0 || looked_at < STEP as usize {
            break;
        }
    }
    scrub_after(auth, erased).await;
    Ok(erased)
}

/// Erases, one by one, the accounts that people made for themselves and whose address nobody verified in time; says how
/// many. Whoever verifies it or signs in meanwhile stays. Does nothing while the rules keep such accounts.
pub async fn erase_unverified(auth: &Auth) -> Result<u64, Fault> {
    let Some(kept) = auth.rules.retention.unverified_accounts else {
        return Ok(0);
    };
    let mut erased = 0;
    loop {
        let now = auth.clock.now();
        let mut read = auth.store.read();
        let due = read.users().unverified_before(now, STEP).await?;
        drop(read);
        let looked_at = due.len();
        erased += erase_each(auth, due, By::Unverified(kept), "unverified", now).await?;
        // Each that was looked at is gone or has another time.
        if looked_at < STEP as usize {
            break;
        }
    }
    scrub_after(auth, erased).await;
    Ok(erased)
}

async fn erase_each(
    auth: &Auth,
    due: Vec<UserId>,
    by: By,
    why: &'static str,
    now: Timestamp,
) -> Result<u64, Fault> {
    let mut gone = 0;
    for user in due {
        let told = event(auth, EventKind::UserErased, now, None, &Client::default());
        let erase = Erase {
            by,
            user,
            names: auth.throttle_names.clone(),
            proof: None,
            erasure: Erasure {
                subject: auth.erasure_keys.digest(user),
                at: now,
            },
            expires_at: auth.revocation_expiry(now),
            event: told.detail(why),
        };
        match erase.without_scrub(auth).await {
            Ok(()) => gone += 1,
            Err(EraseUserError::Fault(fault)) => return Err(fault),
            // Spared, restored, or erased by another node, since the list was read.
            Err(_) => {}
        }
    }
    Ok(gone)
}

async fn scrub_after(auth: &Auth, erased: u64) {
    if erased > 0 {
        scrub(auth).await;
    }
}
