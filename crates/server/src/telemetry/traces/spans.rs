//! Making spans, and handing them to whoever sends them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use axum::Router;
use ntt_auth_core::port::{Entropy, random};
use ntt_auth_web::TraceStats;
use opentelemetry::trace::{
    Span as _, SpanId, SpanKind, TraceContextExt, TraceId, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    IdGenerator, Sampler, SdkTracer, SdkTracerProvider, SpanExporter as _,
};
use tokio::runtime::Handle;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;

use super::client::{CollectorClient, Trouble};
use super::export::{Outlet, queue};
use super::request::RequestSpans;
use super::sampling::Sampling;
use super::{SpanLayer, TARGET};
use crate::breaker::BreakerReport;
use crate::ports::SystemEntropy;
use crate::settings::{Collector, Share, Tracing};
use crate::start::StartError;

/// The target of what begins a trace because it was chosen to.
pub(super) const REQUEST: &str = "trace::request";
/// The target of what begins a trace if it is chosen now.
const JOB: &str = "trace::job";

/// By what statements are told of: there is one for the process, as there is one log.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// The traces of this process.
pub struct Traces(Option<Running>);

struct Running {
    settings: Tracing,
    provider: SdkTracerProvider,
    outlet: Arc<Outlet>,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Traces").field(&self.0.is_some()).finish()
    }
}

impl Traces {
    /// Begins to send traces, on `runtime`, if the settings name a collector. Whether it is there is not asked.
    ///
    /// # Errors
    /// If it cannot be spoken to in the way that is configured.
    pub fn start(settings: &Tracing, runtime: &Handle) -> Result<Self, StartError> {
        let Some(collector) = &settings.collector else {
            return Ok(Self(None));
        };
        let entropy = SystemEntropy::default();
        let resource = resource(&settings.service_name, &entropy);
        let trouble = Trouble::default();
        let client = CollectorClient::new(settings.timeout, trouble.clone());
        let mut exporter = exporter(collector, settings.timeout, client)?;
        exporter.set_resource(&resource);
        let outlet = Arc::new(Outlet::new());
        let (intake, sending) = queue(exporter, &outlet, trouble);
        runtime.spawn(sending);
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            // What is made was chosen before.
            .with_sampler(Sampler::AlwaysOn)
            .with_id_generator(Ids(entropy))
            .with_span_processor(intake)
            .build();
        // In tests there may be one already.
        let _ = TRACER.set(provider.tracer("ntt-auth"));
        Ok(Self(Some(Running {
            settings: settings.clone(),
            provider,
            outlet,
        })))
    }

    /// Makes spans of traces from those of `tracing`.
    pub fn layer(&self) -> Option<SpanLayer> {
        let running = self.0.as_ref()?;
        let tracer = running.provider.tracer("ntt-auth");
        Some(layer(tracer, running.settings.sample))
    }

    /// Has the requests to `router` be traced. `issuer` is how others call this server.
    pub fn around(&self, router: Router, issuer: &str) -> Router {
        match &self.0 {
            Some(running) => router.layer(RequestSpans::new(&running.settings, issuer)),
            None => router,
        }
    }

    /// What became of spans since the start.
    pub fn stats(&self) -> Option<TraceStats> {
        Some(self.0.as_ref()?.outlet.stats())
    }

    /// How the breaker before the collector stands.
    pub fn breaker(&self) -> Option<BreakerReport> {
        Some(self.0.as_ref()?.outlet.breaker())
    }

    /// Sends what is left.
    pub async fn finish(&self) {
        if let Some(running) = &self.0 {
            running.outlet.finish().await;
        }
    }
}

/// Makes spans of traces from those of `tracing`: those of jobs by their share, and whatever is part of a trace.
pub(super) fn layer(tracer: SdkTracer, share_of_jobs: Share) -> SpanLayer {
    let jobs = Sampling::of(share_of_jobs);
    // What is not ours is asked about all the same where the log wants to hear of it.
    let filter = dynamic_filter_fn(move |metadata, _| match metadata.target() {
        _ if !is_ours(metadata) => false,
        REQUEST => true,
        JOB => is_traced() || jobs.chooses(),
        _ => is_traced(),
    })
    .with_callsite_filter(|metadata| match is_ours(metadata) {
        true => tracing::subscriber::Interest::sometimes(),
        false => tracing::subscriber::Interest::never(),
    })
    .with_max_level_hint(LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    layer.with_filter(filter).boxed()
}

/// What time it is for a collector, whatever time this installation is at in a test.
#[expect(
    clippy::disallowed_methods,
    reason = "the library takes the times of all other spans in the same way"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Tells of a statement that ran just now for so long, if it ran for something that is traced.
pub fn statement(system: &'static str, name: &'static str, took: Duration) {
    let Some(tracer) = TRACER.get().filter(|_| is_traced()) else {
        return;
    };
    let end = now();
    let span = tracer
        .span_builder(name)
        .with_kind(SpanKind::Client)
        .with_start_time(end.checked_sub(took).unwrap_or(end))
        .with_attributes([
            KeyValue::new("db.system.name", system),
            KeyValue::new("db.query.summary", name),
        ]);
    let mut span = Context::map_current(|within| span.start_with_context(tracer, within));
    span.end_with_timestamp(end);
}

/// Whether the code runs for something that is traced.
fn is_traced() -> bool {
    Context::map_current(TraceContextExt::has_active_span)
}

/// Whether this is a span of traces. Events are the log's: they may tell who did what.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && metadata
            .target()
            .strip_prefix(TARGET)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What is told of this server with every batch.
fn resource(name: &str, entropy: &dyn Entropy) -> Resource {
    let instance = format!("{:032x}", u128::from_be_bytes(random(entropy)));
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", name.to_owned()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
        ])
        .build()
}

pub(super) fn exporter(
    collector: &Collector,
    timeout: Duration,
    client: CollectorClient,
) -> Result<SpanExporter, StartError> {
    let headers: HashMap<_, _> = collector
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let value = str::from_utf8(value.as_bytes()).ok()?;
            Some((name.to_string(), value.to_owned()))
        })
        .collect();
    SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(collector.endpoint.as_str())
        .with_timeout(timeout)
        .with_headers(headers)
        // Its pauses would block a thread of the server. What was not taken is waited for by the breaker.
        .with_retry_policy(RetryPolicy::default().with_max_retries(0))
        .build()
        .map_err(|error| StartError::Traces(error.to_string()))
}

/// Ids from the source of randomness that everything else has.
#[derive(Debug)]
struct Ids(SystemEntropy);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(random(&self.0))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(random(&self.0))
    }
}
