//! `GET /metrics`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use subtle::ConstantTimeEq as _;

use crate::App;
use crate::api::schema::{FRAME, refusals};
use crate::extract::{bearer, missing_token};
use crate::problem::{Problem, ProblemCode};
use crate::settings::MetricsAccess;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

refusals!(
    &[
        ProblemCode::MalformedRequest,
        ProblemCode::TokenMissing,
        ProblemCode::TokenInvalid,
        ProblemCode::NotFound,
    ],
    FRAME,
);

/// Metrics
///
/// For Prometheus, in the text format of `OpenMetrics`. Needs the token configured for metrics, which is no access token;
/// if none is configured, this address does not exist.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "System",
    security(("metrics" = [])),
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "application/openmetrics-text",
            example = "# TYPE ntt_auth_http_requests counter\n# EOF\n"),
        Refusals,
    ),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let MetricsAccess::Token(token) = &app.settings.metrics else {
        return Err(Problem::not_found());
    };
    let presented = bearer(&headers)?.ok_or_else(missing_token)?;
    if !bool::from(presented.as_bytes().ct_eq(token.as_bytes())) {
        return Err(Problem::new(
            ProblemCode::TokenInvalid,
            "Send the token that is configured for metrics.",
        ));
    }
    render(&app).await
}

/// The metrics without asking who reads them: for a listener of their own.
pub(crate) async fn open_metrics(State(app): State<App>) -> Result<Response, Problem> {
    render(&app).await
}

async fn render(app: &App) -> Result<Response, Problem> {
    match app.metrics.render(app).await {
        Ok(text) => Ok(([(CONTENT_TYPE, OPENMETRICS)], text).into_response()),
        Err(std::fmt::Error) => Err(Problem::new(
            ProblemCode::Internal,
            "The metrics could not be written.",
        )),
    }
}
