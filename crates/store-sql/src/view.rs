//! What the traits of the rules are implemented for: the store as seen from outside or from inside a transaction.

use std::time::{Duration, Instant};

use ntt_auth_core::store::{Gate, Notes, OpenGate, StoreError};

use crate::engine::{Conn, Engine, Error, Row, Statement, Value};

/// For what no flow asks for: the bringing up to date of a database.
pub(crate) const UNWATCHED: &OpenGate = &OpenGate(Duration::MAX);

/// The nouns of `repo/` over one way to run statements.
pub(crate) struct View<'c> {
    way: Way<'c>,
    gate: &'c dyn Gate,
    notes: Notes,
}

enum Way<'c> {
    Reading(&'c dyn Engine),
    Writing(&'c mut dyn Conn),
}

impl<'c> View<'c> {
    /// Outside any transaction.
    pub(crate) fn reading(engine: &'c dyn Engine, gate: &'c dyn Gate) -> Self {
        Self {
            way: Way::Reading(engine),
            gate,
            notes: Notes::default(),
        }
    }

    /// Inside one.
    pub(crate) fn writing(conn: &'c mut dyn Conn, gate: &'c dyn Gate) -> Self {
        Self {
            way: Way::Writing(conn),
            gate,
            notes: Notes::default(),
        }
    }

    /// What was noted and not taken.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// All rows, each made into what it stands for.
    pub(crate) async fn all<T>(
        &mut self,
        statement: &Statement,
        values: &[Value],
        read: impl Fn(Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, StoreError> {
        let began = Instant::now();
        let rows = match &mut self.way {
            Way::Reading(engine) => engine.query(statement, values).await,
            Way::Writing(conn) => conn.query(statement, values).await,
        };
        self.gate.took(statement.name(), began.elapsed());
        let rows = rows?;
        rows.into_iter()
            .map(|row| read(row).map_err(StoreError::from))
            .collect()
    }

    /// The one row there is at most.
    pub(crate) async fn first<T>(
        &mut self,
        statement: &Statement,
        values: &[Value],
        read: impl Fn(Row) -> Result<T, Error>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(statement, values, read).await?.into_iter().next())
    }

    /// The one row there must be.
    pub(crate) async fn one<T>(
        &mut self,
        statement: &Statement,
        values: &[Value],
        read: impl Fn(Row) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.first(statement, values, read).await?.ok_or_else(|| {
            StoreError::corrupt(format_args!("{}, which gave no row", statement.name()))
        })
    }

    /// Writes, and says how many rows that concerned.
    pub(crate) async fn count(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        match &mut self.way {
            Way::Reading(_) => Err(StoreError::driver(std::io::Error::other(
                "a write outside any transaction",
            ))),
            Way::Writing(conn) => {
                let began = Instant::now();
                let written = conn.execute(statement, values).await;
                self.gate.took(statement.name(), began.elapsed());
                Ok(written?)
            }
        }
    }

    /// Has followers told of what is written here, once it is committed.
    pub(crate) async fn tell(&mut self) -> Result<(), StoreError> {
        match &mut self.way {
            Way::Reading(_) => Ok(()),
            Way::Writing(conn) => Ok(conn.tell().await?),
        }
    }

    /// A conditional write of one row: whether it took.
    pub(crate) async fn took(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<bool, StoreError> {
        Ok(self.count(statement, values).await? > 0)
    }
}

ntt_auth_core::read_as_itself!(View<'_>);
ntt_auth_core::write_as_itself!(View<'_>, notes);
