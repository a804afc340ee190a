//! `/forgot-password`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use minijinja::context;
use ntt_auth_core::flow::{AskForMailError, ForgotPassword};
use ntt_auth_core::model::FieldErrors;
use serde::Deserialize;
use utoipa::ToSchema;

use super::words::Words;
use super::{PlainRefusals, SubmitRefusals, mistakes, say};
use crate::App;
use crate::extract::{Form, Peer};
use crate::pages::language::Language;
use crate::problem::{Problem, ProblemBody};

/// Whose password was forgotten, as typed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ForgotForm {
    /// The address of the account.
    #[schema(format = Email)]
    email: String,
}

/// The form that asks for a new password
#[utoipa::path(
    get,
    path = "/forgot-password",
    tag = "Pages",
    responses(
        (status = 200, description = "The form.", body = String, content_type = "text/html"),
        PlainRefusals,
    ),
)]
pub(crate) async fn show_forgot_password(language: Language) -> Response {
    form(language, StatusCode::OK, "", &FieldErrors::new())
}

/// Ask for a new password by a form
#[utoipa::path(
    post,
    path = "/forgot-password",
    tag = "Pages",
    request_body(content = ForgotForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (
            status = 202,
            description = "The request was taken, whether or not there is such an account.",
            body = String,
            content_type = "text/html",
        ),
        (status = 422, description = "The form again, with what is wrong; or a field is unknown.", content(
            (String = "text/html"),
            (ProblemBody = "application/problem+json"),
        )),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_forgot_password(
    State(app): State<App>,
    Peer(client): Peer,
    language: Language,
    Form(ForgotForm { email }): Form<ForgotForm>,
) -> Response {
    let forgot = ForgotPassword {
        email: email.clone(),
        client,
    };
    match forgot.run(&app.auth).await {
        Ok(()) => say(language, StatusCode::ACCEPTED, &Words::of(language).sent),
        Err(AskForMailError::Invalid(errors)) => {
            form(language, StatusCode::UNPROCESSABLE_ENTITY, &email, &errors)
        }
        Err(AskForMailError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}

fn form(language: Language, status: StatusCode, typed: &str, errors: &FieldErrors) -> Response {
    let words = Words::of(language);
    let page = context! {
        title => words.forgot.say.title,
        text => words.forgot.say.text,
        failed => !errors.is_empty(),
        not_yet => words.not_yet,
        look_below => words.look_below,
        action => "forgot-password",
        name => "email",
        kind => "email",
        autocomplete => "email",
        label => words.email,
        value => typed,
        errors => mistakes(language, errors, "/email"),
        button => words.forgot.button,
    };
    super::form(language, status, "field.html", page)
}
