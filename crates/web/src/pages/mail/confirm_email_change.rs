//! `/confirm-email-change`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::flow::{ConfirmEmailChange, ConfirmEmailChangeError};

use super::words::Words;
use super::{LinkForm, LinkQuery, ShowRefusals, SubmitRefusals, ask, closed, say};
use crate::App;
use crate::extract::{Form, Peer, Query};
use crate::pages::language::Language;
use crate::problem::{Problem, ProblemBody};

/// The page that asks whether an account shall move to a new address
#[utoipa::path(
    get,
    path = "/confirm-email-change",
    tag = "Pages",
    params(LinkQuery),
    responses(
        (status = 200, description = "A page with a button.", body = String, content_type = "text/html"),
        ShowRefusals,
    ),
)]
pub(crate) async fn show_confirm_email_change(
    language: Language,
    Query(query): Query<LinkQuery>,
) -> Response {
    ask(
        language,
        &Words::of(language).confirm,
        "confirm-email-change",
        &query.token,
    )
}

/// Move an account to a new address
#[utoipa::path(
    post,
    path = "/confirm-email-change",
    tag = "Pages",
    request_body(content = LinkForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The account has the new address.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        (status = 409, description = "Another account has the address by now.", body = String, content_type = "text/html"),
        (status = 422, description = "A field is unknown.", body = ProblemBody, content_type = "application/problem+json"),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_confirm_email_change(
    State(app): State<App>,
    Peer(client): Peer,
    language: Language,
    Form(LinkForm { token }): Form<LinkForm>,
) -> Response {
    let words = Words::of(language);
    match (ConfirmEmailChange { token, client }).run(&app.auth).await {
        Ok(()) => say(language, StatusCode::OK, &words.moved),
        Err(ConfirmEmailChangeError::Closed) => closed(language, false),
        Err(ConfirmEmailChangeError::Taken) => say(language, StatusCode::CONFLICT, &words.taken),
        Err(ConfirmEmailChangeError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}
