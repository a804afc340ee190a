//! `POST /api/v1/auth/logout`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::flow::{Actor, SignOut};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, refusals};
use crate::browser::{Browser, sign_out_of};
use crate::extract::{Json, May, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::CsrfRefused],
    ANY
);

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
/// A refresh token is enough by itself, so that a client whose access token has expired can sign out; so is the cookie of browser
/// mode, with the session's `csrfToken` as `X-CSRF-Token`. The cookie is taken back, and what this origin keeps in the
/// browser besides is cleared (`Clear-Site-Data`).
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "Authentication",
    request_body(content = Option<LogoutRequest>),
    params(("X-CSRF-Token" = Option<String>, Header, description = "The `csrfToken` of the session, where its cookie is used.")),
    security((), ("bearer" = [])),
    responses((status = 204, description = "Signed out."), Refusals),
)]
pub(crate) async fn logout(
    State(app): State<App>,
    Peer(client): Peer,
    browser: Browser,
    holder: Result<May<may::HoldSession>, Problem>,
    body: Option<Json<Option<LogoutRequest>>>,
) -> Result<Response, Problem> {
    let given = body.and_then(|Json(request)| request?.refresh_token);
    let caller = match holder.as_ref().map(|holder| holder.0) {
        Ok(Actor::Caller(caller)) => Some(caller),
        _ => None,
    };
    let cookie = browser.credential(&app.auth);
    let refresh_token = match (given, cookie) {
        (Some(given), _) => Some(given),
        (None, Ok(cookie)) => cookie,
        // A good access token signs out without the cookie's help.
        (None, Err(_)) if caller.is_some() => None,
        (None, Err(refused)) => return Err(refused),
    };
    if let (Err(problem), None) = (holder, &refresh_token) {
        return Err(problem);
    }
    SignOut {
        caller,
        refresh_token,
        client,
    }
    .run(&app.auth)
    .await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if browser.has_session() {
        sign_out_of(&mut response);
    }
    Ok(response)
}
