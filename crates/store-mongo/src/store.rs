//! The store over a replica set.

use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::store::{Changes, EngineOptions, ErasedWork, Gate, Read, Store, StoreError};

use crate::changes::Listener;
use crate::migrate;
use crate::options::MongoOptions;
use crate::pool::PoolFigures;
use crate::retry::Runner;
use crate::server::Server;
use crate::view::View;

/// A store in MongoDB 5.0 or later, as a replica set of one node or more.
pub struct MongoStore {
    runner: Arc<Runner>,
    gate: Arc<dyn Gate>,
}

impl MongoStore {
    /// Opens the database that `url` names, `mongodb://…/DATABASE?…` or `mongodb+srv://…`; without a name it is `ntt_auth`.
    /// Its collections are those of [`MongoStore::migrate`], which is called next.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says what is wrong with the URL or the server, and what cures it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, MongoOptions::default()).await
    }

    /// The same with other pool sizes and time-outs.
    ///
    /// # Errors
    /// As for [`MongoStore::open`].
    pub async fn open_with(url: &str, options: MongoOptions) -> Result<Self, StoreError> {
        Self::watched(url, options, EngineOptions::default().gate).await
    }

    /// The same, with somebody who watches over its calls.
    ///
    /// # Errors
    /// As for [`MongoStore::open`].
    pub async fn watched(
        url: &str,
        options: MongoOptions,
        gate: Arc<dyn Gate>,
    ) -> Result<Self, StoreError> {
        let server = Server::connect(url, options, Arc::clone(&gate)).await?;
        Ok(Self {
            runner: Arc::new(Runner::new(server)),
            gate,
        })
    }

    /// Brings the collections to the form that this program needs, and says how many steps that took. Steps already taken
    /// are left alone; of several processes that start at once, one takes them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database was made by a newer program, a step taken before is not the one this
    /// program knows, or the user of the URL may not make collections.
    pub async fn migrate(&self) -> Result<u32, StoreError> {
        Ok(migrate::run(self.server()).await?)
    }

    /// How many steps [`MongoStore::migrate`] would take. Nothing is changed.
    ///
    /// # Errors
    /// As for [`MongoStore::migrate`], and if there are no collections at all.
    pub async fn pending_steps(&self) -> Result<u32, StoreError> {
        Ok(migrate::pending_steps(self.server()).await?)
    }

    /// Forgets everything: afterwards the store is as a new one. For test installations alone; nobody may be writing.
    pub async fn reset(&self) -> Result<(), StoreError> {
        Ok(migrate::reset(self.server()).await?)
    }

    /// How many connections there are now.
    pub fn pool(&self) -> PoolFigures {
        self.server().pool.figures()
    }

    /// Most connections that are open to each server.
    pub(crate) fn most_connections(&self) -> u32 {
        self.server().most
    }

    pub(crate) fn server(&self) -> &Server {
        &self.runner.server
    }

    pub(crate) fn shared_server(&self) -> &Arc<Server> {
        &self.runner.server
    }
}

#[async_trait]
impl Store for MongoStore {
    fn read(&self) -> Box<dyn Read + '_> {
        Box::new(View::reading(self.server()))
    }

    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        let pass = self.gate.enter()?;
        let outcome = self.runner.run(work).await;
        match &outcome {
            Err(StoreError::Unavailable(_)) => pass.failed(),
            _ => pass.answered(),
        }
        outcome
    }

    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        let listener = Listener::begin(self.server()).await?;
        Ok(Some(Box::new(listener)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.server().ping().await?)
    }
}

impl std::fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL, with its password, is not kept; the driver's options hold it.
        f.debug_struct("MongoStore")
            .field("database", &self.server().database.name())
            .finish_non_exhaustive()
    }
}
