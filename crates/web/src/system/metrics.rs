//! What Prometheus is told.

mod breakers;
mod revocations;
mod store;
mod traces;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use ntt_auth_core::model::JobState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use self::breakers::BreakerSeries;
use self::store::StoreSeries;
use self::traces::TraceSeries;
use crate::App;
use crate::system::Condition;

use revocations::RevocationMetrics;

/// The label of whatever matched no route. So ten thousand made-up addresses make one series.
const UNMATCHED: &str = "unmatched";
const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// From validation, which takes microseconds, to a sign-in behind a queue.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    letter: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

type Durations = Family<RouteLabels, Histogram, fn() -> Histogram>;

/// Counts and measures. Series of a route are looked up once and then counted without a lock on the family.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Durations,
    routes: HashMap<String, Route>,
    unmatched: Route,
    mails: Family<MailLabels, Counter>,
    jobs: Family<JobLabels, Gauge>,
    breakers: BreakerSeries,
    hashing_workers: Gauge,
    hashing_waiting: Gauge,
    hashing_running: Gauge,
    hashing_finished: Counter,
    hashing_refused: Counter,
    verified_tokens: Gauge,
    revocations: RevocationMetrics,
    store: StoreSeries,
    traces: TraceSeries,
    store_up: Gauge,
    store_latency: Gauge<f64, AtomicU64>,
}

struct Route {
    name: String,
    counters: [[OnceLock<Counter>; CLASSES.len()]; METHODS.len()],
    duration: OnceLock<Histogram>,
}

impl Metrics {
    /// Empty metrics over the routes named.
    pub(crate) fn new(routes: impl IntoIterator<Item = String>) -> Self {
        let mut registry = Registry::with_prefix("ntt_auth");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let durations: Durations = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register_with_unit(
            "http_request_duration",
            "Time taken to answer",
            Unit::Seconds,
            durations.clone(),
        );
        let mails = Family::default();
        registry.register(
            "mails",
            "Mails, by letter and what became of them",
            mails.clone(),
        );
        let jobs = Family::default();
        registry.register("jobs", "Jobs of all nodes, by state", jobs.clone());
        let breakers = BreakerSeries::register(&mut registry);
        let store = StoreSeries::register(&mut registry);
        let traces = TraceSeries::register(&mut registry);
        let revocations = RevocationMetrics::register(&mut registry);
        let route = |name: String| Route {
            counters: Default::default(),
            duration: OnceLock::new(),
            name,
        };
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let hashing_workers = gauge("hashing_workers", "Threads that hash passwords");
        let hashing_waiting = gauge("hashing_waiting", "Hashes waiting for a thread");
        let hashing_running = gauge("hashing_running", "Hashes being computed");
        let verified_tokens = gauge(
            "verified_tokens",
            "Verified access tokens that are remembered",
        );
        let store_up = gauge("store_up", "Whether the store answers: 1 or 0");
        let mut seconds = |name: &str, help: &str| {
            let gauge = Gauge::<f64, AtomicU64>::default();
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
            gauge
        };
        let store_latency = seconds(
            "store_latency",
            "Time the store took to answer the last probe",
        );
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let hashing_finished = counter("hashing_finished", "Hashes computed");
        let hashing_refused = counter(
            "hashing_refused",
            "Requests refused because too many hashes were waiting",
        );
        Self {
            routes: routes
                .into_iter()
                .map(|name| (name.clone(), route(name)))
                .collect(),
            unmatched: route(UNMATCHED.to_owned()),
            registry,
            requests,
            durations,
            mails,
            jobs,
            breakers,
            hashing_workers,
            hashing_waiting,
            hashing_running,
            hashing_finished,
            hashing_refused,
            verified_tokens,
            revocations,
            store,
            traces,
            store_up,
            store_latency,
        }
    }

    /// Counts one answer of a route, named by its template.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        took: Duration,
    ) {
        let route = self.routes.get(route).unwrap_or(&self.unmatched);
        let method = METHODS
            .iter()
            .position(|name| *name == method.as_str())
            .unwrap_or(METHODS.len() - 1);
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        let place = route
            .counters
            .get(method)
            .and_then(|classes| classes.get(class));
        if let (Some(place), Some(method), Some(status)) =
            (place, METHODS.get(method), CLASSES.get(class))
        {
            let labels = || RequestLabels {
                method,
                route: route.name.clone(),
                status,
            };
            place
                .get_or_init(|| self.requests.get_or_create_owned(&labels()))
                .inc();
        }
        let labels = || RouteLabels {
            route: route.name.clone(),
        };
        route
            .duration
            .get_or_init(|| self.durations.get_or_create_owned(&labels()))
            .observe(took.as_secs_f64());
    }

    /// Everything, in the text format of `OpenMetrics`.
    pub(crate) async fn render(&self, app: &App) -> Result<String, std::fmt::Error> {
        self.look(app).await;
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Reads the figures that are kept elsewhere.
    async fn look(&self, app: &App) {
        let gauge = |gauge: &Gauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        let hashing = app.probe.hashing();
        gauge(&self.hashing_workers, hashing.workers);
        gauge(&self.hashing_waiting, hashing.waiting);
        gauge(&self.hashing_running, hashing.running);
        raise(&self.hashing_finished, hashing.finished);
        raise(&self.hashing_refused, hashing.refused);
        gauge(&self.verified_tokens, app.auth.remembered_tokens() as u64);
        self.revocations.look(app);
        self.look_at_mail(app).await;
        self.breakers.look(app.probe.breakers());
        self.store.look(app.probe.store());
        self.traces.look(app.probe.traces());
        let store = super::health::store(app).await;
        self.store_up
            .set(i64::from(store.condition == Condition::Ok));
        self.store_latency
            .set(store.latency.unwrap_or_default().as_secs_f64());
    }
}

impl Metrics {
    async fn look_at_mail(&self, app: &App) {
        let stats = app.probe.mail();
        for letter in stats.letters {
            for (outcome, total) in [
                ("sent", letter.sent),
                ("put_off", letter.put_off),
                ("refused", letter.refused),
            ] {
                let labels = MailLabels {
                    letter: letter.letter,
                    outcome,
                };
                raise(&self.mails.get_or_create_owned(&labels), total);
            }
        }
        // A store that does not answer leaves the figures as they were; that it does not is told beside them.
        if let Ok(counts) = app.auth.store().read().jobs().counts().await {
            for state in JobState::ALL {
                let count = counts
                    .iter()
                    .find(|count| count.state == state)
                    .map_or(0, |count| count.count);
                let labels = JobLabels {
                    state: state.as_str(),
                };
                self.jobs
                    .get_or_create_owned(&labels)
                    .set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }
}

/// Brings a counter up to a figure that is counted elsewhere.
fn raise(counter: &Counter, total: u64) {
    counter.inner().fetch_max(total, Ordering::Relaxed);
}
