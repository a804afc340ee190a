//! `DELETE /api/v1/auth/sessions/{sessionId}`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::EndSession;

use crate::App;
use crate::api::schema::{ANY, BEARER, SessionPath, refusals};
use crate::extract::{May, Path, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// End a session
///
/// Ends one of the caller's own sessions: its tokens are refused from now on.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions/{sessionId}",
    tag = "Sessions",
    params(SessionPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended."), Refusals),
)]
pub(crate) async fn end_session(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    _: May<may::HoldSession>,
    Path(SessionPath { session_id }): Path<SessionPath>,
) -> Result<StatusCode, Problem> {
    EndSession {
        caller,
        session: session_id,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
