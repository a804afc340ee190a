//! Pages for people: rendered here, without any script, with one style sheet.

mod language;
pub(crate) mod mail;
pub(crate) mod outbox;
pub(crate) mod refusal;
pub(crate) mod setup;

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use minijinja::{Environment, Value, context};

use crate::api::schema::{FRAME, refusals};
use crate::problem::{Problem, ProblemCode};
use crate::system::outbox::MayOpen;

/// The policy of a page: our style sheet, our forms, nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const STYLE: &str = include_str!("../../assets/page.css");

const TEMPLATES: [(&str, &str); 10] = [
    ("ask.html", include_str!("../../templates/ask.html")),
    ("base.html", include_str!("../../templates/base.html")),
    ("field.html", include_str!("../../templates/field.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("docs.html", include_str!("../../templates/docs.html")),
    ("error.html", include_str!("../../templates/error.html")),
    ("notice.html", include_str!("../../templates/notice.html")),
    ("outbox.html", include_str!("../../templates/outbox.html")),
    (
        "outbox-mail.html",
        include_str!("../../templates/outbox-mail.html"),
    ),
    ("setup.html", include_str!("../../templates/setup.html")),
];

/// How a page at the top, like `/setup`, reaches the top. Addresses in pages are relative, so that a path in front of
/// the server (`https://example.com/auth`) needs no setting.
pub(crate) const TOP: &str = ".";
/// How a page one step down, like `/outbox/ID`, reaches the top.
pub(crate) const ONE_UP: &str = "..";
/// How a page two steps down, like `/docs/errors/conflict`, reaches the top.
pub(crate) const TWO_UP: &str = "../..";

/// Renders a page.
pub(crate) fn render(status: StatusCode, template: &str, context: Value) -> Response {
    static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> =
        LazyLock::new(|| {
            let mut environment = Environment::new();
            for (name, source) in TEMPLATES {
                environment.add_template(name, source)?;
            }
            Ok(environment)
        });
    let rendered = match &*ENVIRONMENT {
        Ok(environment) => environment
            .get_template(template)
            .and_then(|page| page.render(context)),
        Err(error) => {
            tracing::error!(%error, "a page's template is broken");
            return Problem::new(ProblemCode::Internal, "The page could not be made.")
                .into_response();
        }
    };
    match rendered {
        Ok(text) => (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            Problem::new(ProblemCode::Internal, "The page could not be made.").into_response()
        }
    }
}

/// A page that says one thing.
pub(crate) fn notice(status: StatusCode, title: &str, text: &str) -> Response {
    render(status, "notice.html", context! { root => TOP, title, text })
}

/// A page with a form. Browsers name the origin of the page that sends one by the policy for referrers: with the one of every
/// other answer they would name none, and over plain http, where they say nothing else of it, our own forms could not be
/// told from others'. This one names the origin and never the rest of the address.
pub(crate) fn form(status: StatusCode, template: &str, context: Value) -> Response {
    let mut response = render(status, template, context);
    response
        .headers_mut()
        .insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

refusals!(FRAME);

/// Where to go from here
#[utoipa::path(
    get,
    path = "/",
    tag = "Pages",
    responses(
        (status = 200, description = "A page with links.", body = String, content_type = "text/html"),
        Refusals,
    ),
)]
pub(crate) async fn home(MayOpen(outbox): MayOpen) -> Response {
    render(
        StatusCode::OK,
        "home.html",
        context! { root => TOP, version => env!("CARGO_PKG_VERSION"), outbox },
    )
}

/// The style sheet of the pages.
pub(crate) async fn style() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=3600"),
        ],
        STYLE,
    )
}
