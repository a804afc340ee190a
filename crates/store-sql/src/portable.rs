//! Rows as they are, for copies to and from other engines.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ntt_auth_core::model::{SearchWords, UserId};
use ntt_auth_core::store::StoreError;
use ntt_auth_core::store::portable::{Copying, Field, Portable, Progress, Row, Table};

use crate::SqlStore;
use crate::engine::{self, Conn, Statement, Unit, Value};
use crate::repo::{copying, user_search};
use crate::view::{UNWATCHED, View};

/// Rows of words in one statement: four values each, and SQLite takes 32,766 of them.
const WORDS: usize = 4_000;

#[async_trait]
impl Portable for SqlStore {
    async fn page(
        &self,
        table: &'static Table,
        after: Option<&Field>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let condition = after.map_or(String::new(), |_| format!(" WHERE {} > ?", table.key));
        let text = format!(
            "SELECT {} FROM {}{condition} ORDER BY {} LIMIT ?",
            columns(table),
            table.name,
            table.key
        );
        let after = after.cloned().map(Value::from);
        let values: Vec<Value> = after.into_iter().chain([limit.into()]).collect();
        let page = Statement::built("portable.page", text);
        View::reading(&*self.engine, UNWATCHED)
            .all(&page, &values, |mut row| {
                table
                    .columns
                    .iter()
                    .map(|_| row.value().map(Field::from))
                    .collect()
            })
            .await
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        let count = Arc::new(Count(table, Mutex::default()));
        engine::run(&*self.engine, Arc::clone(&count) as _).await?;
        Ok(count.answer())
    }

    async fn copying(&self) -> Result<Option<Copying>, StoreError> {
        copying::get(&mut View::reading(&*self.engine, UNWATCHED)).await
    }

    async fn begin_copy(&self, copying: &Copying) -> Result<bool, StoreError> {
        self.mark(Act::Begin(copying.clone())).await
    }

    async fn take_over_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.mark(Act::TakeOver(run)).await
    }

    async fn write(
        &self,
        table: &'static Table,
        rows: Vec<Row>,
        run: [u8; 16],
        progress: &Progress,
    ) -> Result<bool, StoreError> {
        self.mark(Act::Write(table, rows, run, progress.clone()))
            .await
    }

    async fn finish_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.mark(Act::Finish(run)).await
    }
}

impl SqlStore {
    async fn mark(&self, act: Act) -> Result<bool, StoreError> {
        let marking = Arc::new(Marking(act, Mutex::default()));
        engine::run(&*self.engine, Arc::clone(&marking) as _).await?;
        let took = *marking.1.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(took)
    }
}

/// Counting reads a whole table, which may take longer than a statement of a request may.
struct Count(&'static Table, Mutex<i64>);

impl Count {
    fn answer(&self) -> u64 {
        self.1
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unsigned_abs()
    }
}

#[async_trait]
impl Unit for Count {
    fn is_long(&self) -> bool {
        true
    }

    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let text = format!("SELECT COUNT(*) FROM {}", self.0.name);
        let count = Statement::built("portable.count", text);
        let mut view = View::writing(conn, UNWATCHED);
        let found = view.one(&count, &[], |mut row| row.int()).await?;
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }
}

/// What is done to the mark of a copy, and whether it took.
struct Marking(Act, Mutex<bool>);

enum Act {
    Begin(Copying),
    TakeOver([u8; 16]),
    Write(&'static Table, Vec<Row>, [u8; 16], Progress),
    Finish([u8; 16]),
}

#[async_trait]
impl Unit for Marking {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let mut view = View::writing(conn, UNWATCHED);
        let took = match &self.0 {
            Act::Begin(copying) => copying::begin(&mut view, copying).await?,
            Act::TakeOver(run) => copying::take_over(&mut view, *run).await?,
            Act::Finish(run) => copying::finish(&mut view, *run).await?,
            Act::Write(table, rows, run, progress) => {
                let held = copying::advance(&mut view, *run, progress).await?;
                if held {
                    write(&mut view, table, rows).await?;
                }
                held
            }
        };
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = took;
        Ok(())
    }
}

/// Puts rows in the place of those with the same keys.
async fn write(view: &mut View<'_>, table: &Table, rows: &[Row]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<Value> = rows
        .iter()
        .filter_map(|row| table.key_of(row))
        .map(|key| key.clone().into())
        .collect();
    let words = match table.name {
        "users" => {
            forget_words(view, &keys).await?;
            rows.iter()
                .map(|row| words(table, row))
                .collect::<Result<Vec<_>, _>>()?
        }
        _ => Vec::new(),
    };
    let delete = format!(
        "DELETE FROM {} WHERE {} IN ({})",
        table.name,
        table.key,
        marks(keys.len())
    );
    view.count(&Statement::built("portable.delete", delete), &keys)
        .await?;
    let texts = if words.is_empty() {
        ""
    } else {
        ", search_words"
    };
    let row_marks = format!(
        "({})",
        marks(table.columns.len() + usize::from(!words.is_empty()))
    );
    let insert = format!(
        "INSERT INTO {} ({}{texts}) VALUES {}",
        table.name,
        columns(table),
        vec![row_marks; rows.len()].join(", ")
    );
    let mut values = Vec::with_capacity(rows.len() * (table.columns.len() + 1));
    for (at, row) in rows.iter().enumerate() {
        values.extend(row.iter().cloned().map(Value::from));
        values.extend(words.get(at).map(|(_, _, words)| words.text().into()));
    }
    view.count(&Statement::built("portable.insert", insert), &values)
        .await?;
    add_words(view, &words).await
}

/// A user's id, when they came to be, and the words they are found by.
type Words = (Value, Value, SearchWords);

/// The words of a user are made from the user, as with every other write.
fn words(table: &Table, row: &Row) -> Result<Words, StoreError> {
    let field = |name: &str| {
        let at = table.columns.iter().position(|column| column.name == name);
        let found = at.and_then(|at| row.get(at));
        found.ok_or_else(|| StoreError::corrupt(format_args!("users.{name}")))
    };
    let text = |name| match field(name)? {
        Field::Text(text) => Ok(Some(text.as_str())),
        Field::Null => Ok(None),
        _ => Err(StoreError::corrupt(format_args!("users.{name}"))),
    };
    let names = [text("first_name")?, text("last_name")?, text("username")?];
    let words = SearchWords::of_texts(text("email_folded")?.unwrap_or_default(), names);
    Ok((
        field("id")?.clone().into(),
        field("created_at")?.clone().into(),
        words,
    ))
}

/// Takes away the words of users who are there already: usually none.
async fn forget_words(view: &mut View<'_>, ids: &[Value]) -> Result<(), StoreError> {
    let text = format!(
        "SELECT id, created_at, search_words FROM users WHERE id IN ({})",
        marks(ids.len())
    );
    let select = Statement::built("portable.words", text);
    let found = view
        .all(&select, ids, |mut row| {
            let (id, created_at) = (UserId::from_uuid(row.id()?), row.time()?);
            let words = row.opt_text()?.unwrap_or_default();
            Ok((id, created_at, SearchWords::from_text(&words)))
        })
        .await?;
    for (id, created_at, words) in found {
        user_search::replace(view, (id, created_at), &words, &SearchWords::default()).await?;
    }
    Ok(())
}

async fn add_words(view: &mut View<'_>, users: &[Words]) -> Result<(), StoreError> {
    let rows: Vec<[Value; 4]> = users
        .iter()
        .flat_map(|(id, created_at, words)| {
            words.kinds().map(move |(kind, token)| {
                let (kind, token) = (kind.number().into(), token.into());
                [kind, token, created_at.clone(), id.clone()]
            })
        })
        .collect();
    for rows in rows.chunks(WORDS) {
        view.count(&user_search::insert(rows.len()), &rows.concat())
            .await?;
    }
    Ok(())
}

fn columns(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

/// `?, ?, …`
fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

impl From<Field> for Value {
    fn from(field: Field) -> Self {
        match field {
            Field::Null => Self::Null,
            Field::Int(int) => Self::Int(int),
            Field::Text(text) => Self::Text(text),
            Field::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<Value> for Field {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(int) => Self::Int(int),
            Value::Text(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}
