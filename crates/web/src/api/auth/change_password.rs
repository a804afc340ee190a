//! `POST /api/v1/auth/change-password`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::ChangePassword;
use ntt_auth_core::model::FieldErrors;
use ntt_auth_core::password::Plain;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, HASHING, refusals};
use crate::extract::{Json, May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], HASHING, ANY);

/// The password the caller has, and the one they want.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PasswordChange, example = json!({
    "currentPassword": "Analytical-Engine-1843",
    "newPassword": "Difference-Engine-1822",
}))]
pub(crate) struct ChangePasswordRequest {
    /// The password as it is.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    current_password: String,
    /// The password as it shall be.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    new_password: String,
}

/// Change one's password
///
/// Needs the current password. Every other session of the caller ends; the present one goes on.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-password",
    tag = "Authentication",
    security(("bearer" = [])),
    responses((status = 204, description = "The password was changed."), Refusals),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    _: May<may::HoldSession>,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<StatusCode, Problem> {
    let current = Plain::parse(&request.current_password)
        .map_err(|invalid| Problem::invalid(FieldErrors::from(("/currentPassword", invalid))))?;
    ChangePassword {
        caller,
        current,
        new: request.new_password,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
