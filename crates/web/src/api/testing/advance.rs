//! `POST /api/v1/test/clock`

use std::time::Duration;

use axum::extract::State;
use jiff::fmt::friendly::SpanParser;
use jiff::fmt::temporal;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use ntt_auth_core::model::{FieldErrors, Invalid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::clock::ClockBody;
use crate::App;
use crate::api::schema::{ANY, BODY, refusals};
use crate::extract::Json;
use crate::problem::{Problem, ProblemCode};
use crate::system::Traveller;

refusals!(BODY, &[ProblemCode::NotFound], ANY);

/// The furthest one request goes.
const FURTHEST: Duration = Duration::from_hours(10 * 366 * 24);
/// Most steps of one request: after each, all background work is done once.
const MOST_STEPS: u128 = 1000;

/// How much time shall pass.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TestClockAdvance, example = json!({ "advance": "30 days", "step": "1 day" }))]
pub(crate) struct AdvanceRequest {
    /// A length of time in words ("90 min", "30 days") or by ISO 8601 ("P30D"). At most ten years; a day has 24 hours.
    #[serde(default)]
    #[schema(required = true)]
    advance: String,
    /// Steps in which it passes; background work is done after each. All at once if left out; at most 1,000 steps.
    step: Option<String>,
}

/// Move the virtual clock forward
///
/// Time passes at once: tokens expire, locks lift, retention ends. Background work (key rotation, mail, purges) is done
/// before the answer. Time never goes back but by a reset. Only in the profiles `development` and `test`, and only for
/// the addresses of `testing.allow_from`.
#[utoipa::path(
    post,
    path = "/api/v1/test/clock",
    tag = "Testing",
    responses((status = 200, description = "The time afterwards.", body = ClockBody), Refusals),
)]
pub(crate) async fn advance_clock(
    State(app): State<App>,
    Traveller(travel): Traveller,
    Json(request): Json<AdvanceRequest>,
) -> Result<axum::Json<ClockBody>, Problem> {
    let (by, step) = request.parse()?;
    travel.advance(by, step).await?;
    Ok(axum::Json(ClockBody::of(&app, travel.as_ref())))
}

impl AdvanceRequest {
    fn parse(self) -> Result<(Duration, Duration), FieldErrors> {
        let mut errors = FieldErrors::new();
        let by = errors.take("/advance", length(&self.advance));
        let step = match &self.step {
            Some(text) => errors.take("/step", length(text)),
            None => by,
        };
        let (Some(by), Some(step)) = (by, step) else {
            return Err(errors);
        };
        if by.as_millis().div_ceil(step.as_millis().max(1)) > MOST_STEPS {
            let invalid = Invalid::new("too_short", "That would be more than 1,000 steps.");
            return Err(("/step", invalid).into());
        }
        Ok((by, step))
    }
}

fn length(text: &str) -> Result<Duration, Invalid> {
    let days = SpanRelativeTo::days_are_24_hours();
    let span: Option<Span> = SpanParser::new()
        .parse_span(text)
        .or_else(|_| temporal::SpanParser::new().parse_span(text))
        .ok();
    let length = span
        .and_then(|span| span.to_duration(days).ok())
        .and_then(|length: SignedDuration| Duration::try_from(length).ok())
        .ok_or(Invalid::new(
            "invalid_duration",
            "Write a length of time like \"90 min\", \"30 days\" or \"P30D\".",
        ))?;
    match length {
        Duration::ZERO => Err(Invalid::new("too_short", "Time must pass.")),
        _ if length > FURTHEST => Err(Invalid::new("too_long", "Ten years are the most at once.")),
        _ => Ok(length),
    }
}
