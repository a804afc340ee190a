//! `DELETE /api/v1/outbox`

use http::StatusCode;

use crate::api::schema::{FRAME, refusals};
use crate::problem::ProblemCode;
use crate::system::outbox::Opened;

refusals!(&[ProblemCode::NotFound], FRAME);

/// Throw away the mails that were kept
///
/// So that a test finds only its own.
#[utoipa::path(
    delete,
    path = "/api/v1/outbox",
    tag = "Testing",
    responses((status = 204, description = "The outbox is empty."), Refusals),
)]
pub(crate) async fn clear_outbox(Opened(outbox): Opened) -> StatusCode {
    outbox.clear().await;
    StatusCode::NO_CONTENT
}
