//! One connection: its requests, the timer that watches it, and its end.

use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use hyper::body::{Frame, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::coop::has_budget_remaining;
use tokio::time::Instant;

use super::Answer;

/// Where the server stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Requests are answered.
    Serving,
    /// They still are, and with the answer the client is told to go elsewhere.
    Draining,
    /// Running requests are finished, then the connection is closed.
    Finishing,
    /// The connection is closed now.
    Over,
}

/// How often in one header time-out a connection is looked at: it is closed after one to one and a quarter of it.
const LOOKS: u32 = 4;

/// What the timer sees of a connection.
#[derive(Default)]
struct Activity {
    /// Requests whose answer has not begun.
    running: AtomicUsize,
    /// Grows with every answer that begins and every piece of one that is taken for writing.
    progress: AtomicU64,
    /// Whether the next answer is the last one.
    is_last: AtomicBool,
}

/// Counts a request as running until its answer begins or it is abandoned.
struct Running(Arc<Activity>);

impl Running {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.running.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.progress.fetch_add(1, Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, which counts as progress while the client takes it.
struct Watched {
    body: Body,
    activity: Arc<Activity>,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.activity.progress.fetch_add(1, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Serves one connection until it ends, idles too long, or the server is stopped.
pub(super) async fn serve(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    answer: Answer,
    header_timeout: Duration,
    phase: watch::Receiver<Phase>,
) {
    let activity = Arc::new(Activity {
        is_last: AtomicBool::new(*phase.borrow() != Phase::Serving),
        ..Activity::default()
    });
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request| {
            let running = Running::begin(&activity);
            let version = request.version();
            let response = answer.call(request);
            async move {
                let response = response.await;
                let activity = Arc::clone(&running.0);
                let is_last = activity.is_last.load(Ordering::Relaxed);
                response.map(|mut answer| {
                    // HTTP/2 knows no such header: its connections are told when nothing more is accepted, and lose nothing.
                    if is_last && version <= Version::HTTP_11 {
                        let close = HeaderValue::from_static("close");
                        answer.headers_mut().insert(CONNECTION, close);
                    }
                    answer.map(|body| Watched { body, activity })
                })
            }
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let look = header_timeout / LOOKS;
    let mut timer = pin!(tokio::time::sleep(look));
    let mut order = pin!(beyond(phase.clone(), Phase::Serving));
    let mut known: Option<Waker> = None;
    let mut idle_looks = 0;
    let mut seen = 0;
    // Written out rather than as a `select!`: that would arm the timer and the watch anew whenever anything is read
    // or written, several times a request.
    std::future::poll_fn(|context| {
        // What a client does to its own connection is no event of the server's.
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let armed = known
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()));
        if armed && !timer.is_elapsed() && matches!(phase.has_changed(), Ok(false)) {
            return Poll::Pending;
        }
        known = None;
        while timer.as_mut().poll(context).is_ready() {
            let progress = activity.progress.load(Ordering::Relaxed);
            let is_idle = activity.running.load(Ordering::Relaxed) == 0 && progress == seen;
            seen = progress;
            idle_looks = if is_idle { idle_looks + 1 } else { 0 };
            if idle_looks == LOOKS {
                return Poll::Ready(());
            }
            timer.as_mut().reset(Instant::now() + look);
        }
        while let Poll::Ready(now) = order.as_mut().poll(context) {
            match now {
                Phase::Serving => {}
                Phase::Draining => activity.is_last.store(true, Ordering::Relaxed),
                Phase::Finishing => {
                    connection.as_mut().graceful_shutdown();
                    if connection.as_mut().poll(context).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Phase::Over => return Poll::Ready(()),
            }
            order.set(beyond(phase.clone(), now));
        }
        // A task that has used up its turn is not told of anything it asks for: both are armed at the next one.
        if has_budget_remaining() {
            known = Some(context.waker().clone());
        }
        Poll::Pending
    })
    .await;
}

/// The next phase after `known`; the last one if there is nobody left to tell of another.
async fn beyond(mut phase: watch::Receiver<Phase>, known: Phase) -> Phase {
    phase
        .wait_for(|now| *now != known)
        .await
        .map_or(Phase::Over, |now| *now)
}
