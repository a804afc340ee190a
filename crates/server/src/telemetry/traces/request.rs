//! The span around a request that is traced.

use std::collections::HashSet;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::response::Response;
use futures::future::{BoxFuture, Either};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use ipnet::IpNet;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use url::Url;

use super::sampling::Sampling;
use super::spans::REQUEST;
use crate::settings::Tracing;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Puts spans around requests that are traced. It stands around routes, so that it knows which one a request has matched.
#[derive(Clone)]
pub(super) struct RequestSpans(Arc<Shared>);

struct Shared {
    sampling: Sampling,
    quiet_sampling: Sampling,
    quiet: HashSet<String>,
    callers: Vec<IpNet>,
    scheme: String,
    host: Option<String>,
    port: Option<i64>,
}

impl RequestSpans {
    pub(super) fn new(settings: &Tracing, issuer: &str) -> Self {
        let issuer = Url::parse(issuer).ok();
        let issuer = issuer.as_ref();
        Self(Arc::new(Shared {
            sampling: Sampling::of(settings.sample),
            quiet_sampling: Sampling::of(settings.sample_quiet),
            quiet: ntt_auth_web::quiet_paths().into_iter().collect(),
            callers: settings.callers.clone(),
            scheme: issuer.map_or("http", Url::scheme).to_owned(),
            host: issuer.and_then(Url::host_str).map(str::to_owned),
            port: issuer.and_then(Url::port_or_known_default).map(i64::from),
        }))
    }
}

impl<S> Layer<S> for RequestSpans {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced {
            inner,
            shared: Arc::clone(&self.0),
        }
    }
}

/// Routes whose requests are traced.
#[derive(Clone)]
pub(super) struct Traced<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request> for Traced<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match self.shared.choose(&request) {
            None => Either::Left(self.inner.call(request)),
            Some(parent) => {
                let span = self.shared.open(&request, parent);
                hand_on(&span, &mut request);
                let answer = span.in_scope(|| self.inner.call(request));
                Either::Right(Box::pin(answered(span, answer)))
            }
        }
    }
}

/// Of what a chosen request is part.
enum Parent {
    /// Of a trace that its caller began.
    Remote(Context),
    /// Of nothing before it.
    None,
}

impl Shared {
    /// Decides whether a request is traced. Nothing is made for those that are not.
    fn choose(&self, request: &Request) -> Option<Parent> {
        if let Some(parent) = self.parent(request) {
            let is_sampled = parent.span().span_context().is_sampled();
            return is_sampled.then_some(Parent::Remote(parent));
        }
        let is_quiet = route(request).is_some_and(|route| self.quiet.contains(route));
        let sampling = match is_quiet {
            true => self.quiet_sampling,
            false => self.sampling,
        };
        sampling.chooses().then_some(Parent::None)
    }

    /// What the caller is about, if it says so and its word is taken.
    fn parent(&self, request: &Request) -> Option<Context> {
        if !request.headers().contains_key(TRACEPARENT) {
            return None;
        }
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        if !self.callers.iter().any(|network| network.contains(&peer)) {
            return None;
        }
        let told = TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &HeaderExtractor(request.headers()));
        told.span().span_context().is_valid().then_some(told)
    }

    /// A span as the field's conventions have it. The address has ids and secrets in it and is not told, its template is.
    fn open(&self, request: &Request, parent: Parent) -> Span {
        let route = route(request);
        let method = known(request.method());
        let name = match route {
            Some(route) => format!("{} {route}", method.unwrap_or("HTTP")),
            None => method.unwrap_or("HTTP").to_owned(),
        };
        let span = tracing::info_span!(
            target: REQUEST,
            parent: None,
            "request",
            otel.name = name,
            otel.kind = "server",
            otel.status_code = Empty,
            "http.request.method" = method.unwrap_or("_OTHER"),
            "http.route" = route,
            "http.response.status_code" = Empty,
            "error.type" = Empty,
            "url.scheme" = self.scheme,
            "server.address" = self.host.as_deref(),
            "server.port" = self.port,
            "network.protocol.version" = version(request.version()),
        );
        if let Parent::Remote(parent) = parent {
            // It fails only for a span that was begun, or is nobody's.
            let _ = span.set_parent(parent);
        }
        span
    }
}

fn route(request: &Request) -> Option<&str> {
    request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str)
}

/// Has the log name the trace that the request is part of from here on.
fn hand_on(span: &Span, request: &mut Request) {
    let context = span.context();
    let context = context.span().span_context().clone();
    let text = format!("00-{}-{}-01", context.trace_id(), context.span_id());
    if let Ok(value) = HeaderValue::try_from(text) {
        request.headers_mut().insert(TRACEPARENT, value);
    }
}

async fn answered(
    span: Span,
    answer: impl Future<Output = Result<Response, Infallible>>,
) -> Result<Response, Infallible> {
    let answer = answer.instrument(span.clone()).await;
    if let Ok(response) = &answer {
        let status: StatusCode = response.status();
        span.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            span.record("error.type", status.as_str());
            span.record("otel.status_code", "ERROR");
        }
    }
    answer
}

/// Methods that a name may be made of: anybody can send others.
fn known(method: &Method) -> Option<&'static str> {
    let known = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY",
    ];
    known.into_iter().find(|name| *name == method.as_str())
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
