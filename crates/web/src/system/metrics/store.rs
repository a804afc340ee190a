//! What is told of the store's engine.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::raise;
use crate::system::StoreStats;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatementLabels {
    statement: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabels {
    state: &'static str,
}

/// The series of the store.
#[derive(Default)]
pub(super) struct StoreSeries {
    connections: Family<ConnectionLabels, Gauge>,
    most: Gauge,
    statements: Family<StatementLabels, Counter>,
    slow: Family<StatementLabels, Counter>,
    time: Family<StatementLabels, Counter<f64, AtomicU64>>,
}

impl StoreSeries {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let series = Self::default();
        registry.register(
            "store_connections",
            "Connections of this server to the database, by state",
            series.connections.clone(),
        );
        registry.register(
            "store_connections_most",
            "Most connections to the database that this server opens",
            series.most.clone(),
        );
        registry.register(
            "store_statements",
            "Statements that the database was asked to run",
            series.statements.clone(),
        );
        registry.register(
            "store_slow_statements",
            "Statements that took longer than database.slow_statement",
            series.slow.clone(),
        );
        registry.register_with_unit(
            "store_statement_time",
            "Time that statements took, all together",
            Unit::Seconds,
            series.time.clone(),
        );
        series
    }

    pub(super) fn look(&self, stats: StoreStats) {
        if let Some(connections) = stats.connections {
            let idle = connections.open.saturating_sub(connections.in_use);
            for (state, count) in [("in_use", connections.in_use), ("idle", idle)] {
                let labels = ConnectionLabels { state };
                self.connections
                    .get_or_create_owned(&labels)
                    .set(count.into());
            }
            self.most.set(connections.most.into());
        }
        for statement in stats.statements {
            let labels = StatementLabels {
                statement: statement.name,
            };
            raise(
                &self.statements.get_or_create_owned(&labels),
                statement.count,
            );
            raise(&self.slow.get_or_create_owned(&labels), statement.slow);
            let time = self.time.get_or_create_owned(&labels);
            let seconds = statement.time.as_secs_f64().to_bits();
            time.inner().store(seconds, Ordering::Relaxed);
        }
    }
}
