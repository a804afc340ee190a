//! From spans that ended to the collector, in batches, behind everybody's back.
//!
//! The SDK's own processor neither tells how many spans it had to drop nor leaves a collector alone that fails; this one
//! does both, on the threads that the server has.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ntt_auth_core::port::Clock as _;
use ntt_auth_web::TraceStats;
use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter as _, SpanProcessor};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::client::Trouble;
use crate::breaker::{Breaker, BreakerReport, BreakerRules};
use crate::ports::SystemClock;

/// Spans that wait to be sent, at most about 1 KiB each.
const QUEUE: usize = 4096;
/// Spans that are sent at once.
const BATCH: usize = 512;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_millis(500);
/// How long the server waits at its end for what is left to be sent.
const LAST_MOMENTS: Duration = Duration::from_secs(3);
/// A batch that was not taken is reason enough to wait: the queue holds what comes meanwhile.
const RULES: BreakerRules = BreakerRules {
    window: 1,
    failures: 1,
    open_for: Duration::from_secs(2),
    probes: 1,
};

/// What is seen of the way to the collector.
pub(super) struct Outlet {
    breaker: Breaker,
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    closing: watch::Sender<bool>,
}

impl Outlet {
    pub(super) fn new() -> Self {
        Self {
            breaker: Breaker::new(RULES),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            closing: watch::Sender::new(false),
        }
    }

    pub(super) fn stats(&self) -> TraceStats {
        TraceStats {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    pub(super) fn breaker(&self) -> BreakerReport {
        self.breaker.report(SystemClock.now())
    }

    /// Has what waits be sent now, and takes nothing more. Returns when that is done, or has taken too long.
    pub(super) async fn finish(&self) {
        self.closing.send_replace(true);
        // The task that sends holds the only receiver.
        let _ = timeout(LAST_MOMENTS, self.closing.closed()).await;
        let TraceStats {
            failed, dropped, ..
        } = self.stats();
        if failed + dropped > 0 {
            tracing::warn!(target: "tracing", failed, dropped, "spans of traces did not reach the collector since the start");
        }
    }
}

/// Takes spans that ended, and never waits.
pub(super) struct Intake {
    queue: mpsc::Sender<SpanData>,
    outlet: Arc<Outlet>,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}

impl SpanProcessor for Intake {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.queue.try_send(span).is_err() {
            self.outlet.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// What takes spans, and what sends them on.
pub(super) fn queue(
    exporter: SpanExporter,
    outlet: &Arc<Outlet>,
    trouble: Trouble,
) -> (Intake, impl Future<Output = ()> + use<>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let intake = Intake {
        queue: sender,
        outlet: Arc::clone(outlet),
    };
    let closing = outlet.closing.subscribe();
    let sending = Sending {
        queue: receiver,
        exporter,
        outlet: Arc::clone(outlet),
        trouble,
        closing,
        is_told: false,
    };
    (intake, sending.run())
}

struct Sending {
    queue: mpsc::Receiver<SpanData>,
    exporter: SpanExporter,
    outlet: Arc<Outlet>,
    trouble: Trouble,
    closing: watch::Receiver<bool>,
    /// Whether the log has it that the collector takes nothing.
    is_told: bool,
}

impl Sending {
    async fn run(mut self) {
        loop {
            let mut batch = Vec::new();
            let mut closing = self.closing.clone();
            let told = async { drop(closing.wait_for(|is_closing| *is_closing).await) };
            let is_last = tokio::select! {
                () = self.gather(&mut batch) => false,
                () = told => true,
            };
            if is_last {
                return self.send_rest(batch).await;
            }
            self.send(batch).await;
        }
    }

    /// Waits until the collector may be asked, for a span, and for others that come soon after.
    async fn gather(&mut self, batch: &mut Vec<SpanData>) {
        while let Some(wait) = self.left_alone_for() {
            sleep(wait).await;
        }
        if self.queue.recv_many(batch, BATCH).await == 0 {
            // Nobody is left who could send; the end of the process follows.
            return std::future::pending().await;
        }
        let others = async {
            while batch.len() < BATCH {
                let room = BATCH - batch.len();
                if self.queue.recv_many(batch, room).await == 0 {
                    break;
                }
            }
        };
        let _ = timeout(GATHER, others).await;
    }

    fn left_alone_for(&self) -> Option<Duration> {
        // The permit is dropped unused: which attempt it is for comes later.
        let refused = self.outlet.breaker.admit(SystemClock.now()).err()?;
        Some(refused.retry_after.max(Duration::from_millis(10)))
    }

    async fn send_rest(mut self, mut batch: Vec<SpanData>) {
        self.queue.close();
        loop {
            while batch.len() < BATCH
                && let Ok(span) = self.queue.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() {
                return;
            }
            self.send(std::mem::take(&mut batch)).await;
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len() as u64;
        let outlet = Arc::clone(&self.outlet);
        let Ok(permit) = outlet.breaker.admit(SystemClock.now()) else {
            outlet.dropped.fetch_add(spans, Ordering::Relaxed);
            return;
        };
        let outcome = self.exporter.export(batch).await;
        match outcome {
            Ok(()) => {
                permit.succeeded(SystemClock.now());
                outlet.sent.fetch_add(spans, Ordering::Relaxed);
                if std::mem::take(&mut self.is_told) {
                    let TraceStats {
                        failed, dropped, ..
                    } = outlet.stats();
                    tracing::info!(target: "tracing", failed, dropped, "the collector takes traces again");
                }
            }
            Err(error) => {
                permit.failed(SystemClock.now());
                outlet.failed.fetch_add(spans, Ordering::Relaxed);
                if !std::mem::replace(&mut self.is_told, true) {
                    let cause = self.trouble.take().unwrap_or_else(|| error.to_string());
                    tracing::warn!(
                        target: "tracing",
                        cause,
                        "the collector takes no traces; what does not fit into the queue is dropped until it does"
                    );
                }
            }
        }
    }
}
