//! What the traits of the rules are implemented for: the store as seen from outside or from inside a transaction.

use ntt_auth_core::store::{
    Audit, Codes, Consents, Erasures, Events, Imports, Jobs, Keys, Notes, Read, ReadAudit,
    ReadCodes, ReadConsents, ReadErasures, ReadImports, ReadJobs, ReadKeys, ReadRevocations,
    ReadRoot, ReadSessions, ReadSetup, ReadStats, ReadThrottles, ReadUsers, Restores, Revocations,
    Roots, Sessions, Setups, StoreError, SubjectKeys, Throttles, Tx, Users,
};

use crate::engine::{Conn, Engine, Error, Row, Statement, Value};

/// The nouns of `repo/` over one way to run statements.
pub(crate) struct View<'c> {
    way: Way<'c>,
    notes: Notes,
}

enum Way<'c> {
    Reading(&'c dyn Engine),
    Writing(&'c mut dyn Conn),
}

impl<'c> View<'c> {
    /// Outside any transaction.
    pub(crate) fn reading(engine: &'c dyn Engine) -> Self {
        Self {
            way: Way::Reading(engine),
            notes: Notes::default(),
        }
    }

    /// Inside one.
    pub(crate) fn writing(conn: &'c mut dyn Conn) -> Self {
        Self {
            way: Way::Writing(conn),
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
        let rows = match &mut self.way {
            Way::Reading(engine) => engine.query(statement, values).await?,
            Way::Writing(conn) => conn.query(statement, values).await?,
        };
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
            Way::Writing(conn) => Ok(conn.execute(statement, values).await?),
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

impl Read for View<'_> {
    fn users(&mut self) -> &mut dyn ReadUsers {
        self
    }

    fn sessions(&mut self) -> &mut dyn ReadSessions {
        self
    }

    fn codes(&mut self) -> &mut dyn ReadCodes {
        self
    }

    fn jobs(&mut self) -> &mut dyn ReadJobs {
        self
    }

    fn keys(&mut self) -> &mut dyn ReadKeys {
        self
    }

    fn revocations(&mut self) -> &mut dyn ReadRevocations {
        self
    }

    fn audit(&mut self) -> &mut dyn ReadAudit {
        self
    }

    fn setup(&mut self) -> &mut dyn ReadSetup {
        self
    }

    fn stats(&mut self) -> &mut dyn ReadStats {
        self
    }

    fn erasures(&mut self) -> &mut dyn ReadErasures {
        self
    }

    fn consents(&mut self) -> &mut dyn ReadConsents {
        self
    }

    fn throttles(&mut self) -> &mut dyn ReadThrottles {
        self
    }

    fn imports(&mut self) -> &mut dyn ReadImports {
        self
    }

    fn root(&mut self) -> &mut dyn ReadRoot {
        self
    }
}

impl Tx for View<'_> {
    fn users(&mut self) -> &mut dyn Users {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn codes(&mut self) -> &mut dyn Codes {
        self
    }

    fn jobs(&mut self) -> &mut dyn Jobs {
        self
    }

    fn keys(&mut self) -> &mut dyn Keys {
        self
    }

    fn revocations(&mut self) -> &mut dyn Revocations {
        self
    }

    fn events(&mut self) -> &mut dyn Events {
        &mut self.notes
    }

    fn subject_keys(&mut self) -> &mut dyn SubjectKeys {
        &mut self.notes
    }

    fn audit(&mut self) -> &mut dyn Audit {
        self
    }

    fn take_notes(&mut self) -> Notes {
        std::mem::take(&mut self.notes)
    }

    fn setup(&mut self) -> &mut dyn Setups {
        self
    }

    fn erasures(&mut self) -> &mut dyn Erasures {
        self
    }

    fn consents(&mut self) -> &mut dyn Consents {
        self
    }

    fn restores(&mut self) -> &mut dyn Restores {
        self
    }

    fn throttles(&mut self) -> &mut dyn Throttles {
        self
    }

    fn imports(&mut self) -> &mut dyn Imports {
        self
    }

    fn root(&mut self) -> &mut dyn Roots {
        self
    }
}
