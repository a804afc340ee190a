//! `POST /api/v1/users/me/consents`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::GiveConsent;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, ConsentBody, refusals};
use crate::extract::{Json, May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], ANY);

/// What the caller agrees to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentRequest, example = json!({ "document": "terms:2026-01" }))]
pub(crate) struct ConsentRequest {
    /// The document and its version, as listed by `GET /api/v1/auth/documents`.
    document: String,
}

/// Agree to a document
///
/// Only to the version that is asked for now. Whoever agreed already has agreed: they are answered 200 with the consent
/// that stands.
#[utoipa::path(
    post,
    path = "/api/v1/users/me/consents",
    tag = "Users",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The consent was noted.", body = ConsentBody),
        (status = 200, description = "The consent that stood already.", body = ConsentBody),
        Refusals,
    ),
)]
pub(crate) async fn give_consent(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    _: May<may::UpdateUser>,
    Json(request): Json<ConsentRequest>,
) -> Result<(StatusCode, axum::Json<ConsentBody>), Problem> {
    let give = GiveConsent {
        caller,
        document: request.document,
        client,
    };
    let (consent, is_new) = give.run(&app.auth).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(ConsentBody::of(&consent))))
}
