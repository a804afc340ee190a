//! Whether the server is up, may be sent requests, and how its parts are.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::model::Role;
use ntt_auth_core::policy::{Action, Reach};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{FRAME, refusals};
use crate::extract::MaybeSignedIn;
use crate::problem::{Problem, ProblemCode};
use crate::system::{BreakerState, BreakerStats, Component, Condition, NodeStats};

/// The revocation log is read several times a second; unread for so long, revocations of other nodes may be missing.
const FOLLOWER_LATE: Duration = Duration::from_secs(2);
/// Unread for so long, the follower is taken to be dead.
const FOLLOWER_DEAD: Duration = Duration::from_mins(1);
/// A store that does not answer within this time is down for whoever waits.
const PING_PATIENCE: Duration = Duration::from_secs(2);

refusals!(FRAME);
refusals!(
    DetailedRefusals: &[
        ProblemCode::MalformedRequest,
        ProblemCode::TokenExpired,
        ProblemCode::TokenInvalid,
        ProblemCode::TokenRevoked,
        ProblemCode::RevocationsStale,
    ],
    FRAME,
);

/// Whether the server is up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health, example = json!({ "status": "ok", "timestamp": "2026-01-02T03:04:05.678Z", "version": "0.1.0" }))]
pub(crate) struct HealthBody {
    /// How the server is.
    status: Condition,
    /// The server's time.
    #[schema(value_type = String, format = DateTime)]
    timestamp: ntt_auth_core::model::Timestamp,
    /// The server's version.
    version: &'static str,
}

/// How each part of the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DetailedHealth, example = json!({
    "status": "ok", "timestamp": "2026-01-02T03:04:05.678Z", "version": "0.1.0",
    "components": [{ "name": "store", "status": "ok", "latencyMs": 0.841, "breaker": "closed" }]
}))]
pub(crate) struct DetailedHealthBody {
    #[serde(flatten)]
    health: HealthBody,
    /// The parts.
    components: Vec<ComponentBody>,
    /// The servers of this installation, where they know of each other (`redis.url`); told only to whoever may read everything about
    /// the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Vec<NodeBody>>,
}

/// A server of several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthNode)]
pub(crate) struct NodeBody {
    /// Its name, a new one at each start.
    #[schema(example = "4711-8c1f0d3a5b7e9246")]
    name: String,
    /// Its version.
    version: String,
    /// How its circuit breakers stand, by service.
    breakers: BTreeMap<String, BreakerState>,
}

/// A part of the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HealthComponent)]
pub(crate) struct ComponentBody {
    /// Its name.
    #[schema(example = "store")]
    name: &'static str,
    /// How it is.
    status: Condition,
    /// How long it took to answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    /// How the circuit breaker before it stands, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<BreakerState>,
    /// How long ago it last took up what others did, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_ms: Option<f64>,
    /// Why it is not well; told only to whoever may read everything about the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// How the server is
///
/// Always 200 while the server answers at all; `status` tells more.
#[utoipa::path(
    get,
    path = "/health",
    tag = "System",
    responses((status = 200, description = "The server is up.", body = HealthBody), Refusals),
)]
pub(crate) async fn health(State(app): State<App>) -> Json<HealthBody> {
    let components = [store(&app).await, keys(&app), revocations(&app)];
    Json(HealthBody::of(&app, worst(&components)))
}

/// Whether the process is alive
///
/// A probe that fails means: restart it. It asks nothing of the store.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "System",
    responses((status = 200, description = "The process is alive.", body = HealthBody), Refusals),
)]
pub(crate) async fn health_live(State(app): State<App>) -> Json<HealthBody> {
    Json(HealthBody::of(&app, Condition::Ok))
}

/// Whether requests may be sent here
///
/// A probe that fails means: send requests elsewhere. A server that was told to stop says so here first, and answers for a
/// moment more.
#[utoipa::path(get, path = "/health/ready", tag = "System", responses(
    (status = 200, description = "Requests may be sent.", body = HealthBody),
    (status = 503, description = "The store or the keys are not there, what other nodes revoke is not learned of, or the server is about to end.", body = HealthBody),
    Refusals,
))]
pub(crate) async fn health_ready(State(app): State<App>) -> Response {
    let condition = if app.probe.is_stopping() {
        Condition::Down
    } else {
        worst(&[store(&app).await, keys(&app), revocations(&app)])
    };
    let status = match condition {
        Condition::Ok | Condition::Degraded => StatusCode::OK,
        Condition::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(HealthBody::of(&app, condition))).into_response()
}

/// How each part of the server is
///
/// Anybody may ask; causes are told to administrators.
#[utoipa::path(
    get,
    path = "/health/detailed",
    tag = "System",
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The parts.", body = DetailedHealthBody),
        DetailedRefusals,
    ),
)]
pub(crate) async fn health_detailed(
    State(app): State<App>,
    MaybeSignedIn(caller): MaybeSignedIn,
) -> Result<Json<DetailedHealthBody>, Problem> {
    let role = caller.map_or(Role::Guest, |caller| caller.role);
    let causes = Action::ReadSystem.reach(role) == Reach::All;
    let mut components = vec![
        store(&app).await,
        keys(&app),
        revocations(&app),
        hashing(&app),
    ];
    components.extend(app.probe.components().await);
    let health = HealthBody::of(&app, worst(&components));
    let breakers = app.probe.breakers();
    let components = components
        .into_iter()
        .map(|component| ComponentBody::of(&app, component, &breakers, causes))
        .collect();
    let nodes = match causes {
        true => app.probe.nodes().await,
        false => Vec::new(),
    };
    let nodes = nodes.into_iter().map(NodeBody::from).collect::<Vec<_>>();
    Ok(Json(DetailedHealthBody {
        health,
        components,
        nodes: (!nodes.is_empty()).then_some(nodes),
    }))
}

impl HealthBody {
    fn of(app: &App, status: Condition) -> Self {
        Self {
            status,
            timestamp: app.auth.now(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl From<NodeStats> for NodeBody {
    fn from(node: NodeStats) -> Self {
        Self {
            name: node.name,
            version: node.version,
            breakers: node.breakers,
        }
    }
}

impl ComponentBody {
    fn of(app: &App, component: Component, breakers: &[BreakerStats], causes: bool) -> Self {
        let breaker = breakers
            .iter()
            .find(|breaker| breaker.service == component.name);
        let follows = component.name == REVOCATIONS;
        Self {
            breaker: breaker.map(|breaker| breaker.state),
            lag_ms: follows.then(|| milliseconds(app.auth.revocation_lag())),
            name: component.name,
            status: component.condition,
            latency_ms: component.latency.map(milliseconds),
            cause: component.cause.filter(|_| causes),
        }
    }
}

/// Milliseconds, to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    f64::from(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)) / 1000.0
}

fn worst(components: &[Component]) -> Condition {
    components
        .iter()
        .map(|component| component.condition)
        .max()
        .unwrap_or(Condition::Ok)
}

pub(super) async fn store(app: &App) -> Component {
    let began = Instant::now();
    let cause = match tokio::time::timeout(PING_PATIENCE, app.auth.store().ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(told(&error)),
        Err(_) => Some(format!(
            "no answer within {} seconds",
            PING_PATIENCE.as_secs()
        )),
    };
    let condition = if cause.is_none() {
        Condition::Ok
    } else {
        Condition::Down
    };
    Component {
        name: "store",
        condition,
        latency: Some(began.elapsed()),
        cause,
    }
}

/// An error with its nearest cause.
fn told(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn keys(app: &App) -> Component {
    let (condition, cause) = match app.auth.keyring().get().current() {
        Some(_) => (Condition::Ok, None),
        None => (
            Condition::Down,
            Some("there is no current signing key".to_owned()),
        ),
    };
    Component {
        name: "keys",
        condition,
        latency: None,
        cause,
    }
}

/// The name of the part that follows revocations.
const REVOCATIONS: &str = "revocations";

fn revocations(app: &App) -> Component {
    let lag = app.auth.revocation_lag();
    let condition = match lag {
        _ if app.auth.is_stale() => Condition::Down,
        lag if lag >= FOLLOWER_DEAD => Condition::Down,
        lag if lag >= FOLLOWER_LATE => Condition::Degraded,
        _ => Condition::Ok,
    };
    let cause = (condition != Condition::Ok).then(|| {
        let (seconds, at) = (lag.as_secs(), app.auth.revoked().followed_at());
        let refusing = match app.auth.is_stale() {
            true => "; no access token is accepted until it can be read",
            false => "",
        };
        format!("the log was last read {seconds} seconds ago, at {at}{refusing}")
    });
    Component {
        name: REVOCATIONS,
        condition,
        latency: None,
        cause,
    }
}

fn hashing(app: &App) -> Component {
    let stats = app.probe.hashing();
    let full = stats.capacity > 0 && stats.waiting >= stats.capacity;
    let cause = full.then(|| format!("{} sign-ins are waiting, as many as may", stats.waiting));
    let condition = if full {
        Condition::Degraded
    } else {
        Condition::Ok
    };
    Component {
        name: "hashing",
        condition,
        latency: None,
        cause,
    }
}
