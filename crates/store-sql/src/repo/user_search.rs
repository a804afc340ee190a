//! `user_search`: a row for each word that a user is found by.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::model::{SearchWords, Timestamp, User, UserId};
use ntt_auth_core::store::StoreError;

use super::users::{columns, user};
use crate::engine::{self, Conn, Engine, Statement, Unit, Value};
use crate::view::{UNWATCHED, View};

/// Users whose words are made in one transaction.
const STEP: u32 = 500;

static WORDS: Statement = Statement::new(
    "user_search.words",
    "SELECT search_words, created_at FROM users WHERE id = ?",
);

static REMOVE: Statement = Statement::new(
    "user_search.remove",
    "DELETE FROM user_search WHERE kind = ? AND token = ? AND created_at = ? AND user_id = ?",
);

static IS_FILLED: Statement = Statement::new(
    "user_search.is_filled",
    "SELECT filled FROM user_search_state WHERE id = 1",
);

static SET_FILLED: Statement = Statement::new(
    "user_search.set_filled",
    "UPDATE user_search_state SET filled = 1 WHERE id = 1",
);

static USERS_AFTER: Statement = Statement::new(
    "user_search.users_after",
    concat!(
        "SELECT ",
        columns!(),
        " FROM users WHERE id > ? ORDER BY id LIMIT ?"
    ),
);

static FILL: Statement = Statement::new(
    "user_search.fill",
    // Whoever has read the user without words must look again, or would add them a second time.
    "UPDATE users SET search_words = ?, revision = revision + 1 WHERE id = ? AND search_words IS NULL",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &WORDS,
    &REMOVE,
    &IS_FILLED,
    &SET_FILLED,
    &USERS_AFTER,
    &FILL,
];

/// The words that a user is found by as yet, and when that user came to be; `None` if there is no such user.
pub(super) async fn words_of(
    view: &mut View<'_>,
    id: UserId,
) -> Result<Option<(SearchWords, Timestamp)>, StoreError> {
    view.first(&WORDS, &[id.uuid().into()], |mut row| {
        let text = row.opt_text()?.unwrap_or_default();
        Ok((SearchWords::from_text(&text), row.time()?))
    })
    .await
}

/// Lets the user `id` be found by `after` instead of `before`, in the order of their creation.
pub(crate) async fn replace(
    view: &mut View<'_>,
    (id, created_at): (UserId, Timestamp),
    before: &SearchWords,
    after: &SearchWords,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (before.kinds().collect(), after.kinds().collect());
    for (kind, token) in before.difference(&after) {
        view.count(
            &REMOVE,
            &[
                kind.number().into(),
                (*token).into(),
                created_at.into(),
                id.uuid().into(),
            ],
        )
        .await?;
    }
    let added: Vec<_> = after.difference(&before).collect();
    if added.is_empty() {
        return Ok(());
    }
    let values: Vec<Value> = added
        .iter()
        .flat_map(|(kind, token)| {
            [
                kind.number().into(),
                (*token).into(),
                created_at.into(),
                id.uuid().into(),
            ]
        })
        .collect();
    view.count(&insert(added.len()), &values).await.map(drop)
}

/// Adds that many rows in one statement.
pub(crate) fn insert(rows: usize) -> Statement {
    let mut text =
        "INSERT INTO user_search (kind, token, created_at, user_id) VALUES (?, ?, ?, ?)".to_owned();
    text.push_str(&", (?, ?, ?, ?)".repeat(rows.saturating_sub(1)));
    Statement::built("user_search.insert", text)
}

/// Makes the words of users who are older than the table, in bounded steps; says of how many. Once done, it costs one
/// look.
pub(crate) async fn fill(engine: &dyn Engine) -> Result<u64, StoreError> {
    let mut view = View::reading(engine, UNWATCHED);
    if view.one(&IS_FILLED, &[], |mut row| row.int()).await? == 1 {
        return Ok(0);
    }
    let mut after = Value::Bytes(vec![0; 16]);
    let mut filled = 0;
    loop {
        let users = view.all(&USERS_AFTER, &[after, STEP.into()], user).await?;
        let Some(last) = users.last() else { break };
        after = last.id.uuid().into();
        filled += u64::try_from(users.len()).unwrap_or_default();
        engine::run(engine, Arc::new(Fill(users))).await?;
    }
    engine::run(engine, Arc::new(Finish)).await?;
    Ok(filled)
}

struct Fill(Vec<User>);

#[async_trait]
impl Unit for Fill {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let mut view = View::writing(conn, UNWATCHED);
        for user in &self.0 {
            let words = SearchWords::of(user);
            if view
                .took(&FILL, &[words.text().into(), user.id.uuid().into()])
                .await?
            {
                replace(
                    &mut view,
                    (user.id, user.created_at),
                    &SearchWords::default(),
                    &words,
                )
                .await?;
            }
        }
        Ok(())
    }
}

struct Finish;

#[async_trait]
impl Unit for Finish {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        View::writing(conn, UNWATCHED)
            .count(&SET_FILLED, &[])
            .await
            .map(drop)
    }
}
