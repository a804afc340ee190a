//! The outbox in a browser (WEB-3): a list, one mail, and its HTML for a frame in which nothing runs.

use axum::response::{Html, IntoResponse as _, Response};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};
use minijinja::{Value, context};
use ntt_auth_core::model::JobId;

use super::{ONE_UP, TOP, render};
use crate::api::schema::{FRAME, refusals};
use crate::extract::Path;
use crate::problem::{Problem, ProblemCode};
use crate::system::OutboxMail;
use crate::system::outbox::{Opened, Piece, pieces};

/// The policy of one mail's page: as any page's, and a frame of ours.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'",
);
/// The policy of a mail's HTML: its own styles, nothing from anywhere, no script, no form; links open elsewhere.
const MAIL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
     sandbox allow-popups allow-popups-to-escape-sandbox",
);
/// A link within the frame opens a page of its own.
const ELSEWHERE: &str = "<base target=\"_blank\">";

refusals!(&[ProblemCode::NotFound], FRAME);

/// Mail that was kept
///
/// Where no mail server is configured, in the profiles `development` and `test`; for the addresses of
/// `testing.allow_from`.
#[utoipa::path(
    get,
    path = "/outbox",
    tag = "Pages",
    responses(
        (status = 200, description = "A list of mails.", body = String, content_type = "text/html"),
        Refusals,
    ),
)]
pub(crate) async fn show_outbox(Opened(outbox): Opened) -> Response {
    let mails: Vec<Value> = outbox.list().await.iter().map(shown).collect();
    render(
        StatusCode::OK,
        "outbox.html",
        context! { root => TOP, mails },
    )
}

/// One mail that was kept
///
/// Its text with links, and its HTML in a frame.
#[utoipa::path(
    get,
    path = "/outbox/{mailId}",
    tag = "Pages",
    params(("mailId" = String, Path, format = Uuid, description = "The mail.")),
    responses(
        (status = 200, description = "The mail.", body = String, content_type = "text/html"),
        Refusals,
    ),
)]
pub(crate) async fn show_outbox_mail(
    Opened(outbox): Opened,
    Path(id): Path<JobId>,
) -> Result<Response, Problem> {
    let mail = outbox.read(id).await.ok_or_else(Problem::not_found)?;
    let text: Vec<Value> = pieces(&mail.text)
        .map(|piece| match piece {
            Piece::Words(words) => context! { words },
            Piece::Link(link) => context! { link },
        })
        .collect();
    let mut response = render(
        StatusCode::OK,
        "outbox-mail.html",
        context! { root => ONE_UP, mail => shown(&mail), text },
    );
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

/// The HTML of one mail that was kept
///
/// As it would have been sent, for a frame in which nothing runs.
#[utoipa::path(
    get,
    path = "/outbox/{mailId}/html",
    tag = "Pages",
    params(("mailId" = String, Path, format = Uuid, description = "The mail.")),
    responses(
        (status = 200, description = "The mail.", body = String, content_type = "text/html"),
        Refusals,
    ),
)]
pub(crate) async fn show_outbox_html(
    Opened(outbox): Opened,
    Path(id): Path<JobId>,
) -> Result<Response, Problem> {
    let mail = outbox.read(id).await.ok_or_else(Problem::not_found)?;
    let html = match mail.html.split_once("<head>") {
        Some((before, after)) => format!("{before}<head>{ELSEWHERE}{after}"),
        None => format!("{ELSEWHERE}{}", mail.html),
    };
    Ok(([(CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(html)).into_response())
}

fn shown(mail: &OutboxMail) -> Value {
    let at = mail.at.to_string();
    // 2026-11-24T10:18:17.000Z, for people.
    let shown_at = at.get(..19).map_or_else(
        || at.clone(),
        |date| format!("{} UTC", date.replace('T', " ")),
    );
    context! {
        id => mail.id.to_string(),
        to => mail.to.clone(),
        subject => mail.subject.clone(),
        letter => mail.letter.clone(),
        locale => mail.locale.clone(),
        at,
        shown_at,
    }
}
