//! What a form is refused with, for people: a page in their language instead of a problem document.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use minijinja::context;

use super::language::{Language, varying};
use super::{TOP, render};
use crate::App;
use crate::browser;
use crate::problem::{ProblemCode, Refused};

/// What somebody with a browser can meet. Whatever else a form is refused with, no page of ours can send; programs read it
/// more easily as it is.
const SHOWN: [ProblemCode; 5] = [
    ProblemCode::CsrfRefused,
    ProblemCode::RateLimited,
    ProblemCode::Unavailable,
    ProblemCode::Overloaded,
    ProblemCode::Internal,
];

/// Whether people are shown a page instead of this problem.
pub(crate) fn is_shown(code: ProblemCode) -> bool {
    SHOWN.contains(&code)
}

/// Refuses forms that pages of other origins send (ASVS V3.5.1). Most forms hold a secret that others do not know; this
/// holds for those without one, too.
pub(crate) async fn only_ours(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = browser::expect_ours(&app.origins, &parts).await {
        return problem.into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Turns refusals into pages.
pub(crate) async fn as_pages(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Refused>() {
        Some(refused) if is_shown(refused.code) => page(language, *refused, response.headers()),
        _ => response,
    }
}

fn page(language: Language, refused: Refused, told: &HeaderMap) -> Response {
    let (title, text) = words(language, refused);
    let page = context! { root => TOP, lang => language.tag(), title, text };
    let mut response = varying(render(refused.code.status(), "notice.html", page));
    let headers = response.headers_mut();
    // What the refusal said about when to come back stays said.
    let limits = told
        .iter()
        .filter(|(name, _)| **name == RETRY_AFTER || name.as_str().starts_with("ratelimit"));
    for (name, value) in limits {
        headers.insert(name.clone(), value.clone());
    }
    response
}

fn words(language: Language, Refused { code, retry_after }: Refused) -> (&'static str, String) {
    let seconds = retry_after.unwrap_or(1);
    match (language, code) {
        (Language::English, ProblemCode::RateLimited) => (
            "Too many requests",
            format!(
                "This was asked more often than is allowed. Wait {}, then try again.",
                wait(seconds)
            ),
        ),
        (Language::English, ProblemCode::CsrfRefused) => (
            "This form came from elsewhere",
            "A page of another site sent it, so nothing was done. Open the link again and send the form from there."
                .to_owned(),
        ),
        (Language::English, ProblemCode::Internal) => (
            "Something went wrong here",
            "The failure was noted. Try again later.".to_owned(),
        ),
        (Language::English, _) => (
            "Not possible right now",
            format!("The server is too busy. Wait {}, then try again.", wait(seconds)),
        ),
        (Language::Japanese, ProblemCode::RateLimited) => (
            "リクエストが多すぎます",
            format!("許可された回数を超えました。{seconds}秒ほど待ってから、もう一度お試しください。"),
        ),
        (Language::Japanese, ProblemCode::CsrfRefused) => (
            "別のサイトから送信されました",
            "別のサイトのページから送信されたため、何も行われませんでした。リンクをもう一度開き、そのページから送信してください。"
                .to_owned(),
        ),
        (Language::Japanese, ProblemCode::Internal) => (
            "エラーが発生しました",
            "エラーは記録されました。しばらくしてから、もう一度お試しください。".to_owned(),
        ),
        (Language::Japanese, _) => (
            "現在ご利用いただけません",
            format!("サーバーが混み合っています。{seconds}秒ほど待ってから、もう一度お試しください。"),
        ),
    }
}

fn wait(seconds: u64) -> String {
    match seconds {
        1 => "a second".to_owned(),
        _ => format!("{seconds} seconds"),
    }
}
