//! Documentation that the server serves itself, with nothing from outside: Swagger UI, and a page for each error code.

use std::sync::{Arc, LazyLock};

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use minijinja::context;
use pulldown_cmark::{Parser, html};

use crate::api::schema::{FRAME, refusals};
use crate::extract::Path;
use crate::pages;
use crate::problem::{Problem, ProblemCode};

/// Swagger UI's own files and ours, nothing inline. It draws its icons from `data:` addresses in its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const START: &str = include_str!("../../assets/docs.js");

refusals!(FRAME);
refusals!(ErrorPageRefusals: &[ProblemCode::NotFound], FRAME);

/// The API's reference, to be tried out in the browser
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Pages",
    responses(
        (status = 200, description = "Swagger UI.", body = String, content_type = "text/html"),
        Refusals,
    ),
)]
pub(crate) async fn docs() -> Response {
    let mut response = pages::render(StatusCode::OK, "docs.html", context! { root => pages::TOP });
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// The files of Swagger UI.
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    static CONFIG: LazyLock<Arc<utoipa_swagger_ui::Config<'static>>> = LazyLock::new(Arc::default);
    let day = [(CACHE_CONTROL, "public, max-age=86400")];
    match file.as_str() {
        "start.js" => (
            day,
            [(CONTENT_TYPE, "text/javascript; charset=utf-8")],
            START,
        )
            .into_response(),
        "swagger-ui.css" | "swagger-ui-bundle.js" | "favicon-32x32.png" => {
            match utoipa_swagger_ui::serve(&file, Arc::clone(&CONFIG)) {
                Ok(Some(found)) => {
                    // Compressed in the binary, and passed on as they are: whoever draws a page reads gzip.
                    let encoding = found.gzpipped.then_some([(CONTENT_ENCODING, "gzip")]);
                    let kind = [(CONTENT_TYPE, charset_said(found.content_type))];
                    (encoding, day, kind, found.bytes.into_owned()).into_response()
                }
                _ => Problem::not_found().into_response(),
            }
        }
        _ => Problem::not_found().into_response(),
    }
}

/// A text's type with its character set (ASVS V4.1.1), which the library leaves out.
fn charset_said(kind: String) -> String {
    match kind.starts_with("text/") && !kind.contains("charset") {
        true => kind + "; charset=utf-8",
        false => kind,
    }
}

/// What an error code means and what to do about it
#[utoipa::path(
    get,
    path = "/docs/errors/{code}",
    tag = "Pages",
    params(("code" = ProblemCode, Path, description = "The `code` of a problem.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        ErrorPageRefusals,
    ),
)]
pub(crate) async fn error_page(Path(code): Path<String>) -> Response {
    let Some(code) = ProblemCode::ALL
        .into_iter()
        .find(|known| known.as_str() == code)
    else {
        return Problem::not_found().into_response();
    };
    let mut body = String::new();
    html::push_html(&mut body, Parser::new(code.page()));
    let context = context! {
        root => pages::TWO_UP,
        title => code.title(),
        code => code.as_str(),
        status => code.status().as_str(),
        body => minijinja::Value::from_safe_string(body),
    };
    pages::render(StatusCode::OK, "error.html", context)
}
