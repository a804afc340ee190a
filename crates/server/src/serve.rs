//! The server: from settings to requests answered, and to an end in order (OPS-5).

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Fault, ensure_keys, follow, offer_set_up, reconcile_erasures};
use ntt_auth_core::port::{Entropy, Mailer, random};
use ntt_auth_core::secret::SealedBy;
use ntt_auth_web::{App, Probe, metrics_router, router};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::background::{Background, chores, scheduled_backups, sign_last};
use crate::jobs::job_chore;
use crate::listen::{Limits, Listener, room_for};
use crate::mail::MailRoom;
use crate::probe::{Process, Watched};
use crate::settings::{Delivery, Mail, Settings, reachable};
use crate::shared::Shared;
use crate::start::{Installation, StartError, about_previous_key};
use crate::telemetry::{Logging, Traces};

/// How long what still runs on other threads may take once everything is answered.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Serves until a signal ends it.
pub fn run(settings: &Settings) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("serve")
        .build()
        .map_err(StartError::Threads)?;
    let traces = Arc::new(Traces::start(&settings.tracing, runtime.handle())?);
    let _logging = Logging::start(&settings.log, &traces)?;
    let served = runtime.block_on(serve(settings, &traces));
    runtime.shutdown_timeout(LAST_MOMENTS);
    served
}

async fn serve(settings: &Settings, traces: &Arc<Traces>) -> Result<(), StartError> {
    let mut shutdown = Shutdown::listen()?;
    // The ports are taken first: one may be part of the issuer, and a second server must not touch the first one's
    // files.
    let listener = Listener::bind(settings.http.listen, "http.listen")?;
    let metrics = settings
        .metrics
        .listen
        .map(|address| Listener::bind(address, "metrics.listen"))
        .transpose()?;
    let address = listener.address();
    let installation = Installation::open(settings, address).await?;
    let auth = &installation.auth;
    ensure_keys(auth).await?;
    reconcile(auth).await?;
    follow(auth).await?;
    let issuer = &auth.rules().tokens.issuer;
    if let Some(token) = offer_set_up(auth).await? {
        let token = token.expose();
        announce(&format!(
            "Make the first administrator within 24 hours: {issuer}/setup?token={token}"
        ));
    }

    let shared = Arc::new(Shared::start(settings, &installation)?);
    let mail = Arc::new(MailRoom::open(settings, auth)?);
    warn_of(settings, installation.sealed_by);
    let node = node_name(auth.entropy());
    let mut chores = chores(auth, &shared.wakes);
    chores.push(job_chore(
        auth,
        Arc::clone(&mail.post) as Arc<dyn Mailer>,
        node.clone(),
    ));
    let backups = installation.backups(settings);
    let stopping = Arc::new(AtomicBool::new(false));
    chores.extend(scheduled_backups(auth, &backups));
    let watched = Watched {
        hasher: Arc::clone(&installation.hasher),
        mail: Arc::clone(&mail),
        engine: installation.engine().clone(),
        shared: Arc::clone(&shared),
        travel: installation.time_travel(settings, chores.clone()),
        backups,
        traces: Arc::clone(traces),
        stopping: Arc::clone(&stopping),
    };
    let probe: Arc<dyn Probe> = Arc::new(Process::new(watched, &settings.hashing));
    chores.extend(shared.presence(&node, &probe));
    let background = Background::start(chores);
    let app = App::sharing(
        Arc::clone(auth),
        settings.web(issuer),
        probe,
        shared.limits(),
    );
    let metrics_address = metrics.as_ref().map(Listener::address);
    let (stop_metrics, metrics_stopped) = oneshot::channel::<()>();
    let metrics = metrics.map(|listener| {
        let stopped = async {
            // Whoever reads metrics reads them of each server.
            let _ = metrics_stopped.await;
            Duration::ZERO
        };
        tokio::spawn(listener.serve(metrics_router(app.clone()), limits(settings), stopped))
    });

    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(
        target: "serve",
        %address,
        metrics = metrics_address.map(tracing::field::display),
        version,
        migrated = installation.migrated,
        "ready"
    );
    announce(&format!(
        "ntt-auth {version} ready on http://{}",
        reachable(address)
    ));
    let routes = traces.around(router(app.clone()), issuer);
    until_stopped(listener, routes, &app, settings, &mut shutdown, &stopping).await;

    drop(stop_metrics);
    if let Some(task) = metrics
        && let Err(error) = task.await
    {
        tracing::error!(target: "serve", %error, "the listener of the metrics ended badly");
    }
    background.stop(settings.http.shutdown_timeout).await;
    sign_last(auth).await;
    mail.post.close().await;
    installation.hasher.close().await;
    traces.finish().await;
    tracing::info!(target: "serve", "stopped");
    Ok(())
}

/// Answers requests until a signal ends it, and then for as long as balancers need to notice.
async fn until_stopped(
    listener: Listener,
    routes: Router,
    app: &App,
    settings: &Settings,
    shutdown: &mut Shutdown,
    stopping: &AtomicBool,
) {
    let (stop, stopped) = oneshot::channel();
    let signals = async {
        // Who presses Ctrl-C waits for the end, and nobody spreads requests over a server at a terminal.
        let drain = match shutdown.signalled().await {
            told if told == SignalKind::interrupt() => Duration::ZERO,
            _ => settings.http.drain,
        };
        tracing::info!(target: "serve", drain_seconds = drain.as_secs_f64(), "stopping");
        stopping.store(true, Ordering::Relaxed);
        let _ = stop.send(drain);
        let again = shutdown.signalled();
        // Whoever follows a stream comes back at once: that must not be here.
        let ended = async {
            tokio::time::sleep(drain).await;
            app.end_streams();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = again => {}
            () = ended => {}
        }
    };
    let told = async { stopped.await.unwrap_or_default() };
    tokio::select! {
        () = listener.serve(routes, limits(settings), told) => {}
        () = signals => {
            tracing::warn!(target: "serve", "told to stop a second time: running requests are cut off");
        }
    }
}

/// What the listener admits.
fn limits(settings: &Settings) -> Limits {
    Limits {
        max_connections: room_for(settings.http.max_connections),
        max_connections_per_address: settings.http.max_connections_per_address,
        header_timeout: settings.http.header_timeout,
        shutdown_timeout: settings.http.shutdown_timeout,
        trusted_proxies: settings.http.trusted_proxies.clone(),
    }
}

/// Tells what of the configuration is not as it should be.
fn warn_of(settings: &Settings, sealed_by: SealedBy) {
    for (key, path) in &settings.exposed {
        let path = path.display();
        tracing::warn!(target: "serve", key, %path, "others on this machine can read a file with a secret; production refuses that");
    }
    if settings.keys.previous_master_key.is_some() {
        let is_needed = sealed_by == SealedBy::Previous;
        tracing::warn!(target: "serve", "{}", about_previous_key(is_needed));
    }
    if let Delivery::Off = settings.mail.delivery {
        tracing::warn!(target: "serve", "{}", Mail::OFF);
    }
}

/// Erases again, before anybody is answered, whoever was erased and is back with an older database.
async fn reconcile(auth: &Auth) -> Result<(), Fault> {
    let found = reconcile_erasures(auth).await?;
    if found.erased_again > 0 {
        tracing::warn!(
            target: "serve",
            accounts = found.erased_again,
            "the database was restored from a time before these accounts were erased; they are erased again"
        );
    }
    if found.unreadable > 0 {
        tracing::error!(
            target: "serve",
            lines = found.unreadable,
            "lines of the log of erasures were not written by this installation, or not whole; they are passed over"
        );
    }
    Ok(())
}

/// A name for this process that no other of the same store has: leases are held by it.
fn node_name(entropy: &dyn Entropy) -> String {
    let number = u64::from_be_bytes(random(entropy));
    format!("{}-{number:016x}", std::process::id())
}

/// Says something to whoever started the server. If nobody listens, the log has it.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The signals that end a server.
struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    fn listen() -> Result<Self, StartError> {
        let on = |kind| signal(kind).map_err(StartError::Signals);
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn signalled(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }
}
