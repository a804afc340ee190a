//! `GET /api/v1/revocations`

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::CONTENT_TYPE;
use ntt_auth_core::model::{FieldErrors, Invalid, Revocation};
use ntt_auth_core::token::{Gap, InForce, Place};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::api::schema::{ANY, BEARER, HeadBody, QUERY, RevocationBody, RevocationPage, refusals};
use crate::extract::{FeedReader, Query};
use crate::feed::{Snapshot, entries_after};
use crate::problem::{Problem, ProblemCode};

refusals!(
    QUERY,
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::CursorGone,
        ProblemCode::Overloaded,
    ],
    ANY
);

const MAX_LIMIT: u32 = 1000;
const MAX_WAIT: u32 = 30;
/// Entries of a snapshot that are written at one time.
const PIECE: usize = 512;

/// From where, how many, and how long to wait for them.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevocationQuery {
    /// The `nextCursor` of the answer before. Without it everything that is in force is told, whole and at once.
    #[param(example = "105-1c3f9a2b")]
    after: Option<String>,
    /// How many entries at most; 1000 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// How many seconds to wait for an entry if there is none yet; 0 if left out.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u32>,
}

/// Read revocations
///
/// For services that validate access tokens by themselves: what was revoked after a place, or without `after` everything that
/// is in force. Needs the token configured as `revocations.feed_token`, or the access token of an administrator. 410
/// `cursor_gone` means that what came after the place cannot be told any more: begin again without `after`.
/// `docs/REVOCATION.md` tells what to do with it.
#[utoipa::path(
    get,
    path = "/api/v1/revocations",
    tag = "Revocations",
    security(("feed" = []), ("bearer" = [])),
    params(RevocationQuery),
    responses((status = 200, description = "Revocations.", body = RevocationPage), Refusals),
)]
pub(crate) async fn list_revocations(
    State(app): State<App>,
    reader: FeedReader,
    Query(query): Query<RevocationQuery>,
) -> Result<Response, Problem> {
    let (after, limit, wait) = query.read().map_err(Problem::invalid)?;
    let Some(place) = after else {
        let snapshot = app.feeds.snapshot(&app.auth).await?;
        return Ok(whole(&app, snapshot));
    };
    let mut entries = told(entries_after(&app.auth, place, limit).await?)?;
    if entries.is_empty() && !wait.is_zero() {
        let _place = app.feeds.enter()?;
        // Both what was revoked and the time that passed end the wait, and so does the end of the server.
        let _ = tokio::time::timeout(wait, arrival(&app, place)).await;
        reader.still_may(&app)?;
        entries = told(app.auth.feed().after(place, limit))?;
    }
    let next = entries.last().map_or(place, Place::after);
    let page = RevocationPage {
        snapshot: false,
        next_cursor: next.to_string(),
        more: next != app.auth.feed().head() && entries.len() == limit,
        head: HeadBody::of(&app),
        entries: entries.iter().map(in_force).collect(),
    };
    Ok(axum::Json(page).into_response())
}

/// Waits until something was revoked after a place, or the server ends.
async fn arrival(app: &App, place: Place) {
    let mut closing = app.feeds.closing();
    loop {
        let changed = app.auth.feed().changed();
        if app.auth.feed().after(place, 1) != Ok(Vec::new()) {
            return;
        }
        tokio::select! {
            () = changed => {}
            _ = closing.wait_for(|closing| *closing) => return,
        }
    }
}

fn told(entries: Result<Vec<Revocation>, Gap>) -> Result<Vec<Revocation>, Problem> {
    entries.map_err(|_| {
        Problem::new(
            ProblemCode::CursorGone,
            "Begin again without `after`: everything that is in force is told then.",
        )
    })
}

/// An entry of the log, as it is told.
pub(super) fn in_force(entry: &Revocation) -> RevocationBody {
    RevocationBody::of(&InForce {
        revoked: entry.revoked,
        expires_at: entry.expires_at,
    })
}

/// Everything that is in force, written piece by piece as it is read, so that it never stands in memory as a text.
fn whole(app: &App, snapshot: Arc<Snapshot>) -> Response {
    let page = RevocationPage {
        snapshot: true,
        next_cursor: snapshot.told.place.to_string(),
        more: false,
        head: HeadBody::of(app),
        entries: Vec::new(),
    };
    // Numbers, flags and ids: there is nothing in it that JSON cannot hold.
    let mut head = serde_json::to_vec(&page).unwrap_or_default();
    // The entries stand last.
    head.truncate(head.len().saturating_sub("]}".len()));
    let pieces = stream::unfold((snapshot, Some(head), 0), piece);
    (
        [(CONTENT_TYPE, "application/json")],
        Body::from_stream(pieces),
    )
        .into_response()
}

type Writing = (Arc<Snapshot>, Option<Vec<u8>>, usize);

async fn piece(
    (snapshot, head, from): Writing,
) -> Option<(Result<Bytes, std::convert::Infallible>, Writing)> {
    // Without the head it is the end that was written last.
    let entries = snapshot.told.entries.get(from..)?;
    let mut text = head.unwrap_or_default();
    let now = entries.iter().take(PIECE);
    let next = from + now.len();
    for (index, entry) in (from..).zip(now) {
        if index > 0 {
            text.push(b',');
        }
        text.extend(serde_json::to_vec(&RevocationBody::of(entry)).unwrap_or_default());
    }
    let is_last = next == snapshot.told.entries.len();
    if is_last {
        text.extend(b"]}");
    }
    let next = if is_last { usize::MAX } else { next };
    Some((Ok(text.into()), (snapshot, None, next)))
}

impl RevocationQuery {
    fn read(&self) -> Result<(Option<Place>, usize, Duration), FieldErrors> {
        let mut errors = FieldErrors::new();
        let after = after(self.after.as_deref(), &mut errors);
        let limit = self.limit.unwrap_or(MAX_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let told = format!("A limit is 1 to {MAX_LIMIT}.");
            errors.add("/limit", Invalid::with("out_of_range", told));
        }
        let wait = self.wait.unwrap_or(0);
        if wait > MAX_WAIT {
            let told = format!("It is waited for {MAX_WAIT} seconds at most.");
            errors.add("/wait", Invalid::with("out_of_range", told));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        match errors.is_empty() {
            true => Ok((after, limit, Duration::from_secs(wait.into()))),
            false => Err(errors),
        }
    }
}

/// The place that a cursor stands for.
pub(super) fn after(cursor: Option<&str>, errors: &mut FieldErrors) -> Option<Place> {
    let place = cursor.map(str::parse::<Place>)?;
    if place.is_err() {
        let told = Invalid::new(
            "invalid_cursor",
            "This cursor was not handed out here: send a nextCursor, or the id of an event.",
        );
        errors.add("/after", told);
    }
    place.ok()
}
