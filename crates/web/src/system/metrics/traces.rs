//! What is told of traces.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::raise;
use crate::system::TraceStats;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SpanLabels {
    outcome: &'static str,
}

/// The series of traces, empty where none are sent.
#[derive(Default)]
pub(super) struct TraceSeries {
    spans: Family<SpanLabels, Counter>,
}

impl TraceSeries {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let series = Self::default();
        registry.register(
            "trace_spans",
            "Spans of traces, by what became of them",
            series.spans.clone(),
        );
        series
    }

    pub(super) fn look(&self, stats: Option<TraceStats>) {
        let Some(stats) = stats else {
            return;
        };
        for (outcome, total) in [
            ("sent", stats.sent),
            ("failed", stats.failed),
            ("dropped", stats.dropped),
        ] {
            let labels = SpanLabels { outcome };
            raise(&self.spans.get_or_create_owned(&labels), total);
        }
    }
}
