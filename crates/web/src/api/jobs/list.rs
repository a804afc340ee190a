//! `GET /api/v1/system/jobs`

use axum::extract::State;
use ntt_auth_core::flow::ListJobs;
use ntt_auth_core::model::{FieldErrors, Invalid, JobState};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, BEARER, JobList, QUERY, refusals};
use crate::extract::{May, Query, may};
use crate::problem::{Problem, ProblemCode};

refusals!(QUERY, BEARER, &[ProblemCode::Forbidden], ANY);

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// Only those in this state.
    #[param(inline)]
    state: Option<Standing>,
    /// How many at most; 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before, with the same state.
    cursor: Option<String>,
}

/// Where a job stands.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Standing {
    /// Waits for its time.
    Waiting,
    /// Is being performed.
    Leased,
    /// Done.
    Done,
    /// Given up.
    Dead,
}

/// List jobs
///
/// What the server still has to do, such as sending mails, newest first. Jobs that are done are kept for a day, those that
/// were given up for 30 days. What a job holds, the address of a mail and its link, is not shown.
#[utoipa::path(
    get,
    path = "/api/v1/system/jobs",
    tag = "System",
    security(("bearer" = [])),
    params(JobQuery),
    responses((status = 200, description = "One page.", body = JobList), Refusals),
)]
pub(crate) async fn list_jobs(
    State(app): State<App>,
    may: May<may::OperateSystem>,
    Query(query): Query<JobQuery>,
) -> Result<axum::Json<JobList>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let told = Invalid::with("out_of_range", format!("A limit is 1 to {MAX_LIMIT}."));
        return Err(Problem::invalid(FieldErrors::from(("/limit", told))));
    }
    let page = ListJobs {
        actor: may.0,
        state: query.state.map(JobState::from),
        cursor: query.cursor,
        limit,
    }
    .run(&app.auth)
    .await?;
    Ok(axum::Json(JobList::of(page)))
}

impl From<Standing> for JobState {
    fn from(state: Standing) -> Self {
        match state {
            Standing::Waiting => Self::Waiting,
            Standing::Leased => Self::Leased,
            Standing::Done => Self::Done,
            Standing::Dead => Self::Dead,
        }
    }
}
