//! `POST /api/v1/users`

use axum::extract::State;
use http::StatusCode;
use http::header::LOCATION;
use ntt_auth_core::flow::{CreateUser, View};

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, CreationRequest, HASHING, UserBody, refusals};
use crate::extract::{Json, May, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], HASHING, ANY);

/// Create a user
///
/// Makes an account of any role the caller may grant: super admins any, admins those below their own.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "Users",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The account was made.", body = UserBody, headers(
            ("Location" = String, description = "The path of the user."),
        )),
        Refusals,
    ),
)]
pub(crate) async fn create_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::CreateUser>,
    Json(request): Json<CreationRequest>,
) -> Result<
    (
        StatusCode,
        [(http::HeaderName, String); 1],
        axum::Json<UserBody>,
    ),
    Problem,
> {
    let role = request.role;
    let user = CreateUser {
        actor: may.0,
        raw: request.into(),
        role,
        client,
    }
    .run(&app.auth)
    .await?;
    let location = format!("/api/v1/users/{}", user.id);
    let body = UserBody::of(&user, View::Full, app.auth.now());
    Ok((
        StatusCode::CREATED,
        [(LOCATION, location)],
        axum::Json(body),
    ))
}
