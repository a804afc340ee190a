//! Noting what somebody signed in tried and may not do (V16.3.2).

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, StatusCode};
use ntt_auth_core::flow::{AccessDenied, Caller};
use ntt_auth_core::model::Client;

use crate::App;
use crate::extract::{bearer, client_address, readable};
use crate::layer::context;

/// Writes a security event for each 403, as many as the trail takes in a minute. The answer is the same whether it could
/// be written or not.
pub(crate) async fn note_denials(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let address = client_address(request.headers(), request.extensions(), &app.settings);
    // Counted references, so that what is not refused costs no copy.
    let kept: HeaderMap = [AUTHORIZATION, USER_AGENT]
        .into_iter()
        .filter_map(|name| Some((name.clone(), request.headers().get(name)?.clone())))
        .collect();
    let response = next.run(request).await;
    if response.status() != StatusCode::FORBIDDEN {
        return response;
    }
    let token = bearer(&kept).ok().flatten();
    let Some(access) = token.and_then(|token| app.auth.recognise(token).ok()) else {
        return response;
    };
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let denied = AccessDenied {
        caller: Caller::from(access.as_ref()),
        what: format!("{method} {route}"),
        client: Client {
            ip_address: address,
            user_agent: kept.get(USER_AGENT).map(|value| readable(value.as_bytes())),
            device_name: None,
            request_id: context::current().map(|context| context.request_id().to_owned()),
        },
    };
    if let Err(error) = denied.run(&app.auth).await {
        tracing::error!(%error, "a refusal is not in the audit trail");
    }
    response
}
