//! Bearer tokens (RFC 6750). They are taken from the `Authorization` header only, never from an address, which is
//! logged and remembered by browsers.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use ntt_auth_core::flow::Caller;

use crate::App;
use crate::problem::{Problem, ProblemCode};

/// Whoever presents a good access token; without one the answer is 401.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn(pub Caller);

/// Whoever presents a good access token, or nobody. A token that is not good is an error, so that nobody acts as a
/// guest without noticing.
#[derive(Debug, Clone, Copy)]
pub struct MaybeSignedIn(pub Option<Caller>);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match MaybeSignedIn::from_request_parts(parts, app).await? {
            MaybeSignedIn(Some(caller)) => Ok(Self(caller)),
            MaybeSignedIn(None) => Err(missing_token()),
        }
    }
}

impl FromRequestParts<App> for MaybeSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some(token) = bearer(&parts.headers)? else {
            return Ok(Self(None));
        };
        let access = app.auth.validate(token)?;
        Ok(Self(Some(Caller::from(access.as_ref()))))
    }
}

/// The token of the `Authorization` header, if there is one of the scheme `Bearer`. Other schemes are as good as none.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::new(
            ProblemCode::MalformedRequest,
            "There is more than one Authorization header.",
        ));
    }
    let bytes = value.as_bytes();
    let Some((_, token)) = bytes
        .split_at_checked(6)
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer"))
    else {
        return Ok(None);
    };
    match token.split_first() {
        None => Err(missing_token()),
        Some((b' ', token)) => {
            let token = token.trim_ascii();
            let text = std::str::from_utf8(token)
                .ok()
                .filter(|text| !text.is_empty() && text.is_ascii());
            text.map(Some)
                .ok_or_else(|| Problem::new(ProblemCode::TokenInvalid, "Sign in again."))
        }
        // A scheme that merely begins alike.
        Some(_) => Ok(None),
    }
}

/// No token was presented where one is needed.
pub(crate) fn missing_token() -> Problem {
    Problem::new(
        ProblemCode::TokenMissing,
        "Send an access token as \"Authorization: Bearer …\".",
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(value: &'static [u8]) -> Result<Option<String>, ProblemCode> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        bearer(&headers)
            .map(|token| token.map(str::to_owned))
            .map_err(|problem| problem.code())
    }

    #[test]
    fn takes_the_token_of_the_scheme_bearer_alone() {
        assert_eq!(of(b"Bearer abc"), Ok(Some("abc".to_owned())));
        assert_eq!(of(b"bEARER  abc "), Ok(Some("abc".to_owned())));
        assert_eq!(of(b"Basic YTpi"), Ok(None));
        assert_eq!(of(b"Bearerabc"), Ok(None));
        assert_eq!(of(b"Bear"), Ok(None));
        assert_eq!(of(b"Bearer"), Err(ProblemCode::TokenMissing));
        assert_eq!(of(b"Bearer  "), Err(ProblemCode::TokenInvalid));
        assert_eq!(of(b"Bearer \xff\xfe"), Err(ProblemCode::TokenInvalid));
    }

    #[test]
    fn two_headers_are_one_too_many() {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer b"));
        assert_eq!(
            bearer(&headers).unwrap_err().code(),
            ProblemCode::MalformedRequest
        );
    }
}
