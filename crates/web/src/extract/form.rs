//! Bodies of HTML forms.

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::App;
use crate::extract::{read_body, strict};
use crate::problem::{Problem, ProblemCode};

/// A form (`application/x-www-form-urlencoded`), read into `T` as strictly as a query.
#[derive(Debug, Clone)]
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .map_or(&b""[..], |value| value.as_bytes());
        let essence = kind
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        if !essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Err(Problem::new(
                ProblemCode::UnsupportedMediaType,
                "Send the body as application/x-www-form-urlencoded.",
            ));
        }
        let body = read_body(request.into_body(), &app.settings).await?;
        let pairs = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        strict::parameters(pairs)
            .and_then(strict::read)
            .map(Self)
            .map_err(Problem::invalid)
    }
}
