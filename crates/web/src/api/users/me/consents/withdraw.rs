//! `DELETE /api/v1/users/me/consents/{document}`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::WithdrawConsent;

use crate::App;
use crate::api::schema::{ANY, BEARER, DocumentPath, refusals};
use crate::extract::{May, Path, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Withdraw a consent
///
/// To every version of the document. That it was given, and until when it stood, stays noted.
#[utoipa::path(
    delete,
    path = "/api/v1/users/me/consents/{document}",
    tag = "Users",
    params(DocumentPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The consent was withdrawn."), Refusals),
)]
pub(crate) async fn withdraw_consent(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    _: May<may::UpdateUser>,
    Path(DocumentPath { document }): Path<DocumentPath>,
) -> Result<StatusCode, Problem> {
    WithdrawConsent {
        caller,
        document,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
