//! `POST /api/v1/users/bulk`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUsers, ManageUsersError, Measure};
use ntt_auth_core::model::{FieldErrors, Invalid, Role, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, UserBody, optional_role_schema, refusals, view_for};
use crate::extract::{Json, May, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, BEARER, &[ProblemCode::Forbidden], ANY);

/// What is done, and to whom.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = BulkAction, example = json!({
    "action": "suspend",
    "userIds": ["0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f"],
    "until": "2030-01-01T00:00:00.000Z",
    "reason": "Spam.",
}))]
pub(crate) struct BulkRequest {
    // Its description is the type's: another beside it would make two schemas of it, of which nothing is both.
    #[schema(inline)]
    action: BulkVerb,
    /// To whom: each once, in this order.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    user_ids: Vec<String>,
    /// Of `suspend`: when the suspension lifts by itself; open-ended if left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Of `suspend`: why, for administrators.
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// Of `change_role`: the role they shall have.
    #[schema(schema_with = optional_role_schema, required = false)]
    role: Option<Role>,
}

/// What can be done to several users at one time.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BulkVerb {
    /// Suspend.
    Suspend,
    /// Lift a suspension.
    Reactivate,
    /// Delete; can be restored.
    Delete,
    /// Restore the deleted.
    Restore,
    /// Give another role.
    ChangeRole,
    /// End every session.
    LogoutAll,
}

/// What became of each.
#[derive(Serialize, ToSchema)]
#[schema(as = BulkOutcome, example = json!({
    "succeeded": 0,
    "failed": 1,
    "results": [{
        "userId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
        "status": 409,
        "code": "conflict",
        "detail": "The account is suspended already.",
    }],
}))]
pub(crate) struct BulkBody {
    /// To how many it was done.
    succeeded: usize,
    /// To how many it was not.
    failed: usize,
    /// One each, in the order of the request.
    results: Vec<BulkResult>,
}

/// What became of one user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkResult {
    /// Which user.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// The status that the same request for this user alone would be answered with.
    #[schema(example = 200)]
    status: u16,
    /// The user as they are now, if it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ProblemCode>,
    /// One sentence more.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Do something to several users
///
/// Each user is judged on their own, and what is refused for one leaves the others as they are: the answer is 200 with
/// a status for each. At most 200 users at one time. Whose role permits the action on nobody is answered 403.
#[utoipa::path(
    post,
    path = "/api/v1/users/bulk",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 200, description = "What became of each.", body = BulkBody), Refusals),
)]
pub(crate) async fn manage_users(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::ListUsers>,
    Json(request): Json<BulkRequest>,
) -> Result<axum::Json<BulkBody>, Problem> {
    let (measure, users) = request.parse(app.auth.now()).map_err(Problem::invalid)?;
    let manage = ManageUsers {
        actor: may.0,
        users,
        measure,
        client,
    };
    let now = app.auth.now();
    let results: Vec<BulkResult> = manage
        .run(&app.auth)
        .await?
        .into_iter()
        .map(|(id, outcome)| match outcome {
            Ok(user) => BulkResult::done(&user, UserBody::of(&user, view_for(may.0, id), now)),
            Err(error) => BulkResult::refused(id, &Problem::from(error)),
        })
        .collect();
    let succeeded = results.iter().filter(|one| one.user.is_some()).count();
    Ok(axum::Json(BulkBody {
        succeeded,
        failed: results.len() - succeeded,
        results,
    }))
}

impl BulkResult {
    fn done(user: &User, body: UserBody) -> Self {
        Self {
            user_id: user.id,
            status: 200,
            user: Some(body),
            code: None,
            detail: None,
        }
    }

    fn refused(user_id: UserId, problem: &Problem) -> Self {
        Self {
            user_id,
            status: problem.code().status().as_u16(),
            user: None,
            code: Some(problem.code()),
            detail: Some(problem.detail().to_owned()),
        }
    }
}

impl BulkRequest {
    fn parse(self, now: Timestamp) -> Result<(Measure, Vec<UserId>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut users = Vec::new();
        // A longer list is refused as a whole by the flow.
        for (index, text) in self.user_ids.iter().enumerate().take(ManageUsers::MOST + 1) {
            match text.parse() {
                Ok(id) => users.push(id),
                Err(_) => errors.add(
                    format!("/userIds/{index}"),
                    Invalid::new("invalid_id", "This is no id of a user."),
                ),
            }
        }
        let misplaced = |given: bool, verb: BulkVerb| given && self.action != verb;
        for (field, given, verb) in [
            ("/until", self.until.is_some(), BulkVerb::Suspend),
            ("/reason", self.reason.is_some(), BulkVerb::Suspend),
            ("/role", self.role.is_some(), BulkVerb::ChangeRole),
        ] {
            if misplaced(given, verb) {
                errors.add(
                    field,
                    Invalid::new("not_applicable", "This action takes no such field."),
                );
            }
        }
        let measure = match (self.action, self.role) {
            (BulkVerb::Suspend, _) => Measure::suspend(self.until.as_deref(), self.reason, now)
                .map_err(|mistakes| errors.extend(mistakes))
                .ok(),
            (BulkVerb::Reactivate, _) => Some(Measure::Reactivate),
            (BulkVerb::Delete, _) => Some(Measure::Delete),
            (BulkVerb::Restore, _) => Some(Measure::Restore),
            (BulkVerb::ChangeRole, Some(role)) => Some(Measure::ChangeRole(role)),
            (BulkVerb::ChangeRole, None) => {
                errors.add("/role", Invalid::new("required", "This field is required."));
                None
            }
            (BulkVerb::LogoutAll, _) => Some(Measure::EndSessions),
        };
        match measure {
            Some(measure) if errors.is_empty() => Ok((measure, users)),
            _ => Err(errors),
        }
    }
}

impl From<ManageUsersError> for Problem {
    fn from(error: ManageUsersError) -> Self {
        match error {
            ManageUsersError::Forbidden => Self::forbidden(),
            ManageUsersError::Invalid(errors) => Self::invalid(errors),
        }
    }
}
