//! `throttles`

use async_trait::async_trait;
use ntt_auth_core::model::{Throttle, ThrottleId, Timestamp};
use ntt_auth_core::store::{ReadThrottles, StoreError, Throttles};

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static GET: Statement = Statement::new(
    "throttles.get",
    "SELECT guesses, in_a_row, window_ends, locked_until, expires_at FROM throttles WHERE id = ?",
);

static HOLD: Statement = Statement::new(
    "throttles.hold",
    "UPDATE throttles SET holds = holds + 1 WHERE id = ?",
);

static INSERT: Statement = Statement::new(
    "throttles.insert",
    "INSERT INTO throttles (id, account, guesses, in_a_row, window_ends, locked_until, expires_at, holds) \
     VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
)
.may_collide();

static UPDATE: Statement = Statement::new(
    "throttles.update",
    "UPDATE throttles SET guesses = ?, in_a_row = ?, window_ends = ?, locked_until = ?, expires_at = ? WHERE id = ?",
);

static FORGET: Statement = Statement::new("throttles.forget", "DELETE FROM throttles WHERE id = ?");

static FORGET_ACCOUNT: Statement = Statement::new(
    "throttles.forget_account",
    "DELETE FROM throttles WHERE account = ?",
);

static PURGE: Statement = Statement::new(
    "throttles.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM throttles WHERE id IN (SELECT id FROM (SELECT id FROM throttles WHERE expires_at < ? \
     ORDER BY expires_at LIMIT ?) AS expired)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &GET,
    &HOLD,
    &INSERT,
    &UPDATE,
    &FORGET,
    &FORGET_ACCOUNT,
    &PURGE,
];

#[async_trait]
impl ReadThrottles for View<'_> {
    async fn get(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError> {
        self.first(&GET, &[id.bytes().as_slice().into()], throttle)
            .await
    }
}

#[async_trait]
impl Throttles for View<'_> {
    async fn hold(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError> {
        // The row stays locked until the commit, and is read after that.
        if self.took(&HOLD, &[id.bytes().as_slice().into()]).await? {
            self.get(id).await
        } else {
            Ok(None)
        }
    }

    async fn insert(
        &mut self,
        id: &ThrottleId,
        account: &ThrottleId,
        counter: &Throttle,
    ) -> Result<(), StoreError> {
        let [guesses, in_a_row, window_ends, locked_until, expires_at] = values(counter);
        let values = [
            id.bytes().as_slice().into(),
            account.bytes().as_slice().into(),
            guesses,
            in_a_row,
            window_ends,
            locked_until,
            expires_at,
        ];
        match self.count(&INSERT, &values).await {
            Ok(_) => Ok(()),
            Err(StoreError::Taken(_)) => Err(StoreError::Contention),
            Err(error) => Err(error),
        }
    }

    async fn update(&mut self, id: &ThrottleId, counter: &Throttle) -> Result<(), StoreError> {
        let mut values = values(counter).to_vec();
        values.push(id.bytes().as_slice().into());
        self.count(&UPDATE, &values).await.map(drop)
    }

    async fn forget(&mut self, id: &ThrottleId) -> Result<bool, StoreError> {
        self.took(&FORGET, &[id.bytes().as_slice().into()]).await
    }

    async fn forget_account(&mut self, account: &ThrottleId) -> Result<u64, StoreError> {
        self.count(&FORGET_ACCOUNT, &[account.bytes().as_slice().into()])
            .await
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.count(&PURGE, &[before.into(), limit.into()]).await
    }
}

fn values(counter: &Throttle) -> [Value; 5] {
    [
        counter.guesses.into(),
        counter.in_a_row.into(),
        counter.window_ends.into(),
        counter.locked_until.into(),
        counter.expires_at.into(),
    ]
}

fn throttle(mut row: Row) -> Result<Throttle, Error> {
    Ok(Throttle {
        guesses: count(&mut row)?,
        in_a_row: count(&mut row)?,
        window_ends: row.time()?,
        locked_until: row.opt_time()?,
        expires_at: row.time()?,
    })
}

fn count(row: &mut Row) -> Result<u32, Error> {
    let number = row.int()?;
    u32::try_from(number).map_err(|_| row.corrupt())
}
