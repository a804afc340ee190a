//! Reading a body: not more than so much, not longer than so long.

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::problem::{Problem, ProblemCode};
use crate::settings::WebSettings;

/// The whole body, or why it was not read: too large (413), too slow (408), broken off (400).
pub(crate) async fn read_body(body: Body, settings: &WebSettings) -> Result<Bytes, Problem> {
    let read = Limited::new(body, settings.max_body).collect();
    match tokio::time::timeout(settings.body_deadline, read).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(
            ProblemCode::PayloadTooLarge,
            format!("A body has at most {} octets here.", settings.max_body),
        )),
        Ok(Err(_)) => Err(Problem::new(
            ProblemCode::MalformedRequest,
            "The body broke off.",
        )),
        Err(_) => Err(Problem::new(
            ProblemCode::Timeout,
            format!(
                "The body did not arrive within {} seconds.",
                settings.body_deadline.as_secs()
            ),
        )),
    }
}
