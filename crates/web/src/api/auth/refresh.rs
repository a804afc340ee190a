//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use ntt_auth_core::flow::{Refresh, RefreshError};
use ntt_auth_core::model::{FieldErrors, Invalid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BODY, TokensBody, refusals};
use crate::browser::{Browser, clear_session};
use crate::extract::{Json, Peer};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    &[
        ProblemCode::RefreshTokenReused,
        ProblemCode::RefreshTokenExpired,
        ProblemCode::RefreshTokenInvalid,
        ProblemCode::CsrfRefused,
    ],
    ANY,
);

/// The refresh token of a session; in browser mode it is in its cookie, and nothing need be sent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Refresh, example = json!({ "refreshToken": "ntt_rt_AQGZpvKNQX4KjDtvXk08Kxo…" }))]
pub(crate) struct RefreshRequest {
    /// The token that was last handed out.
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// Refresh
///
/// Uses up the refresh token and gives its successor with a new access token. The same client that uses a token again
/// within a short time, because an answer was lost, gets the same successor again; any other second use ends the
/// session.
///
/// Without a token in the body the cookie of browser mode is used; `X-CSRF-Token` must then hold the session's `csrfToken`. The
/// successor is set as a cookie, and a cookie that is refused is taken back.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "Authentication",
    request_body(content = Option<RefreshRequest>),
    params(("X-CSRF-Token" = Option<String>, Header, description = "The `csrfToken` of the session, where its cookie is used.")),
    responses(
        (status = 200, description = "Refreshed.", body = TokensBody, headers(
            ("Cache-Control" = String, description = "`no-store`"),
            ("Set-Cookie" = String, description = "In browser mode: the successor, and the token against forged requests."),
        )),
        Refusals,
    ),
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    Peer(client): Peer,
    browser: Browser,
    body: Option<Json<Option<RefreshRequest>>>,
) -> Result<Response, Problem> {
    let token = body.and_then(|Json(request)| request?.refresh_token);
    if let Some(token) = token {
        let tokens = Refresh { token, client }.run(&app.auth).await?;
        return Ok(TokensBody::of(tokens, app.auth.now()).into_response());
    }
    let token = browser.credential(&app.auth)?.ok_or_else(missing)?;
    match (Refresh { token, client }).run(&app.auth).await {
        Ok(tokens) => Ok(TokensBody::in_cookies(tokens, &app.auth).into_response()),
        Err(RefreshError::Fault(fault)) => Err(fault.into()),
        Err(refused) => {
            let mut response = Problem::from(refused).into_response();
            clear_session(&mut response);
            Ok(response)
        }
    }
}

fn missing() -> Problem {
    let invalid = Invalid::new(
        "required",
        "Send a refresh token, in the body or as a cookie.",
    );
    Problem::invalid(FieldErrors::from(("/refreshToken", invalid)))
}
