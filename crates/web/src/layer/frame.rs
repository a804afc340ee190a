//! What every answer has: an id, security headers, a line in the log, a place in the metrics, and an end even if its
//! handler panics.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::App;
use crate::extract::client_address;
use crate::layer::context::Context;
use crate::layer::request_id::{RequestId, RequestIds, X_REQUEST_ID, trace_id};
use crate::problem::{Problem, ProblemCode};

/// Longest address, in octets.
const MAX_URI: usize = 8 * 1024;
/// Most octets of header names and values together.
const MAX_HEADERS: usize = 32 * 1024;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");

/// The policy of whatever is not a page: nothing in it is ever to be run, loaded or framed.
const API_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Nothing here needs what a browser can do beyond showing text.
const NO_FEATURES: HeaderValue = HeaderValue::from_static(
    "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
);
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// How loudly the routes within are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A line for each request.
    Spoken,
    /// A line only if the log is at `debug`: routes that are asked thousands of times a second, and probes.
    Quiet,
}

/// Wraps routes in the frame.
#[derive(Clone)]
pub(crate) struct FrameLayer {
    shared: Arc<Shared>,
    tone: Tone,
}

struct Shared {
    app: App,
    ids: Arc<RequestIds>,
    public_url: Arc<str>,
    https: bool,
}

impl FrameLayer {
    /// The frame of an application's routes.
    pub(crate) fn new(app: &App) -> Self {
        let shared = Shared {
            ids: Arc::new(RequestIds::new(app.auth.entropy())),
            public_url: app.settings.public_url.as_str().into(),
            https: app.settings.is_https(),
            app: app.clone(),
        };
        Self {
            shared: Arc::new(shared),
            tone: Tone::Spoken,
        }
    }

    /// The same frame in another tone.
    pub(crate) fn toned(&self, tone: Tone) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            tone,
        }
    }
}

impl FrameLayer {
    /// Routes that are outside the limits by role still have one, far above what anybody honest asks: one look-up, and
    /// nothing is told of it unless it is reached.
    fn flooded(&self, request: &Request) -> Option<Problem> {
        if self.tone == Tone::Spoken {
            return None;
        }
        let app = &self.shared.app;
        let address = || client_address(request.headers(), request.extensions(), &app.settings);
        let seconds = app.limiter.flooded_by(address)?;
        let text = format!("Try again in {seconds} seconds.");
        Some(Problem::new(ProblemCode::RateLimited, text).retry_after(seconds))
    }
}

impl<S> Layer<S> for FrameLayer {
    type Service = Frame<S>;

    fn layer(&self, inner: S) -> Frame<S> {
        Frame {
            inner,
            layer: self.clone(),
        }
    }
}

/// Routes in their frame.
#[derive(Clone)]
pub(crate) struct Frame<S> {
    inner: S,
    layer: FrameLayer,
}

impl<S> Service<Request> for Frame<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let began = Instant::now();
        let shared = Arc::clone(&self.layer.shared);
        let tone = self.layer.tone;
        let id = shared.ids.of(request.headers());
        let seen = Seen {
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            client: tone.is_heard().then(|| {
                client_address(
                    request.headers(),
                    request.extensions(),
                    &shared.app.settings,
                )
            }),
        };
        let span = tone.span(id.as_str(), trace_id(request.headers()));
        let context = Context::new(id.clone(), Arc::clone(&shared.public_url));
        let refused = oversized(&request).or_else(|| self.layer.flooded(&request));
        let answer = match refused {
            None => Some(self.inner.call(request)),
            Some(_) => None,
        };
        Box::pin(async move {
            let mut response = match (answer, refused) {
                (Some(answer), _) => {
                    let answered = context
                        .clone()
                        .scope(AssertUnwindSafe(answer).catch_unwind())
                        .instrument(span.clone());
                    match answered.await {
                        Ok(Ok(response)) => response,
                        Err(panic) => span.in_scope(|| context.within(|| panicked(panic.as_ref()))),
                    }
                }
                (None, refused) => {
                    context.within(|| refused.unwrap_or_else(Problem::not_found).into_response())
                }
            };
            shared.dress(response.headers_mut(), &id);
            let status = response.status();
            let took = began.elapsed();
            shared
                .app
                .metrics
                .answered(&seen.method, seen.route(), status, took);
            span.in_scope(|| seen.tell(tone, status, took.as_secs_f64() * 1000.0));
            Ok(response)
        })
    }
}

impl Tone {
    fn is_heard(self) -> bool {
        match self {
            Self::Spoken => tracing::enabled!(target: "http", tracing::Level::INFO),
            Self::Quiet => tracing::enabled!(target: "http", tracing::Level::DEBUG),
        }
    }

    fn span(self, id: &str, trace: Option<&str>) -> tracing::Span {
        match self {
            Self::Spoken => {
                tracing::info_span!(target: "http", "request", request_id = id, trace_id = trace)
            }
            Self::Quiet => {
                tracing::debug_span!(target: "http", "request", request_id = id, trace_id = trace)
            }
        }
    }
}

/// What the log line tells of a request: never its query, headers or body.
struct Seen {
    method: Method,
    route: Option<MatchedPath>,
    client: Option<Option<std::net::IpAddr>>,
}

impl Seen {
    fn route(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    fn tell(&self, tone: Tone, status: StatusCode, milliseconds: f64) {
        let client = self.client.flatten().map(tracing::field::display);
        let (method, route, status) = (self.method.as_str(), self.route(), status.as_u16());
        match tone {
            Tone::Spoken => {
                tracing::info!(target: "http", method, route, status, ms = milliseconds, client, "answered");
            }
            Tone::Quiet => {
                tracing::debug!(target: "http", method, route, status, ms = milliseconds, client, "answered");
            }
        }
    }
}

/// Why a request is refused before anybody looks at it.
fn oversized(request: &Request) -> Option<Problem> {
    let uri = request
        .uri()
        .path_and_query()
        .map_or(0, |text| text.as_str().len());
    if uri > MAX_URI {
        return Some(Problem::new(
            ProblemCode::UriTooLong,
            "An address has at most 8192 octets here.",
        ));
    }
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    (headers > MAX_HEADERS).then(|| {
        Problem::new(
            ProblemCode::HeaderTooLarge,
            "Headers have at most 32768 octets together here.",
        )
    })
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = text.unwrap_or("of another type"),
        "a handler panicked"
    );
    Problem::new(
        ProblemCode::Internal,
        "The failure was logged under this request id.",
    )
    .into_response()
}

impl Shared {
    /// Puts on what every answer wears. What a handler has put on itself is kept.
    fn dress(&self, headers: &mut HeaderMap, id: &RequestId) {
        headers.reserve(8);
        headers.insert(X_REQUEST_ID, id.header());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers
            .entry(REFERRER_POLICY)
            .or_insert(HeaderValue::from_static("no-referrer"));
        headers
            .entry(CROSS_ORIGIN_RESOURCE_POLICY)
            .or_insert(HeaderValue::from_static("same-origin"));
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
        // Whoever forgets to say how long an answer holds has not thought about who may keep it.
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        if headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
        {
            headers.insert(
                CROSS_ORIGIN_OPENER_POLICY,
                HeaderValue::from_static("same-origin"),
            );
            headers.insert(PERMISSIONS_POLICY, NO_FEATURES);
        }
        if self.https {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
        }
    }
}
