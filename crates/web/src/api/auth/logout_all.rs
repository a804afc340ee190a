//! `POST /api/v1/auth/logout-all`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::flow::SignOutEverywhere;

use crate::App;
use crate::api::schema::{ANY, BEARER, refusals};
use crate::browser::{Browser, sign_out_of};
use crate::extract::{May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BEARER, &[ProblemCode::Forbidden], ANY);

/// Sign out everywhere
///
/// Ends every session of the caller, the present one included.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout-all",
    tag = "Authentication",
    security(("bearer" = [])),
    responses((status = 204, description = "Signed out everywhere."), Refusals),
)]
pub(crate) async fn logout_all(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    browser: Browser,
    _: May<may::HoldSession>,
) -> Result<Response, Problem> {
    SignOutEverywhere { caller, client }.run(&app.auth).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if browser.has_session() {
        sign_out_of(&mut response);
    }
    Ok(response)
}
