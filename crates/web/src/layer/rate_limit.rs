//! Refusing who asks too often (PRO-1), and telling everybody else how much they have left.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, Method};
use ntt_auth_core::model::Role;

use crate::App;
use crate::extract::{bearer, client_address};
use crate::layer::quota::{Key, Policy, Standing};
use crate::problem::{Problem, ProblemCode};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The window of every policy, in seconds.
const WINDOW: u32 = 60;

/// Counts a request by who makes it: a user by their role, everybody else by their address. Signing in, registering,
/// refreshing and what has a mail sent are counted apart and by address, whoever asks.
pub(crate) async fn rate_limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let (policy, key) = judge(&app, &request);
    let Some(standing) = app.limiter.count(policy, key).await else {
        return next.run(request).await;
    };
    let mut response = match standing.admitted {
        true => next.run(request).await,
        false => Problem::new(
            ProblemCode::RateLimited,
            format!("Try again in {} seconds.", standing.seconds),
        )
        .retry_after(standing.seconds)
        .into_response(),
    };
    let headers = response.headers_mut();
    for (name, text) in standing.headers(policy.name()) {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    response
}

fn judge(app: &App, request: &Request) -> (Policy, Key) {
    let address = || {
        Key::of_address(client_address(
            request.headers(),
            request.extensions(),
            &app.settings,
        ))
    };
    match request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str)
    {
        Some("/api/v1/auth/login") => return (Policy::Login, address()),
        Some("/api/v1/auth/register") => return (Policy::Register, address()),
        Some("/api/v1/auth/refresh" | "/api/v1/auth/logout") => {
            return (Policy::Refresh, address());
        }
        Some(
            "/api/v1/auth/forgot-password"
            | "/api/v1/auth/resend-verification"
            | "/api/v1/auth/change-email"
            | "/forgot-password",
        ) if request.method() == Method::POST => return (Policy::Mail, address()),
        _ => {}
    }
    let token = bearer(request.headers()).ok().flatten();
    match token.and_then(|token| app.auth.recognise(token).ok()) {
        Some(access) => (Policy::Role(access.role), Key::User(access.user_id)),
        None => (Policy::Role(Role::Guest), address()),
    }
}

impl Standing {
    /// The fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers): quota `q` per window `w`, remaining `r`,
    /// seconds `t`.
    fn headers(self, policy: &str) -> [(HeaderName, String); 2] {
        let Self {
            limit,
            remaining,
            seconds,
            ..
        } = self;
        [
            (
                RATELIMIT_POLICY,
                format!("\"{policy}\";q={limit};w={WINDOW}"),
            ),
            (RATELIMIT, format!("\"{policy}\";r={remaining};t={seconds}")),
        ]
    }
}
