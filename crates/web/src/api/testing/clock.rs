//! `GET /api/v1/test/clock`

use axum::extract::State;
use ntt_auth_core::model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, refusals};
use crate::problem::ProblemCode;
use crate::system::{TimeTravel, Traveller};

refusals!(&[ProblemCode::NotFound], ANY);

/// What time it is for this installation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestClock, example = json!({ "now": "2026-02-01T03:04:05.678Z", "aheadSeconds": 2_592_000 }))]
pub(crate) struct ClockBody {
    /// The installation's time.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// By how many seconds it is ahead of the system's.
    ahead_seconds: u64,
}

impl ClockBody {
    pub(super) fn of(app: &App, travel: &dyn TimeTravel) -> Self {
        Self {
            now: app.auth.now(),
            ahead_seconds: travel.ahead().as_secs(),
        }
    }
}

/// Read the virtual clock
///
/// Only in the profiles `development` and `test`, and only for the addresses of `testing.allow_from`.
#[utoipa::path(
    get,
    path = "/api/v1/test/clock",
    tag = "Testing",
    responses((status = 200, description = "The time.", body = ClockBody), Refusals),
)]
pub(crate) async fn read_clock(
    State(app): State<App>,
    Traveller(travel): Traveller,
) -> axum::Json<ClockBody> {
    axum::Json(ClockBody::of(&app, travel.as_ref()))
}
