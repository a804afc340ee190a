//! Traces as a collector gets them, without one: spans that ended are looked at before they are sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use http::{HeaderMap, Request, StatusCode};
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceId, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanProcessor};
use tower::ServiceExt as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::client::{CollectorClient, Trouble};
use super::export::{Outlet, queue};
use super::request::RequestSpans;
use super::spans::{exporter, layer};
use crate::settings::{Inputs, Tracing, load};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn settings(pairs: &[(&str, &str)]) -> Tracing {
    let environment = pairs
        .iter()
        .map(|(key, value)| (format!("NTT_AUTH__TRACING__{key}"), (*value).to_owned()));
    let inputs = Inputs {
        environment: environment.collect(),
        ..Inputs::default()
    };
    load(&inputs).unwrap().tracing
}

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Kept {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// What a request to a router with a log beside the traces left: its spans, and the `traceparent` that the handler saw.
fn traced(settings: &Tracing, request: Request<Body>) -> (Vec<SpanData>, Option<String>) {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(kept.clone())
        .build();
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    let layers = vec![
        log.with_filter(tracing::level_filters::LevelFilter::INFO)
            .boxed(),
        layer(provider.tracer("test"), settings.sample),
    ];
    let subscriber = tracing_subscriber::registry().with(layers);
    let seen = Arc::new(Mutex::new(None));
    let sees = Arc::clone(&seen);
    let handler = async move |headers: HeaderMap| {
        let value = headers.get("traceparent");
        *sees.lock().unwrap() = value.map(|value| value.to_str().unwrap().to_owned());
        let of_the_log = tracing::info_span!(target: "http", "request", email = "ada@example.com");
        of_the_log.in_scope(|| {
            tracing::info!(address = "192.0.2.1", "not a trace's");
            drop(tracing::info_span!(target: "trace", "step", hashes = 3_i64));
        });
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let router = Router::new()
        .route("/users/{id}", get(handler.clone()))
        .route("/api/v1/auth/validate", get(handler))
        .layer(RequestSpans::new(settings, "https://auth.example.com"));
    tracing::subscriber::with_default(subscriber, || {
        futures::executor::block_on(router.oneshot(request)).unwrap();
    });
    let spans = std::mem::take(&mut *kept.0.lock().unwrap());
    let seen = seen.lock().unwrap().take();
    (spans, seen)
}

fn asking(path: &str, peer: &str, traceparent: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    let peer = SocketAddr::new(peer.parse().unwrap(), 1);
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(value) = traceparent {
        let value = value.parse().unwrap();
        request.headers_mut().insert("traceparent", value);
    }
    request
}

fn told_by_caller(flags: &str) -> String {
    format!("00-{TRACE}-00f067aa0ba902b7-{flags}")
}

#[test]
fn a_request_becomes_a_span_with_its_parts_and_nothing_personal() {
    let header = told_by_caller("01");
    let request = asking("/users/ada?token=secret", "127.0.0.1", Some(&header));
    let (spans, seen) = traced(&settings(&[("SAMPLE", "0")]), request);

    let [step, server] = &spans[..] else {
        panic!("two spans: {spans:?}")
    };
    assert_eq!(server.name, "GET /users/{id}");
    assert_eq!(server.span_kind, SpanKind::Server);
    assert_eq!(
        server.span_context.trace_id(),
        TraceId::from_hex(TRACE).unwrap()
    );
    assert_eq!(
        server.parent_span_id,
        SpanId::from_hex("00f067aa0ba902b7").unwrap()
    );
    assert_eq!(server.status, Status::error(""));
    let mut told: Vec<_> = server
        .attributes
        .iter()
        .map(|told| format!("{}={}", told.key, told.value))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "error.type=500",
            "http.request.method=GET",
            "http.response.status_code=500",
            "http.route=/users/{id}",
            "network.protocol.version=1.1",
            "server.address=auth.example.com",
            "server.port=443",
            "url.scheme=https",
        ]
    );
    assert_eq!(step.name, "step");
    assert_eq!(step.parent_span_id, server.span_context.span_id());
    assert!(spans.iter().all(|span| span.events.is_empty()));
    // The log names the same trace: it takes it from there.
    let own = format!("00-{TRACE}-{}-01", server.span_context.span_id());
    assert_eq!(seen.as_deref(), Some(&*own));
}

#[test]
fn only_those_in_the_named_networks_decide_what_is_traced() {
    let (yes, no) = (told_by_caller("01"), told_by_caller("00"));
    for (peer, header, sample, expected) in [
        ("10.1.2.3", &yes, "0", Some(true)),
        ("10.1.2.3", &no, "1", None),
        ("192.0.2.1", &yes, "0", None),
        ("192.0.2.1", &no, "1", Some(false)),
        ("::ffff:10.1.2.3", &yes, "0", Some(true)),
    ] {
        let request = asking("/users/ada", peer, Some(header));
        let (spans, seen) = traced(&settings(&[("SAMPLE", sample)]), request);
        let is_the_callers = spans
            .last()
            .map(|span| span.span_context.trace_id() == TraceId::from_hex(TRACE).unwrap());
        assert_eq!(is_the_callers, expected, "{peer} {header} {sample}");
        if expected.is_none() {
            assert_eq!(seen.as_deref(), Some(&**header), "passed on as it came");
        }
    }
}

#[test]
fn what_is_asked_very_often_has_a_share_of_its_own() {
    let settings = settings(&[("SAMPLE", "1"), ("SAMPLE_QUIET", "0")]);
    let validation = asking("/api/v1/auth/validate", "127.0.0.1", None);
    assert!(traced(&settings, validation).0.is_empty());
    assert_eq!(
        traced(&settings, asking("/users/ada", "127.0.0.1", None))
            .0
            .len(),
        2
    );
    let (spans, _) = traced(&settings, asking("/nowhere", "127.0.0.1", None));
    assert_eq!(spans.first().unwrap().name, "GET", "no address in a name");
}

#[tokio::test]
async fn spans_that_do_not_fit_are_dropped_and_counted_and_nobody_waits() {
    // Nobody listens there.
    let unheard = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", unheard.local_addr().unwrap());
    drop(unheard);
    let settings = settings(&[("ENDPOINT", &address)]);
    let trouble = Trouble::default();
    let client = CollectorClient::new(settings.timeout, trouble.clone());
    let exporter = exporter(&settings.collector.unwrap(), settings.timeout, client).unwrap();
    let outlet = Arc::new(Outlet::new());
    let (intake, sending) = queue(exporter, &outlet, trouble);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(intake)
        .build();
    let tracer = provider.tracer("test");
    for _ in 0..5_000 {
        drop(opentelemetry::trace::Tracer::start(&tracer, "step"));
    }
    assert_eq!(outlet.stats().dropped, 5_000 - 4_096);
    let sending = tokio::spawn(sending);
    outlet.finish().await;
    sending.await.unwrap();
    let stats = outlet.stats();
    assert_eq!((stats.sent, stats.failed + stats.dropped), (0, 5_000));
    assert_eq!(
        outlet.breaker().opened,
        1,
        "the collector was left alone after one attempt"
    );
}
