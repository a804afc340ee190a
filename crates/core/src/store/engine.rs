//! What stands around an engine: how many connections it is given, and who watches over its calls.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::Timestamp;
use crate::store::portable::Portable;
use crate::store::{EngineFacts, Store, StoreError};

/// Stands before every call of an engine that may be away. An engine asks it first, waits no longer than it says, and tells
/// how the call ended.
pub trait Gate: Send + Sync {
    /// Asks to make one call. A pass that is dropped, because the call was cancelled, counts for nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the engine is left alone.
    fn enter(&self) -> Result<Box<dyn Pass + '_>, StoreError>;

    /// A statement, or whatever the engine calls its like, took so long.
    fn took(&self, statement: &'static str, time: Duration);
}

/// The right to make one call.
pub trait Pass: Send {
    /// How long the engine may take; after that, the call has failed.
    fn patience(&self) -> Duration;

    /// The engine answered, be it by a refusal.
    fn answered(self: Box<Self>);

    /// The engine did not answer, or cannot do its work.
    fn failed(self: Box<Self>);
}

/// A gate that is always open, for tests and tools.
#[derive(Debug, Clone, Copy)]
pub struct OpenGate(pub Duration);

impl Gate for OpenGate {
    fn enter(&self) -> Result<Box<dyn Pass + '_>, StoreError> {
        Ok(Box::new(*self))
    }

    fn took(&self, _: &'static str, _: Duration) {}
}

impl Pass for OpenGate {
    fn patience(&self) -> Duration {
        self.0
    }

    fn answered(self: Box<Self>) {}

    fn failed(self: Box<Self>) {}
}

/// How an engine elsewhere is spoken to.
#[derive(Clone)]
pub struct EngineOptions {
    /// Connections that are kept, and the most there may be. An engine has its own figures where none are given (ENG-3).
    pub connections: Option<RangeInclusive<u32>>,
    /// How long it may take to connect, or to get a connection that is free.
    pub connect_timeout: Duration,
    /// A file in PEM with certificate authorities that are trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// Who watches over its calls.
    pub gate: Arc<dyn Gate>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            connections: None,
            connect_timeout: Duration::from_secs(5),
            ca_file: None,
            gate: Arc::new(OpenGate(Duration::from_secs(30))),
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("connections", &self.connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// The connections to an engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Open.
    pub open: u32,
    /// Open, and in use.
    pub in_use: u32,
    /// Most that may be open.
    pub most: u32,
}

/// A store with what only its keeper does.
#[async_trait]
pub trait ManagedStore: Store {
    /// What the engine calls itself, with its version where it is known.
    fn engine(&self) -> &'static str;

    /// Brings tables and the like to the form that this program needs, and says how many steps that took. Steps already
    /// taken are left alone; of several processes that start at once, one takes them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database was made by a newer program and this one cannot live with that
    /// ([`can_live_with`](crate::store::can_live_with)), or a step taken before is not the one this program knows.
    async fn migrate(&self) -> Result<u32, StoreError>;

    /// Whether no step was ever taken here.
    async fn is_new(&self) -> Result<bool, StoreError>;

    /// How many steps [`ManagedStore::migrate`] would take. Nothing is changed.
    ///
    /// # Errors
    /// As for [`ManagedStore::migrate`], and if there is nothing at all.
    async fn pending_steps(&self) -> Result<u32, StoreError>;

    /// Forgets everything: afterwards the store is as a new one. For test installations alone; nobody may be writing.
    async fn reset(&self) -> Result<(), StoreError>;

    /// What the engine tells of itself. Whatever is tried to find that out is undone.
    async fn examine(&self) -> Result<EngineFacts, StoreError>;

    /// What time it is there, where that may be another machine.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Its rows as they are.
    fn portable(&self) -> &dyn Portable;

    /// The connections, where there are any.
    fn connections(&self) -> Option<Connections>;
}
