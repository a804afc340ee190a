//! What the keeper of a store does with it.

use async_trait::async_trait;
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::portable::Portable;
use ntt_auth_core::store::{Connections, EngineFacts, EngineOptions, ManagedStore, StoreError};

use crate::store::MongoStore;
use crate::{MongoOptions, examine, migrate};

#[async_trait]
impl ManagedStore for MongoStore {
    fn engine(&self) -> &'static str {
        "MongoDB"
    }

    async fn migrate(&self) -> Result<u32, StoreError> {
        self.migrate().await
    }

    async fn is_new(&self) -> Result<bool, StoreError> {
        Ok(migrate::is_new(self.server()).await?)
    }

    async fn examine(&self) -> Result<EngineFacts, StoreError> {
        examine::facts(self.server()).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        examine::clock(self.server()).await
    }

    fn portable(&self) -> &dyn Portable {
        self
    }

    async fn pending_steps(&self) -> Result<u32, StoreError> {
        self.pending_steps().await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        self.reset().await
    }

    fn connections(&self) -> Option<Connections> {
        let figures = self.pool();
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Some(Connections {
            open: count(figures.open),
            in_use: count(figures.in_use),
            most: self.most_connections(),
        })
    }
}

impl From<&EngineOptions> for MongoOptions {
    fn from(options: &EngineOptions) -> Self {
        let own = Self::default();
        let (least, most) = match &options.connections {
            Some(connections) => (*connections.start(), *connections.end()),
            None => (own.min_pool, own.max_pool),
        };
        Self {
            min_pool: least,
            max_pool: most,
            server_selection: options.connect_timeout,
            connect: options.connect_timeout,
            ca_file: options.ca_file.clone(),
            ..own
        }
    }
}
