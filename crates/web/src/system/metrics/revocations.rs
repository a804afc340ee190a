//! How this node follows what is revoked, and who follows it.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::App;

pub(super) struct RevocationMetrics {
    in_force: Gauge,
    latest: Gauge,
    streams: Gauge,
    age: Gauge<f64, AtomicU64>,
}

impl RevocationMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let in_force = gauge("revocations", "Revocations in force");
        let latest = gauge(
            "revocations_latest",
            "Number of the newest revocation that was read",
        );
        let streams = gauge(
            "revocation_streams",
            "Services that follow revocations here",
        );
        let age = Gauge::default();
        registry.register_with_unit(
            "revocations_age",
            "Time since the revocation log was read",
            Unit::Seconds,
            age.clone(),
        );
        Self {
            in_force,
            latest,
            streams,
            age,
        }
    }

    pub(super) fn look(&self, app: &App) {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.in_force.set(whole(app.auth.revoked().len()));
        self.latest.set(app.auth.feed().head().sequence());
        self.streams.set(whole(app.feeds.followers()));
        self.age.set(app.auth.revocation_lag().as_secs_f64());
    }
}
