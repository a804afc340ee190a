//! `POST /api/v1/auth/change-email`

use axum::extract::State;
use ntt_auth_core::flow::ChangeEmail;
use ntt_auth_core::model::FieldErrors;
use ntt_auth_core::password::Plain;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, Accepted, BEARER, BODY, HASHING, refusals};
use crate::extract::{Json, May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], HASHING, ANY);

/// The address the caller wants, and their password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = EmailChange, example = json!({
    "newEmail": "ada.lovelace@example.com",
    "currentPassword": "Analytical-Engine-1843",
}))]
pub(crate) struct ChangeEmailRequest {
    /// The address as it shall be.
    #[serde(default)]
    #[schema(required = true, format = Email)]
    new_email: String,
    /// The password as it is.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    current_password: String,
}

/// Ask to change one's email address
///
/// Needs the current password. A mail with a link is sent to the new address; nothing has changed until the link is
/// followed, and then the old address is told. A newer request takes the place of an older one.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-email",
    tag = "Authentication",
    security(("bearer" = [])),
    responses((status = 202, description = "The request was taken.", body = Accepted), Refusals),
)]
pub(crate) async fn change_email(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    _: May<may::HoldSession>,
    Json(request): Json<ChangeEmailRequest>,
) -> Result<Accepted, Problem> {
    let current = Plain::parse(&request.current_password)
        .map_err(|invalid| Problem::invalid(FieldErrors::from(("/currentPassword", invalid))))?;
    ChangeEmail {
        caller,
        new: request.new_email,
        current,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(Accepted {})
}
