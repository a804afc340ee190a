//! `POST /api/v1/users/{userId}/resend-verification`

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

/// Have a user verify their address
///
/// Has another mail sent to the user with a link that verifies their address.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/resend-verification",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 202, description = "The mail is on its way.", body = Accepted), Refusals),
)]
pub(crate) async fn resend_user_verification(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::UpdateUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<Accepted, Problem> {
    SendLink {
        actor: may.0,
        user: user_id,
        link: LinkToSend::Verification,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(Accepted {})
}
