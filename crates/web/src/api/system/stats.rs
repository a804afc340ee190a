//! `GET /api/v1/system/stats`

use std::collections::BTreeMap;

use axum::extract::State;
use ntt_auth_core::flow::{ReadStats, ReadStatsError, Stats};
use ntt_auth_core::model::{FieldErrors, Invalid, Role, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, BEARER, QUERY, refusals};
use crate::extract::{May, Query, may};
use crate::problem::{Problem, ProblemCode};

refusals!(QUERY, BEARER, &[ProblemCode::Forbidden], ANY);

const DEFAULT_DAYS: u32 = 30;

/// Of which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// How many days, today included; 30 if left out.
    #[param(minimum = 1, maximum = 90)]
    days: Option<u32>,
}

/// Figures of the installation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SystemStats, example = json!({
    "countedAt": "2026-01-02T03:04:05.678Z",
    "accounts": {
        "total": 3, "active": 2, "suspended": 1, "deleted": 1, "unverified": 2,
        "byRole": { "super_admin": 1, "admin": 0, "moderator": 0, "user": 2, "guest": 0 },
    },
    "days": [{ "date": "2026-01-02", "registrations": 1, "signIns": 7, "signInFailures": 2 }],
    "openSessions": 4,
    "jobs": { "waiting": 0, "dead": 0 },
}))]
pub(crate) struct StatsBody {
    /// When they were counted: a few seconds ago at most.
    #[schema(value_type = String, format = DateTime)]
    counted_at: Timestamp,
    /// The accounts.
    accounts: AccountsBody,
    /// A row for each day in UTC, today last.
    days: Vec<DayBody>,
    /// Sessions that are open. Not told to moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_sessions: Option<u64>,
    /// Jobs by their state. Not told to moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, u64>>)]
    jobs: Option<BTreeMap<&'static str, u64>>,
}

/// How many accounts there are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccountStats)]
pub(crate) struct AccountsBody {
    /// All that are not deleted.
    total: u64,
    /// Those who may sign in.
    active: u64,
    /// Those who are suspended.
    suspended: u64,
    /// Those who are deleted and can be restored.
    deleted: u64,
    /// Those whose address was not verified, deleted ones among them.
    unverified: u64,
    /// By role, deleted ones left out.
    #[schema(value_type = BTreeMap<String, u64>)]
    by_role: BTreeMap<Role, u64>,
}

/// The figures of one day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DayStats)]
pub(crate) struct DayBody {
    /// The day, in UTC.
    #[schema(format = Date)]
    date: String,
    /// Accounts made.
    registrations: u64,
    /// Sign-ins. Not told to moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_ins: Option<u64>,
    /// Sign-ins that were refused. Not told to moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in_failures: Option<u64>,
}

/// Figures of the installation
///
/// Accounts by state and role, and registrations, sign-ins and failed sign-ins by day. They are counted anew at most every
/// ten seconds. Moderators are told of accounts and registrations only.
#[utoipa::path(
    get,
    path = "/api/v1/system/stats",
    tag = "System",
    security(("bearer" = [])),
    params(StatsQuery),
    responses((status = 200, description = "The figures.", body = StatsBody), Refusals),
)]
pub(crate) async fn system_stats(
    State(app): State<App>,
    may: May<may::ReadSystem>,
    Query(query): Query<StatsQuery>,
) -> Result<axum::Json<StatsBody>, Problem> {
    let days = query.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=ReadStats::MOST_DAYS).contains(&days) {
        let message = format!("Days are 1 to {}.", ReadStats::MOST_DAYS);
        let invalid = Invalid::with("out_of_range", message);
        return Err(Problem::invalid(FieldErrors::from(("/days", invalid))));
    }
    let read = ReadStats { actor: may.0, days };
    Ok(axum::Json(StatsBody::of(&read.run(&app.auth).await?)))
}

impl StatsBody {
    fn of(stats: &Stats) -> Self {
        let accounts = &stats.accounts;
        let total = accounts.by_role.iter().map(|(_, count)| count).sum::<u64>();
        let system = stats.system.as_ref();
        Self {
            counted_at: stats.at,
            accounts: AccountsBody {
                total,
                active: total.saturating_sub(accounts.suspended),
                suspended: accounts.suspended,
                deleted: accounts.deleted,
                unverified: accounts.unverified,
                by_role: accounts.by_role.iter().copied().collect(),
            },
            days: stats
                .days
                .iter()
                .map(|day| DayBody {
                    // The date is what a time begins with.
                    date: day.begins.to_string().chars().take(10).collect(),
                    registrations: day.registrations,
                    sign_ins: system.map(|_| day.sign_ins),
                    sign_in_failures: system.map(|_| day.sign_in_failures),
                })
                .collect(),
            open_sessions: system.map(|system| system.open_sessions),
            jobs: system.map(|system| {
                let jobs = system.jobs.iter();
                jobs.map(|job| (job.state.as_str(), job.count)).collect()
            }),
        }
    }
}

impl From<ReadStatsError> for Problem {
    fn from(error: ReadStatsError) -> Self {
        match error {
            ReadStatsError::Forbidden => Self::forbidden(),
            ReadStatsError::Fault(fault) => fault.into(),
        }
    }
}
