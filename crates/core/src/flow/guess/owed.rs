//! What counters of guesses are owed: a guess was right, or was never looked at, and the store went away before that could be
//! written. Otherwise whoever signs in with the right password while a database fails would be locked out by their own attempts.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Right, TakeBack};
use crate::flow::auth::Committed;
use crate::flow::{Auth, Fault};
use crate::store::{StoreError, Tx, Work};

/// How many are remembered. They are in memory alone: what is lost with the process counts as a wrong guess.
const MOST: usize = 10_000;

/// What is owed to one guess.
#[derive(Debug, Clone)]
pub(crate) enum Debt {
    /// It was right.
    Right(Right),
    /// Nobody looked.
    Back(TakeBack),
}

/// Everything that is owed by this node.
#[derive(Debug, Default)]
pub(crate) struct Owed(Mutex<Vec<Debt>>);

impl Owed {
    /// Remembers a debt until it can be paid.
    pub(crate) fn add(&self, debt: Debt) {
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if debts.len() < MOST {
            debts.push(debt);
        }
    }

    fn take(&self) -> Option<Debt> {
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        debts.pop()
    }
}

#[async_trait]
impl Work for Debt {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        match self {
            Self::Right(right) => right.within(tx).await.map(Committed::plain),
            Self::Back(back) => back.apply(tx).await,
        }
    }
}

/// Writes what could not be written to counters of guesses while the store was away. Called again and again; says how many
/// debts were paid.
pub async fn settle_guesses(auth: &Auth) -> Result<usize, Fault> {
    let mut paid = 0;
    while let Some(debt) = auth.owed.take() {
        if let Err(error) = auth.commit(debt.clone()).await {
            auth.owed.add(debt);
            return Err(error.into());
        }
        paid += 1;
    }
    Ok(paid)
}
