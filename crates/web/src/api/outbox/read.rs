//! `GET /api/v1/outbox/{mailId}`

use ntt_auth_core::model::JobId;

use super::MailBody;
use crate::api::schema::{FRAME, refusals};
use crate::extract::Path;
use crate::problem::{Problem, ProblemCode};
use crate::system::outbox::Opened;

refusals!(&[ProblemCode::NotFound], FRAME);

/// Read a mail that was kept
///
/// Its text, its HTML, and the addresses in it.
#[utoipa::path(
    get,
    path = "/api/v1/outbox/{mailId}",
    tag = "Testing",
    params(("mailId" = String, Path, format = Uuid, description = "The mail.")),
    responses((status = 200, description = "The mail.", body = MailBody), Refusals),
)]
pub(crate) async fn read_outbox_mail(
    Opened(outbox): Opened,
    Path(id): Path<JobId>,
) -> Result<axum::Json<MailBody>, Problem> {
    let mail = outbox.read(id).await.ok_or_else(Problem::not_found)?;
    Ok(axum::Json(mail.into()))
}
