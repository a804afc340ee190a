//! What is told of circuit breakers.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::raise;
use crate::system::{BreakerState, BreakerStats};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BreakerLabels {
    service: &'static str,
}

/// The series of the breakers.
#[derive(Default)]
pub(super) struct BreakerSeries {
    state: Family<BreakerLabels, Gauge>,
    opened: Family<BreakerLabels, Counter>,
    refused: Family<BreakerLabels, Counter>,
}

impl BreakerSeries {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let series = Self::default();
        registry.register(
            "breaker_state",
            "How the circuit breaker around a service stands: 0 closed, 1 half-open, 2 open",
            series.state.clone(),
        );
        registry.register(
            "breaker_opened",
            "How often the circuit breaker around a service opened",
            series.opened.clone(),
        );
        registry.register(
            "breaker_refused",
            "Calls that the circuit breaker around a service refused",
            series.refused.clone(),
        );
        series
    }

    pub(super) fn look(&self, breakers: Vec<BreakerStats>) {
        for breaker in breakers {
            let labels = BreakerLabels {
                service: breaker.service,
            };
            let state = match breaker.state {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            };
            self.state.get_or_create_owned(&labels).set(state);
            raise(&self.opened.get_or_create_owned(&labels), breaker.opened);
            raise(&self.refused.get_or_create_owned(&labels), breaker.refused);
        }
    }
}
