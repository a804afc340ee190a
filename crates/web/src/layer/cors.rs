//! Cross-origin requests (PRO-4): by configured origins alone; with cookies only if they are named one by one.

use std::time::Duration;

use http::header::{
    ALLOW, AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::browser::X_CSRF_TOKEN;
use crate::settings::CorsOrigins;

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_LIFE: Duration = Duration::from_hours(1);

/// The layer for these origins; none if no other origin may call.
pub(crate) fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let allowed = match origins {
        CorsOrigins::Only(origins) if origins.is_empty() => return None,
        CorsOrigins::Only(origins) => AllowOrigin::list(origins.iter().cloned()),
        CorsOrigins::Any => AllowOrigin::any(),
    };
    let request_id = HeaderName::from_static("x-request-id");
    let limits = [
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
    ];
    let exposed = [
        ALLOW,
        // Clients learn from it how far their clock is off.
        DATE,
        ETAG,
        LOCATION,
        RETRY_AFTER,
        WWW_AUTHENTICATE,
        request_id.clone(),
    ];
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            request_id,
            HeaderName::from_static("traceparent"),
            X_CSRF_TOKEN,
        ])
        .expose_headers(exposed.into_iter().chain(limits).collect::<Vec<_>>())
        .max_age(PREFLIGHT_LIFE);
    Some(match origins {
        CorsOrigins::Only(_) => layer.allow_credentials(true),
        CorsOrigins::Any => layer,
    })
}
