//! `GET /api/v1/users`

use axum::extract::State;
use ntt_auth_core::flow::ListUsers;
use ntt_auth_core::model::{FieldErrors, Invalid, Role, Search, Timestamp};
use ntt_auth_core::store::{UserFilter, UserSort};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, BEARER, QUERY, UserBody, UserList, refusals, role_schema};
use crate::extract::{May, Query, may};
use crate::problem::{Problem, ProblemCode};

refusals!(QUERY, BEARER, &[ProblemCode::Forbidden], ANY);

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
const SEARCH_CHARACTERS: usize = 254;

/// Which users, in which order. All filters given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserQuery {
    /// Each word of this is the beginning of a word of the names, the user name or the email address, without regard to
    /// case, width and accents: `ada lov`, `lovelace`, `@example.com`. Moderators search names and user names only.
    #[param(max_length = 254, example = "ada")]
    q: Option<String>,
    /// Has this role.
    #[param(schema_with = role_schema, required = false)]
    role: Option<Role>,
    /// Is neither suspended nor deleted; or is, if `false`.
    is_active: Option<bool>,
    /// Has a verified address; or has not, if `false`.
    is_email_verified: Option<bool>,
    /// Was made at or after this time.
    #[param(format = DateTime, example = "2026-01-01T00:00:00Z")]
    created_after: Option<String>,
    /// Was made before this time.
    #[param(format = DateTime, example = "2026-02-01T00:00:00Z")]
    created_before: Option<String>,
    /// Shows deleted users, too; needs the right to restore them.
    include_deleted: Option<bool>,
    /// By what to sort.
    #[param(inline)]
    sort: Option<Sort>,
    /// In which direction to sort; ascending if left out.
    #[param(inline)]
    order: Option<Order>,
    /// How many at most; 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before, with the same filters and order.
    cursor: Option<String>,
}

/// By what a list of users is sorted. Users who never signed in come first by `lastLoginAt`.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Sort {
    /// When the account was made.
    #[default]
    CreatedAt,
    /// Email address.
    Email,
    /// Last sign-in.
    LastLoginAt,
}

/// In which direction a list is sorted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Order {
    /// Least first.
    #[default]
    Asc,
    /// Greatest first.
    Desc,
}

/// List users
///
/// Moderators see others without `email`, `phone` and `metadata`, and can neither find nor sort them by address. A
/// cursor holds for the list it came from.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "Users",
    security(("bearer" = [])),
    params(UserQuery),
    responses((status = 200, description = "One page.", body = UserList), Refusals),
)]
pub(crate) async fn list_users(
    State(app): State<App>,
    may: May<may::ListUsers>,
    query: Query<UserQuery>,
) -> Result<axum::Json<UserList>, Problem> {
    let Query(query) = query;
    let list = ListUsers {
        actor: may.0,
        filter: query.filter().map_err(Problem::invalid)?,
        sort: query.sort.unwrap_or_default().into(),
        descending: query.order == Some(Order::Desc),
        limit: query.limit.unwrap_or(DEFAULT_LIMIT),
        cursor: query.cursor,
    };
    let page = list.run(&app.auth).await?;
    let now = app.auth.now();
    let items = page
        .users
        .iter()
        .map(|user| UserBody::of(user, page.view, now))
        .collect();
    Ok(axum::Json(UserList {
        items,
        next_cursor: page.next,
    }))
}

impl UserQuery {
    fn filter(&self) -> Result<UserFilter, FieldErrors> {
        let mut errors = FieldErrors::new();
        if self
            .limit
            .is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit))
        {
            errors.add(
                "/limit",
                Invalid::with("out_of_range", format!("A limit is 1 to {MAX_LIMIT}.")),
            );
        }
        if self
            .q
            .as_ref()
            .is_some_and(|q| q.chars().count() > SEARCH_CHARACTERS)
        {
            let message = format!("A search has at most {SEARCH_CHARACTERS} characters.");
            errors.add("/q", Invalid::with("too_long", message));
        }
        let mut time = |field, text: Option<&String>| {
            text.and_then(|text| errors.take(field, parse_time(text)))
        };
        let created_after = time("/createdAfter", self.created_after.as_ref());
        let created_before = time("/createdBefore", self.created_before.as_ref());
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(UserFilter {
            search: self.q.as_deref().and_then(Search::parse),
            role: self.role,
            active: self.is_active,
            email_verified: self.is_email_verified,
            created_after,
            created_before,
            include_deleted: self.include_deleted.unwrap_or_default(),
        })
    }
}

fn parse_time(text: &str) -> Result<Timestamp, Invalid> {
    Timestamp::parse(text).ok_or(Invalid::new(
        "invalid_time",
        "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
    ))
}

impl From<Sort> for UserSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::CreatedAt => Self::CreatedAt,
            Sort::Email => Self::Email,
            Sort::LastLoginAt => Self::LastLoginAt,
        }
    }
}
