//! `/not-me`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ntt_auth_core::flow::{Disown, Disowned, LinkError};
use ntt_auth_core::model::FieldErrors;

use super::words::Words;
use super::{
    LinkForm, LinkQuery, ShowRefusals, SubmitRefusals, ask, closed, reset_password, say,
    say_and_ask_again,
};
use crate::App;
use crate::extract::{Form, Peer, Query};
use crate::pages::language::Language;
use crate::problem::{Problem, ProblemBody};

/// The page that asks whether a sign-in was somebody else's
#[utoipa::path(
    get,
    path = "/not-me",
    tag = "Pages",
    params(LinkQuery),
    responses(
        (status = 200, description = "A page with a button.", body = String, content_type = "text/html"),
        ShowRefusals,
    ),
)]
pub(crate) async fn show_not_me(language: Language, Query(query): Query<LinkQuery>) -> Response {
    ask(
        language,
        &Words::of(language).not_me,
        "not-me",
        &query.token,
    )
}

/// Sign out everywhere, because a sign-in was somebody else's
#[utoipa::path(
    post,
    path = "/not-me",
    tag = "Pages",
    request_body(content = LinkForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Every sign-in has ended; with a form to choose a new password. If the account has moved to another address since, that sign-in alone has ended.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        (status = 422, description = "A field is unknown.", body = ProblemBody, content_type = "application/problem+json"),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_not_me(
    State(app): State<App>,
    Peer(client): Peer,
    language: Language,
    Form(LinkForm { token }): Form<LinkForm>,
) -> Response {
    let words = Words::of(language);
    match (Disown { token, client }).run(&app.auth).await {
        // In the answer itself, so that the new token stands in no address.
        Ok(Disowned::Reset(reset)) => reset_password::form(
            &app,
            language,
            StatusCode::OK,
            &words.ended_and_reset,
            reset.expose(),
            &FieldErrors::new(),
        ),
        Ok(Disowned::OtherPassword) => {
            say_and_ask_again(language, StatusCode::OK, &words.ended_after_change)
        }
        Ok(Disowned::Moved) => say(language, StatusCode::OK, &words.ended),
        Err(LinkError::Closed) => closed(language, true),
        Err(LinkError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}
