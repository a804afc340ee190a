//! `POST /api/v1/auth/register`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use ntt_auth_core::flow::{Register, Registered, View};

use crate::App;
use crate::api::schema::{ANY, Accepted, BODY, HASHING, RegistrationFields, UserBody, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, HASHING, ANY);

/// Register
///
/// Makes an account of the role `user`. A taken address or user name is a 422 that names the field. Under enumeration
/// protection the answer is a 202 with an empty object, and takes the same time, whether or not the address is taken.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "Authentication",
    responses(
        (status = 201, description = "The account was made.", body = UserBody, headers(
            ("Location" = String, description = "The path of the user."),
        )),
        (status = 202, description = "Under enumeration protection: the request was acceptable.", body = Accepted),
        Refusals,
    ),
)]
pub(crate) async fn register(
    State(app): State<App>,
    Peer(client): Peer,
    Json(mut fields): Json<RegistrationFields>,
) -> Result<Response, Problem> {
    match (Register {
        consents: fields.take_consents(),
        raw: fields.into(),
        client,
    })
    .run(&app.auth)
    .await?
    {
        Registered::Created(user) => {
            let location = format!("/api/v1/users/{}", user.id);
            let body = UserBody::of(&user, View::Full, app.auth.now());
            Ok((
                StatusCode::CREATED,
                [(LOCATION, location)],
                axum::Json(body),
            )
                .into_response())
        }
        Registered::Accepted => Ok(Accepted {}.into_response()),
    }
}
