//! `POST /api/v1/auth/logout`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{Actor, SignOut};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, refusals};
use crate::extract::{Json, May, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], ANY);

/// A refresh token whose session ends, too.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Logout, example = json!({ "refreshToken": "ntt_rt_AQGZpvKNQX4KjDtvXk08Kxo…" }))]
pub(crate) struct LogoutRequest {
    /// The refresh token; enough by itself when the access token has expired.
    refresh_token: Option<String>,
}

/// Sign out
///
/// Ends the session of the access token, and that of the refresh token if one is given: both are refused from now on.
/// A refresh token is enough by itself, so that a client whose access token has expired can sign out.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "Authentication",
    request_body(content = Option<LogoutRequest>),
    security((), ("bearer" = [])),
    responses((status = 204, description = "Signed out."), Refusals),
)]
pub(crate) async fn logout(
    State(app): State<App>,
    Peer(client): Peer,
    holder: Result<May<may::HoldSession>, Problem>,
    body: Option<Json<Option<LogoutRequest>>>,
) -> Result<StatusCode, Problem> {
    let refresh_token = body.and_then(|Json(request)| request?.refresh_token);
    let caller = match (holder, &refresh_token) {
        (Ok(holder), _) => match holder.0 {
            Actor::Caller(caller) => Some(caller),
            Actor::Operator => None,
        },
        (Err(problem), None) => return Err(problem),
        (Err(_), Some(_)) => None,
    };
    SignOut {
        caller,
        refresh_token,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
