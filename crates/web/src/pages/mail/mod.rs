//! The pages behind the links in mails (ACC-6, ACC-7, ACC-8).
//!
//! Following a link changes nothing: programs that look at mails follow links. Each page has a form whose button does what
//! the mail says, and which holds the link's token, so that nobody without the mail can make a browser send it. Pages
//! load nothing from outside and name, as a referrer, their origin at most, so the token in their address goes nowhere else.

pub(crate) mod confirm_email_change;
pub(crate) mod forgot_password;
pub(crate) mod not_me;
pub(crate) mod reset_password;
pub(crate) mod verify_email;
mod words;

use axum::response::Response;
use http::StatusCode;
use minijinja::{Value, context};
use ntt_auth_core::model::FieldErrors;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::schema::{ANY, QUERY, page_refusals};
use crate::pages;
use crate::pages::language::{Language, varying};
use crate::problem::ProblemCode;
use words::{Ask, Say, Words};

page_refusals!(ShowRefusals: QUERY, ANY);
page_refusals!(PlainRefusals: ANY);
page_refusals!(
    SubmitRefusals: &[
        ProblemCode::MalformedRequest,
        ProblemCode::Timeout,
        ProblemCode::PayloadTooLarge,
        ProblemCode::UnsupportedMediaType,
        ProblemCode::CsrfRefused,
    ],
    ANY,
);

/// The link's token. Whatever else a mail program adds to the address is not looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkQuery {
    /// The token, as it stands in the link.
    #[serde(default)]
    token: String,
}

/// A form with nothing but a button.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct LinkForm {
    /// The token of the link; nobody who does not hold it can make a browser send this form.
    token: String,
}

/// A page that says one thing.
fn say(language: Language, status: StatusCode, say: &Say) -> Response {
    let (title, text) = (say.title, say.text);
    render(language, status, "notice.html", context! { title, text })
}

/// A page that says that a link is not good any more, with the way to another one if there is a page for it.
fn closed(language: Language, may_ask_again: bool) -> Response {
    let words = Words::of(language);
    if may_ask_again {
        return say_and_ask_again(language, StatusCode::GONE, &words.closed);
    }
    let (title, text, more) = (words.closed.title, words.closed.text, words.ask_there);
    let context = context! { title, text, more };
    render(language, StatusCode::GONE, "notice.html", context)
}

/// A page that says one thing and leads to where a link for a new password is asked for.
fn say_and_ask_again(language: Language, status: StatusCode, say: &Say) -> Response {
    let (title, text, again) = (say.title, say.text, Words::of(language).ask_again);
    let context = context! { title, text, again, again_at => "forgot-password" };
    render(language, status, "notice.html", context)
}

/// A page with one button that sends `token` to `action`.
fn ask(language: Language, ask: &Ask, action: &str, token: &str) -> Response {
    let (title, text, button) = (ask.say.title, ask.say.text, ask.button);
    form(
        language,
        StatusCode::OK,
        "ask.html",
        context! { title, text, button, action, token },
    )
}

fn render(language: Language, status: StatusCode, template: &str, page: Value) -> Response {
    let context = context! { root => pages::TOP, lang => language.tag(), ..page };
    varying(pages::render(status, template, context))
}

/// The same for a page with a form.
fn form(language: Language, status: StatusCode, template: &str, page: Value) -> Response {
    let context = context! { root => pages::TOP, lang => language.tag(), ..page };
    varying(pages::form(status, template, context))
}

/// The mistakes of a field, in the reader's language.
fn mistakes(language: Language, errors: &FieldErrors, field: &str) -> Vec<String> {
    errors
        .as_slice()
        .iter()
        .filter(|error| error.field == field)
        .map(|error| words::mistake(language, error).into_owned())
        .collect()
}
