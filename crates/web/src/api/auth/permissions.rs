//! `GET /api/v1/auth/permissions`

use crate::api::schema::{ANY, PermissionMatrix, refusals};

refusals!(ANY);

/// Who may do what
///
/// The permission matrix: the table by which every request is judged.
#[utoipa::path(
    get,
    path = "/api/v1/auth/permissions",
    tag = "Authentication",
    responses((status = 200, description = "The matrix.", body = PermissionMatrix), Refusals),
)]
pub(crate) async fn permissions() -> axum::Json<PermissionMatrix> {
    axum::Json(PermissionMatrix::current())
}
