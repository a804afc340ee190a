//! `POST /api/v1/users/{userId}/suspend`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUser, Measure};
use ntt_auth_core::model::{FieldErrors, Invalid, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, UserBody, UserPath, refusals, view_for};
use crate::extract::{Json, May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::Conflict,
        ProblemCode::LastSuperAdmin
    ],
    ANY,
);

const REASON_CHARACTERS: usize = 500;

/// How long, and why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Suspension, example = json!({ "until": "2030-01-01T00:00:00.000Z", "reason": "Spam." }))]
pub(crate) struct SuspendRequest {
    /// When the suspension lifts by itself; open-ended if left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Why, for administrators.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Suspend a user
///
/// The user cannot sign in until the suspension lifts, and their sessions end at once. The last super admin
/// cannot be suspended.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/suspend",
    tag = "Users",
    params(UserPath),
    request_body(content = Option<SuspendRequest>),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn suspend_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::SuspendUser>,
    Path(UserPath { user_id }): Path<UserPath>,
    body: Option<Json<Option<SuspendRequest>>>,
) -> Result<axum::Json<UserBody>, Problem> {
    let request = body.and_then(|Json(request)| request).unwrap_or_default();
    let measure = request.parse(app.auth.now()).map_err(Problem::invalid)?;
    let user = ManageUser {
        actor: may.0,
        user: user_id,
        measure,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(axum::Json(UserBody::of(
        &user,
        view_for(may.0, user_id),
        app.auth.now(),
    )))
}

impl SuspendRequest {
    fn parse(self, now: Timestamp) -> Result<Measure, FieldErrors> {
        let mut errors = FieldErrors::new();
        let until = self
            .until
            .and_then(|text| errors.take("/until", future(&text, now)));
        let reason = self
            .reason
            .and_then(|text| errors.take("/reason", plain_text(text)));
        if errors.is_empty() {
            Ok(Measure::Suspend { until, reason })
        } else {
            Err(errors)
        }
    }
}

fn future(text: &str, now: Timestamp) -> Result<Timestamp, Invalid> {
    let time = Timestamp::parse(text).ok_or(Invalid::new(
        "invalid_time",
        "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
    ))?;
    if time <= now {
        Err(Invalid::new(
            "in_the_past",
            "The time must be in the future.",
        ))
    } else {
        Ok(time)
    }
}

fn plain_text(text: String) -> Result<String, Invalid> {
    if text.chars().count() > REASON_CHARACTERS {
        return Err(Invalid::with(
            "too_long",
            format!("A reason has at most {REASON_CHARACTERS} characters."),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid::new(
            "invalid_characters",
            "A reason holds no control characters.",
        ));
    }
    Ok(text)
}
