//! The server: from settings to requests answered, and to an end in order (OPS-5).

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Fault, ensure_keys, follow, offer_set_up, reconcile_erasures};
use ntt_auth_core::port::{Entropy, Mailer, random};
use ntt_auth_core::secret::SealedBy;
use ntt_auth_web::{App, metrics_router, router};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::background::{Background, chores, scheduled_backups, sign_last};
use crate::jobs::job_chore;
use crate::listen::{Limits, Listener, room_for};
use crate::mail::MailRoom;
use crate::probe::Process;
use crate::settings::{Delivery, Mail, Settings, reachable};
use crate::start::{Installation, StartError, about_previous_key};
use crate::telemetry::Logging;

/// How long what still runs on other threads may take once everything is answered.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Serves until a signal ends it.
pub fn run(settings: &Settings) -> Result<(), StartError> {
    let _logging = Logging::start(&settings.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("serve")
        .build()
        .map_err(StartError::Threads)?;
    let served = runtime.block_on(serve(settings));
    runtime.shutdown_timeout(LAST_MOMENTS);
    served
}

async fn serve(settings: &Settings) -> Result<(), StartError> {
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

    let mail = Arc::new(MailRoom::open(settings, auth)?);
    warn_of(settings, installation.sealed_by);
    let mut chores = chores(auth);
    chores.push(job_chore(
        auth,
        Arc::clone(&mail.post) as Arc<dyn Mailer>,
        node_name(auth.entropy()),
    ));
    let backups = installation.backups(settings);
    chores.extend(scheduled_backups(auth, &backups));
    let probe = Arc::new(Process::new(
        Arc::clone(&installation.hasher),
        &settings.hashing,
        Arc::clone(&mail),
        installation.time_travel(settings, chores.clone()),
        backups,
    ));
    let background = Background::start(chores);
    let app = App::new(Arc::clone(auth), settings.web(issuer), probe);
    let limits = Limits {
        max_connections: room_for(settings.http.max_connections),
        max_connections_per_address: settings.http.max_connections_per_address,
        header_timeout: settings.http.header_timeout,
        shutdown_timeout: settings.http.shutdown_timeout,
        trusted_proxies: settings.http.trusted_proxies.clone(),
    };
    let metrics_address = metrics.as_ref().map(Listener::address);
    let (stop_metrics, metrics_stopped) = oneshot::channel::<()>();
    let metrics = metrics.map(|listener| {
        let stopped = async { drop(metrics_stopped.await) };
        tokio::spawn(listener.serve(metrics_router(app.clone()), limits.clone(), stopped))
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
    let (stop, stopped) = oneshot::channel::<()>();
    let signals = async {
        shutdown.signalled().await;
        tracing::info!(target: "serve", "stopping");
        drop(stop);
        shutdown.signalled().await;
    };
    tokio::select! {
        () = listener.serve(router(app), limits, async { drop(stopped.await) }) => {}
        () = signals => {
            tracing::warn!(target: "serve", "told to stop a second time: running requests are cut off");
        }
    }

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
    tracing::info!(target: "serve", "stopped");
    Ok(())
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

    async fn signalled(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
