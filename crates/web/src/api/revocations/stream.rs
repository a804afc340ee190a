//! `GET /api/v1/revocations/stream`: server-sent events (WHATWG HTML § 9.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use ntt_auth_core::model::FieldErrors;
use ntt_auth_core::token::{Gap, Place};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::App;
use crate::api::revocations::list::{after, in_force};
use crate::api::schema::{ANY, BEARER, HeadBody, QUERY, RevocationBody, refusals};
use crate::extract::{FeedReader, Query};
use crate::feed::{Snapshot, entries_after};
use crate::problem::{Problem, ProblemCode};

refusals!(
    QUERY,
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::Overloaded],
    ANY
);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx to pass each event on at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// After how long whoever lost the connection comes again.
const RETRY: Duration = Duration::from_secs(1);
/// Events that are made at one time.
const BATCH: usize = 64;

/// From where.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// The `id` of the last event, or a `nextCursor`. `Last-Event-ID` goes before it.
    #[param(example = "105-1c3f9a2b")]
    after: Option<String>,
}

/// Follow revocations
///
/// Server-sent events for services that validate access tokens by themselves. `snapshot` or `resume` comes first and says
/// from where; `revocation` tells of one revocation; `head` says at least every ten seconds how far the node has read and how
/// fresh that is; `gap` and `end` come last and say why the stream ends. Send `Last-Event-ID` or `after` to go on from an event; without either everything
/// in force is told first. Needs the token configured as `revocations.feed_token`, or the access token of an
/// administrator. `docs/REVOCATION.md` tells what to do with it.
#[utoipa::path(
    get,
    path = "/api/v1/revocations/stream",
    tag = "Revocations",
    security(("feed" = []), ("bearer" = [])),
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event, to go on after it.",
            example = "105-1c3f9a2b"),
    ),
    responses(
        (status = 200, description = "The events, until either side ends them.", body = String,
            content_type = "text/event-stream",
            example = "event: resume\nretry: 1000\ndata: {\"after\":\"105-1c3f9a2b\"}\n\nevent: head\nid: 105-1c3f9a2b\ndata: {\"sequence\":105,\"asOf\":\"2026-01-02T03:04:05.678Z\",\"ageMs\":120}\n\nevent: revocation\nid: 106-5be0c7d1\ndata: {\"kind\":\"session\",\"sessionId\":\"0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a\",\"expiresAt\":\"2026-01-02T04:04:15.000Z\"}\n\n"),
        Refusals,
    ),
)]
pub(crate) async fn stream_revocations(
    State(app): State<App>,
    reader: FeedReader,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let begin = Begin::read(&query, &headers).map_err(Problem::invalid)?;
    let seat = app.feeds.enter()?;
    let mut following = Following {
        ready: VecDeque::new(),
        stage: Stage::Over,
        next_head: Instant::now() + app.settings.feed.heartbeat,
        closing: app.feeds.closing(),
        reader,
        _seat: seat,
        app,
    };
    following.begin(begin).await?;
    let mut response = Sse::new(stream::unfold(following, Following::next)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// Where to begin.
enum Begin {
    WithSnapshot,
    After(Place),
    /// The id is none of ours, which a browser would send again and again.
    Lost,
}

impl Begin {
    fn read(query: &StreamQuery, headers: &HeaderMap) -> Result<Self, FieldErrors> {
        if let Some(id) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) {
            let place = id.to_str().ok().and_then(|text| text.parse().ok());
            return Ok(place.map_or(Self::Lost, Self::After));
        }
        let mut errors = FieldErrors::new();
        let place = after(query.after.as_deref(), &mut errors);
        match errors.is_empty() {
            true => Ok(place.map_or(Self::WithSnapshot, Self::After)),
            false => Err(errors),
        }
    }
}

/// One reader. What it has not read yet is looked up when it comes to it, so it holds no more than a batch of events.
struct Following {
    ready: VecDeque<Event>,
    stage: Stage,
    next_head: Instant,
    closing: watch::Receiver<bool>,
    reader: FeedReader,
    _seat: OwnedSemaphorePermit,
    app: App,
}

enum Stage {
    /// What is in force is told; so many entries were.
    Snapshot(Arc<Snapshot>, usize),
    /// Everything up to here was told.
    At(Place),
    /// The rest of `ready` is the end.
    Over,
}

/// Why there is a gap.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GapBody {
    reason: &'static str,
}

impl Following {
    async fn begin(&mut self, begin: Begin) -> Result<(), Problem> {
        match begin {
            Begin::WithSnapshot => {
                let snapshot = self.app.feeds.snapshot(&self.app.auth).await?;
                let count = json!({ "entries": snapshot.told.entries.len() });
                self.ready.push_back(event("snapshot", &count).retry(RETRY));
                self.stage = Stage::Snapshot(snapshot, 0);
            }
            Begin::After(place) => match entries_after(&self.app.auth, place, 1).await? {
                Ok(_) => {
                    let from = json!({ "after": place.to_string() });
                    self.ready.push_back(event("resume", &from).retry(RETRY));
                    self.ready.push_back(self.head(place));
                    self.stage = Stage::At(place);
                }
                Err(gap) => self.end_with_gap(reason(gap)),
            },
            Begin::Lost => self.end_with_gap("unknown"),
        }
        Ok(())
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            if *self.closing.borrow() {
                return None;
            }
            match &self.stage {
                Stage::Over => return None,
                Stage::Snapshot(snapshot, from) => {
                    let (snapshot, from) = (Arc::clone(snapshot), *from);
                    self.tell_snapshot(snapshot, from);
                }
                Stage::At(place) => {
                    let place = *place;
                    self.follow(place).await;
                }
            }
        }
    }

    fn tell_snapshot(&mut self, snapshot: Arc<Snapshot>, from: usize) {
        let batch = snapshot.told.entries.iter().skip(from).take(BATCH);
        let to = from + batch.len();
        // Without an id: whoever loses the connection in the midst of it begins again.
        self.ready
            .extend(batch.map(|entry| event("revocation", &RevocationBody::of(entry))));
        self.stage = if to == snapshot.told.entries.len() {
            let place = snapshot.told.place;
            self.ready.push_back(self.head(place));
            Stage::At(place)
        } else {
            Stage::Snapshot(snapshot, to)
        };
    }

    /// Tells what came after `place`, or waits for something to tell.
    async fn follow(&mut self, place: Place) {
        if let Err(problem) = self.reader.still_may(&self.app) {
            let code = json!({ "code": problem.code() });
            self.ready.push_back(event("end", &code));
            self.stage = Stage::Over;
            return;
        }
        if self.next_head <= Instant::now() {
            self.next_head = Instant::now() + self.app.settings.feed.heartbeat;
            self.ready.push_back(self.head(place));
        }
        let feed = self.app.auth.feed();
        let changed = feed.changed();
        match feed.after(place, BATCH) {
            Err(gap) => self.end_with_gap(reason(gap)),
            Ok(entries) if !entries.is_empty() => {
                for entry in &entries {
                    let place = Place::after(entry);
                    let told = event("revocation", &in_force(entry)).id(place.to_string());
                    self.ready.push_back(told);
                    self.stage = Stage::At(place);
                }
            }
            Ok(_) if !self.ready.is_empty() => {}
            Ok(_) => {
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(self.next_head) => {}
                    _ = self.closing.wait_for(|closing| *closing) => {}
                }
            }
        }
    }

    /// The last thing a reader is told that cannot go on: it begins again without an id.
    fn end_with_gap(&mut self, reason: &'static str) {
        // The empty id takes back the one the client has.
        let gap = event("gap", &GapBody { reason }).id("").retry(RETRY);
        self.ready.push_back(gap);
        self.stage = Stage::Over;
    }

    fn head(&self, place: Place) -> Event {
        event("head", &HeadBody::of(&self.app)).id(place.to_string())
    }
}

fn reason(gap: Gap) -> &'static str {
    match gap {
        Gap::Forgotten => "forgotten",
        Gap::Ahead => "ahead",
        Gap::Elsewhere => "restored",
    }
}

fn event(name: &'static str, data: &impl Serialize) -> Event {
    // Numbers, flags and ids: there is nothing in it that JSON cannot hold, nor a line break.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}
