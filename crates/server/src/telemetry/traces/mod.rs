//! Traces (OPS-4): what a request spends its time on, told to a collector of OpenTelemetry.
//!
//! Code anywhere opens a plain `tracing` span whose target is `trace`: it belongs to a trace if the code runs for something
//! that is traced, and costs next to nothing otherwise. Such spans name statements, letters and the like; what is personal
//! has no place in them. Two targets begin a trace: `trace::request`, opened here around a request that was chosen, and
//! `trace::job`, of which some are chosen when they are opened. The log sees none of these, and a collector nothing of the log.

#[cfg(feature = "otel")]
mod client;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod request;
#[cfg(feature = "otel")]
mod sampling;
#[cfg(feature = "otel")]
mod spans;
#[cfg(test)]
#[cfg(feature = "otel")]
mod tests;

#[cfg(feature = "otel")]
pub use spans::{Traces, statement};
#[cfg(not(feature = "otel"))]
pub use without::{Traces, statement};

use tracing_subscriber::{Layer, Registry};

/// What the targets of all spans of traces begin with.
pub const TARGET: &str = "trace";

/// What hears of spans.
pub type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// A build without traces, whose settings refuse them.
#[cfg(not(feature = "otel"))]
mod without {
    #![expect(missing_docs, reason = "they are those of the build with traces")]
    #![expect(clippy::unused_self, reason = "there is nothing to look at")]

    use std::time::Duration;

    use axum::Router;
    use ntt_auth_web::TraceStats;
    use tokio::runtime::Handle;

    use super::SpanLayer;
    use crate::breaker::BreakerReport;
    use crate::settings::Tracing;
    use crate::start::StartError;

    #[derive(Debug)]
    pub struct Traces;

    impl Traces {
        pub fn start(_: &Tracing, _: &Handle) -> Result<Self, StartError> {
            Ok(Self)
        }

        pub fn layer(&self) -> Option<SpanLayer> {
            None
        }

        pub fn around(&self, router: Router, _: &str) -> Router {
            router
        }

        pub fn stats(&self) -> Option<TraceStats> {
            None
        }

        pub fn breaker(&self) -> Option<BreakerReport> {
            None
        }

        #[expect(clippy::unused_async, reason = "there is nothing to be sent")]
        pub async fn finish(&self) {}
    }

    pub fn statement(_: &'static str, _: &'static str, _: Duration) {}
}
