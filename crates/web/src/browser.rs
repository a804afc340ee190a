//! Browser mode (TOK-11): the refresh token in a cookie that no script can read, and what keeps other pages from using it
//! (ASVS V3.3, V3.5, E-42).
//!
//! A cookie is the credential of two routes only: refreshing and signing out. Both ask for two things besides: that the
//! request comes from a page of this server's origin or of a configured one, as the browser itself says, and the token of
//! the session, which a page can know and another origin's cannot.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::Response;
use cookie::{Cookie, SameSite};
use http::header::{COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::Tokens;
use ntt_auth_core::model::SessionId;
use ntt_auth_core::token::{DeviceTokens, RefreshToken};
use tower::{ServiceExt as _, service_fn};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use url::Url;

use crate::App;
use crate::problem::{Problem, ProblemCode};
use crate::settings::{CorsOrigins, WebSettings};

/// The refresh token. The prefix has the browser hold this server to `Secure`, `Path=/` and no `Domain` (RFC 6265bis).
pub(crate) const REFRESH: &str = "__Host-ntt_refresh";
/// The device token.
pub(crate) const DEVICE: &str = "__Host-ntt_device";
/// The session's token against forged requests, for the pages of this origin to read.
pub(crate) const CSRF: &str = "__Host-ntt_csrf";

/// By this a page sends that token along.
pub(crate) const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a browser sent of itself: its cookies, and from which page it asks.
#[derive(Clone)]
pub(crate) struct Browser {
    refresh: Option<String>,
    device: Option<String>,
    csrf_token: Option<String>,
    is_ours: bool,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let token = parts.headers.get(X_CSRF_TOKEN);
        Ok(Self {
            refresh: cookie(&parts.headers, REFRESH),
            device: cookie(&parts.headers, DEVICE),
            csrf_token: token
                .and_then(|token| token.to_str().ok())
                .map(str::to_owned),
            is_ours: app.origins.admit(parts).await,
        })
    }
}

impl Browser {
    /// The device token of the cookie.
    pub(crate) fn device(&self) -> Option<String> {
        self.device.clone()
    }

    /// Whether a session's cookie was sent, good or not.
    pub(crate) fn has_session(&self) -> bool {
        self.refresh.is_some()
    }

    /// The refresh token of the cookie, if this request may use it. `None` if there is no such cookie.
    pub(crate) fn credential(&self, auth: &Auth) -> Result<Option<String>, Problem> {
        let Some(refresh) = &self.refresh else {
            return Ok(None);
        };
        self.expect_ours()?;
        // A cookie that is no refresh token has no session to be forged for; it is refused as what it is.
        if let Ok(token) = RefreshToken::parse(refresh) {
            self.expect_token_of(token.session(), auth)?;
        }
        Ok(Some(refresh.clone()))
    }

    /// Refuses what a page of another origin asks, unless that origin is configured.
    pub(crate) fn expect_ours(&self) -> Result<(), Problem> {
        match self.is_ours {
            true => Ok(()),
            false => Err(Problem::new(
                ProblemCode::CsrfRefused,
                "Pages of this origin may not use cookies here.",
            )),
        }
    }

    fn expect_token_of(&self, session: SessionId, auth: &Auth) -> Result<(), Problem> {
        match &self.csrf_token {
            Some(token) if auth.csrf_tokens().is_genuine(session, token) => Ok(()),
            _ => Err(Problem::new(
                ProblemCode::CsrfRefused,
                "Send the csrfToken of this session as X-CSRF-Token.",
            )),
        }
    }
}

/// A cookie's value. One that was sent twice is as good as none: which of the two is genuine cannot be told.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned());
    found.next().filter(|_| found.next().is_none())
}

/// Refuses a form that a page of another origin sent, unless that origin is configured.
pub(crate) async fn expect_ours(origins: &Origins, parts: &Parts) -> Result<(), Problem> {
    match origins.admit(parts).await {
        true => Ok(()),
        false => Err(Problem::new(
            ProblemCode::CsrfRefused,
            "Pages of other origins may not ask this.",
        )),
    }
}

/// From whose pages cookies may be used.
pub(crate) struct Origins {
    layer: Option<CsrfLayer>,
}

impl Origins {
    /// This server's own origin, and those that are configured.
    pub(crate) fn new(settings: &WebSettings) -> Self {
        let own = Url::parse(&settings.public_url)
            .map(|url| url.origin().ascii_serialization())
            .ok();
        let others = match &settings.cors_origins {
            CorsOrigins::Only(origins) => origins.as_slice(),
            // Whoever admits all pages admits none of them with cookies.
            CorsOrigins::Any => &[],
        };
        let others = others.iter().filter_map(|origin| origin.to_str().ok());
        let layer = own
            .as_deref()
            .into_iter()
            .chain(others)
            .try_fold(CsrfLayer::new(), |layer, origin| {
                layer.add_trusted_origin(origin)
            });
        Self { layer: layer.ok() }
    }

    /// Whether the browser says that a page of ours asks (`Sec-Fetch-Site`, else `Origin`). What is no browser says
    /// neither, and has no cookies that others could use.
    pub(crate) async fn admit(&self, parts: &Parts) -> bool {
        let Some(layer) = &self.layer else {
            return false;
        };
        let mut request = Request::new(());
        request.method_mut().clone_from(&parts.method);
        request.uri_mut().clone_from(&parts.uri);
        for name in [&HOST, &ORIGIN, &SEC_FETCH_SITE] {
            for value in parts.headers.get_all(name) {
                request.headers_mut().append(name, value.clone());
            }
        }
        let checked = tower::Layer::layer(
            layer,
            service_fn(|_| async { Ok::<_, Infallible>(http::Response::new(())) }),
        );
        let Ok(answer) = checked.oneshot(request).await;
        answer.extensions().get::<ProtectionError>().is_none()
    }
}

/// The cookies of a session: they live as long as its refresh token.
pub(crate) fn session_cookies(tokens: &Tokens, csrf_token: &str) -> Vec<HeaderValue> {
    let life = Duration::from_secs(tokens.refresh_expires_in);
    let refresh = set(REFRESH, tokens.refresh.expose(), life, true);
    let csrf = set(CSRF, csrf_token, life, false);
    let device = tokens
        .device
        .as_ref()
        .map(|device| set(DEVICE, device.expose(), DeviceTokens::LIFE, true));
    [Some(refresh), Some(csrf), device]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
}

/// Takes the cookies of a session back. That of the device stays: it is known still.
pub(crate) fn clear_session(response: &mut Response) {
    static CLEARED: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
        [(REFRESH, true), (CSRF, false)]
            .into_iter()
            .filter_map(|(name, hidden)| set(name, "", Duration::ZERO, hidden))
            .collect()
    });
    for cookie in CLEARED.iter() {
        response
            .headers_mut()
            .append(http::header::SET_COOKIE, cookie.clone());
    }
}

/// Takes the cookies of a session back and clears what else this origin keeps in the browser (ASVS V14.3.1). Cookies are not
/// cleared as a whole: that would reach the applications beside this server, and the device would be unknown.
pub(crate) fn sign_out_of(response: &mut Response) {
    clear_session(response);
    response.headers_mut().insert(
        CLEAR_SITE_DATA,
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
}

fn set(name: &str, value: &str, life: Duration, hidden: bool) -> Option<HeaderValue> {
    let life = life.as_secs();
    let cookie = Cookie::build((name, value))
        .secure(true)
        .http_only(hidden)
        .same_site(SameSite::Strict)
        .path("/")
        .build();
    HeaderValue::try_from(format!("{cookie}; Max-Age={life}"))
        .ok()
        .map(|mut value| {
            value.set_sensitive(true);
            value
        })
}
