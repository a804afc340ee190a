//! `/verify-email`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::flow::{LinkError, VerifyEmail};

use super::words::Words;
use super::{LinkForm, LinkQuery, ShowRefusals, SubmitRefusals, ask, closed, say};
use crate::App;
use crate::extract::{Form, Peer, Query};
use crate::pages::language::Language;
use crate::problem::{Problem, ProblemBody};

/// The page that asks whether an address is yours
#[utoipa::path(
    get,
    path = "/verify-email",
    tag = "Pages",
    params(LinkQuery),
    responses(
        (status = 200, description = "A page with a button.", body = String, content_type = "text/html"),
        ShowRefusals,
    ),
)]
pub(crate) async fn show_verify_email(
    language: Language,
    Query(query): Query<LinkQuery>,
) -> Response {
    ask(
        language,
        &Words::of(language).verify,
        "verify-email",
        &query.token,
    )
}

/// Verify an address
#[utoipa::path(
    post,
    path = "/verify-email",
    tag = "Pages",
    request_body(content = LinkForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The address is verified.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        (status = 422, description = "A field is unknown.", body = ProblemBody, content_type = "application/problem+json"),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_verify_email(
    State(app): State<App>,
    Peer(client): Peer,
    language: Language,
    Form(LinkForm { token }): Form<LinkForm>,
) -> Response {
    match (VerifyEmail { token, client }).run(&app.auth).await {
        Ok(()) => say(language, StatusCode::OK, &Words::of(language).verified),
        Err(LinkError::Closed) => closed(language, false),
        Err(LinkError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}
