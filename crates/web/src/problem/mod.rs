//! What is answered when something goes wrong: problem details (RFC 9457), one shape for every route.

mod code;
mod from_flow;
mod schema;

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use ntt_auth_core::model::{FieldError, FieldErrors};

pub use code::ProblemCode;
pub use schema::{FieldProblem, ProblemBody};

use crate::layer::context;

/// A refusal on its way out. Whatever it says is meant for the stranger who asked; causes are logged, never shown.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// What an answer refuses with, beside the answer itself: for those who say it in another form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    /// The code.
    pub(crate) code: ProblemCode,
    /// When to try again, in whole seconds, if that is known.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this code; `detail` is one sentence on this occurrence.
    pub fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// Input that is well-formed but not acceptable, told field by field (422).
    pub fn invalid(errors: FieldErrors) -> Self {
        let errors = errors.into_vec();
        let detail = match errors.as_slice() {
            [_] => Cow::Borrowed("One field is not acceptable."),
            all => Cow::Owned(format!("{} things are not acceptable.", all.len())),
        };
        Self {
            errors,
            ..Self::new(ProblemCode::ValidationFailed, detail)
        }
    }

    /// There is nothing at this address, or nothing the caller may know of (404).
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "There is nothing here.")
    }

    /// The caller is known and may not do this (403).
    pub fn forbidden() -> Self {
        Self::new(ProblemCode::Forbidden, "Your role does not permit this.")
    }

    /// When to try again, in whole seconds (RFC 9110 § 10.2.3).
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// One sentence on this occurrence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// When to try again, in whole seconds, if that is known.
    pub fn seconds_to_wait(&self) -> Option<u64> {
        self.retry_after
    }

    /// The code.
    pub fn code(&self) -> ProblemCode {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (kind, request_id) = match context::current() {
            Some(context) => (
                context.problem_type(self.code),
                context.request_id().to_owned(),
            ),
            None => (
                format!("/docs/errors/{}", self.code.as_str()),
                String::new(),
            ),
        };
        let status = self.code.status();
        let refused = Refused {
            code: self.code,
            retry_after: self.retry_after,
        };
        let body = ProblemBody {
            kind,
            title: self.code.title().to_owned(),
            status: status.as_u16(),
            detail: self.detail.into_owned(),
            code: self.code,
            request_id,
            errors: self.errors.into_iter().map(FieldProblem::from).collect(),
        };
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(refused);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.code.challenge() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests;
