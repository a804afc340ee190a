//! `/reset-password`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use minijinja::context;
use ntt_auth_core::flow::{ResetPassword, ResetPasswordError, link_is_open};
use ntt_auth_core::model::{CodeKind, FieldErrors};
use serde::Deserialize;
use utoipa::ToSchema;

use super::words::{Say, Words, hint};
use super::{LinkQuery, ShowRefusals, closed, mistakes, say};
use crate::App;
use crate::api::schema::{ANY, HASHING, page_refusals};
use crate::extract::{Form, Peer, Query};
use crate::pages::language::Language;
use crate::problem::{Problem, ProblemBody, ProblemCode};

page_refusals!(
    SubmitRefusals: &[
        ProblemCode::MalformedRequest,
        ProblemCode::Timeout,
        ProblemCode::PayloadTooLarge,
        ProblemCode::UnsupportedMediaType,
        ProblemCode::CsrfRefused,
    ],
    HASHING,
    ANY,
);

/// The new password, as typed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ResetForm {
    /// The token of the link; nobody who does not hold it can make a browser send this form.
    token: String,
    /// The password as it shall be.
    #[schema(format = Password)]
    new_password: String,
}

/// The form that sets a new password
#[utoipa::path(
    get,
    path = "/reset-password",
    tag = "Pages",
    params(LinkQuery),
    responses(
        (status = 200, description = "The form.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        ShowRefusals,
    ),
)]
pub(crate) async fn show_reset_password(
    State(app): State<App>,
    language: Language,
    Query(query): Query<LinkQuery>,
) -> Response {
    match link_is_open(&app.auth, CodeKind::ResetPassword, &query.token).await {
        Ok(true) => form(
            &app,
            language,
            StatusCode::OK,
            &Words::of(language).reset.say,
            &query.token,
            &FieldErrors::new(),
        ),
        Ok(false) => closed(language, true),
        Err(fault) => Problem::from(fault).into_response(),
    }
}

/// Set a new password
#[utoipa::path(
    post,
    path = "/reset-password",
    tag = "Pages",
    request_body(content = ResetForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The password is set.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        (status = 422, description = "The form again, with what is wrong; or a field is unknown.", content(
            (String = "text/html"),
            (ProblemBody = "application/problem+json"),
        )),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_reset_password(
    State(app): State<App>,
    Peer(client): Peer,
    language: Language,
    Form(typed): Form<ResetForm>,
) -> Response {
    let words = Words::of(language);
    let reset = ResetPassword {
        token: typed.token.clone(),
        new: typed.new_password,
        client,
    };
    match reset.run(&app.auth).await {
        Ok(()) => say(language, StatusCode::OK, &words.was_reset),
        Err(ResetPasswordError::Closed) => closed(language, true),
        Err(ResetPasswordError::Invalid(errors)) => form(
            &app,
            language,
            StatusCode::UNPROCESSABLE_ENTITY,
            &words.reset.say,
            &typed.token,
            &errors,
        ),
        Err(ResetPasswordError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}

/// The form, below what is said first.
pub(super) fn form(
    app: &App,
    language: Language,
    status: StatusCode,
    say: &Say,
    token: &str,
    errors: &FieldErrors,
) -> Response {
    let words = Words::of(language);
    let page = context! {
        title => say.title,
        text => say.text,
        failed => !errors.is_empty(),
        not_yet => words.not_yet,
        look_below => words.look_below,
        action => "reset-password",
        token,
        name => "newPassword",
        kind => "password",
        autocomplete => "new-password",
        label => words.new_password,
        hint => hint(language, &app.auth.rules().password),
        errors => mistakes(language, errors, "/newPassword"),
        button => words.reset.button,
    };
    super::form(language, status, "field.html", page)
}
