//! `GET /api/v1/outbox`

use ntt_auth_core::model::{FieldErrors, Invalid};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::HeadBody;
use crate::api::schema::{FRAME, QUERY, refusals};
use crate::extract::Query;
use crate::problem::{Problem, ProblemCode};
use crate::system::outbox::Opened;

refusals!(QUERY, &[ProblemCode::NotFound], FRAME);

/// As many as are kept.
const MAX_LIMIT: u32 = 500;

/// Which mails. All filters given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutboxQuery {
    /// Would have gone to this address, without regard to case.
    #[param(example = "ada@example.com")]
    to: Option<String>,
    /// Is this letter.
    #[param(example = "verify-email")]
    letter: Option<String>,
    /// How many at most; 500 if left out, which is all that are kept.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Mails that were kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OutboxList)]
pub(crate) struct OutboxList {
    /// The mails, the newest first.
    items: Vec<HeadBody>,
    /// Always null: all that are kept fit on one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// List the mails that were kept
///
/// The newest first. At most 500 are kept; the oldest go. Only in the profiles `development` and `test` while no mail server is
/// configured, and only for the addresses of `testing.allow_from`.
#[utoipa::path(
    get,
    path = "/api/v1/outbox",
    tag = "Testing",
    params(OutboxQuery),
    responses((status = 200, description = "The mails.", body = OutboxList), Refusals),
)]
pub(crate) async fn list_outbox(
    Opened(outbox): Opened,
    Query(query): Query<OutboxQuery>,
) -> Result<axum::Json<OutboxList>, Problem> {
    let limit = query.limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let invalid = Invalid::with("out_of_range", format!("A limit is 1 to {MAX_LIMIT}."));
        return Err(Problem::invalid(FieldErrors::from(("/limit", invalid))));
    }
    let wanted = |given: &Option<String>, is: &str| {
        given
            .as_ref()
            .is_none_or(|given| given.to_lowercase() == is.to_lowercase())
    };
    let items = outbox
        .list()
        .await
        .iter()
        .filter(|mail| wanted(&query.to, &mail.to) && wanted(&query.letter, &mail.letter))
        .take(limit as usize)
        .map(HeadBody::from)
        .collect();
    Ok(axum::Json(OutboxList {
        items,
        next_cursor: None,
    }))
}
