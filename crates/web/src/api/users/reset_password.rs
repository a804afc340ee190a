//! `POST /api/v1/users/{userId}/reset-password`

use axum::extract::State;
use ntt_auth_core::flow::{LinkToSend, SendLink};

use crate::App;
use crate::api::schema::{ANY, Accepted, BEARER, UserPath, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::Conflict
    ],
    ANY
);

/// Have a user choose a new password
///
/// Has a mail sent to the user with a link by which they choose a new password. Nobody chooses it for them. The old password stays good until then; end the user's sessions or suspend them if it must not.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/reset-password",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 202, description = "The mail is on its way.", body = Accepted), Refusals),
)]
pub(crate) async fn reset_user_password(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::UpdateUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<Accepted, Problem> {
    SendLink {
        actor: may.0,
        user: user_id,
        link: LinkToSend::Reset,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(Accepted {})
}
