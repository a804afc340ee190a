//! What an engine tells of itself, for whoever looks after it. It is told as it is; what is good enough is judged elsewhere.

use std::collections::BTreeMap;

/// What an engine tells of itself and of this program's place in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineFacts {
    /// Its name, which tells relatives apart: MariaDB is not MySQL.
    pub product: &'static str,
    /// Its version, as it writes it.
    pub version: String,
    /// Whether what this program needs is there.
    pub schema: SchemaFacts,
    /// What this program would do to its tables now and then, and is not permitted to: what, and what the engine says.
    pub denied: Vec<(&'static str, String)>,
    /// Connections of everybody that are open, and the most there may be.
    pub connections: Option<(u64, u64)>,
    /// What is set there, by the engine's own names.
    pub settings: BTreeMap<String, String>,
}

/// How far the tables, or the like, are those of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFacts {
    /// Whether no step was ever taken.
    pub is_new: bool,
    /// How many steps are still to be taken, or why none can be.
    pub pending: Result<u32, String>,
    /// Columns and indexes that are missing or of another kind, each as it should be.
    pub missing: Vec<String>,
}

impl Default for SchemaFacts {
    fn default() -> Self {
        Self {
            is_new: true,
            pending: Ok(0),
            missing: Vec::new(),
        }
    }
}
