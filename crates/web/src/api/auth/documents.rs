//! `GET /api/v1/auth/documents`

use axum::extract::State;

use crate::App;
use crate::api::schema::{ANY, DocumentList, refusals};

refusals!(ANY);

/// What people are asked to agree to
///
/// The documents, in the versions of now, for a registration form. Required ones stand in `consents` of every registration.
#[utoipa::path(
    get,
    path = "/api/v1/auth/documents",
    tag = "Authentication",
    responses((status = 200, description = "The documents.", body = DocumentList), Refusals),
)]
pub(crate) async fn documents(State(app): State<App>) -> axum::Json<DocumentList> {
    let rules = &app.auth.rules().accounts;
    axum::Json(DocumentList::of(&rules.consents, &rules.optional_consents))
}
