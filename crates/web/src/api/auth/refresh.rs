//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use ntt_auth_core::flow::Refresh;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BODY, TokensBody, refusals};
use crate::extract::{Json, Peer};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    &[
        ProblemCode::RefreshTokenReused,
        ProblemCode::RefreshTokenExpired,
        ProblemCode::RefreshTokenInvalid
    ],
    ANY,
);

/// The refresh token of a session.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Refresh, example = json!({ "refreshToken": "ntt_rt_AQGZpvKNQX4KjDtvXk08Kxo…" }))]
pub(crate) struct RefreshRequest {
    /// The token that was last handed out.
    refresh_token: String,
}

/// Refresh
///
/// Uses up the refresh token and gives its successor with a new access token. The same client that uses a token again
/// within a short time, because an answer was lost, gets the same successor again; any other second use ends the
/// session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "Authentication",
    responses(
        (status = 200, description = "Refreshed.", body = TokensBody, headers(
            ("Cache-Control" = String, description = "`no-store`"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    Peer(client): Peer,
    Json(request): Json<RefreshRequest>,
) -> Result<TokensBody, Problem> {
    let tokens = Refresh {
        token: request.refresh_token,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(TokensBody::of(tokens, app.auth.now()))
}
