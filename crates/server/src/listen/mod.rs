//! The accept loop: what a stranger can hold open, for how long, and how all of it ends in order (OPS-5).
//!
//! A connection is closed when it completes no request for the header time-out, whether it sends nothing, half an
//! HTTP/2 preface, one byte of a header at a time, or is merely idle. Bodies of requests have a deadline where they are
//! read, so that whoever is too slow is told. Connections are counted per process and per client.

mod connection;
mod count;
mod descriptors;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service as _;

pub use descriptors::room_for;

use connection::Phase;
use count::ClientCount;

/// Connections that wait in the system's queue until they are accepted.
const BACKLOG: u32 = 4096;
/// Bytes that the head of a request may take. The routes refuse half of it with a problem that explains; beyond this,
/// there is nothing but a bare 431.
const MAX_HEAD: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have running.
const MAX_STREAMS: u32 = 128;
/// HTTP/2 streams a client may open and abandon before they are accepted (CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;
/// How long to wait before accepting again when the process ran out of descriptors or memory.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// What clients may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections open at one time.
    pub max_connections: usize,
    /// Connections open at one time from one client.
    pub max_connections_per_address: usize,
    /// How long a connection may go without completing a request.
    pub header_timeout: Duration,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_timeout: Duration,
    /// Addresses that are not counted as one client.
    pub trusted_proxies: Vec<IpNet>,
}

/// Why the server cannot listen, with the cure. Each names the address and the setting it came from.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error(
        "{0} is in use by another program; stop it, or set {1} to another port (0 takes a free one)"
    )]
    InUse(SocketAddr, &'static str),
    /// The port is reserved.
    #[error(
        "this user may not listen on {0}; set {1} to a port above 1023, or grant CAP_NET_BIND_SERVICE"
    )]
    Denied(SocketAddr, &'static str),
    /// The address is not this machine's.
    #[error("{0} is not an address of this machine; set {1} to one that is, or to 0.0.0.0 for all")]
    NotHere(SocketAddr, &'static str),
    /// Anything else.
    #[error("cannot listen on {0}: {2}; correct {1}")]
    Other(SocketAddr, &'static str, #[source] io::Error),
}

/// A socket that is bound, before anything is accepted.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the address; `setting` is the key it was configured with, for messages.
    pub fn bind(address: SocketAddr, setting: &'static str) -> Result<Self, ListenError> {
        let bound = || {
            let socket = if address.is_ipv4() {
                TcpSocket::new_v4()
            } else {
                TcpSocket::new_v6()
            }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        let socket = bound().map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse(address, setting),
            io::ErrorKind::PermissionDenied => ListenError::Denied(address, setting),
            io::ErrorKind::AddrNotAvailable => ListenError::NotHere(address, setting),
            _ => ListenError::Other(address, setting, error),
        })?;
        let address = socket
            .local_addr()
            .map_err(|error| ListenError::Other(address, setting, error))?;
        Ok(Self { socket, address })
    }

    /// The address with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` until `shutdown` is done, and for as long after that as it says, so that whoever spreads requests over
    /// several servers can notice: meanwhile every answer asks for its connection to be closed. Then nothing more is
    /// accepted, running requests finish or run out of time, and the call returns. The peer's address is given to the
    /// router as [`ConnectInfo`].
    pub async fn serve(
        self,
        router: Router,
        limits: Limits,
        shutdown: impl Future<Output = Duration>,
    ) {
        let permits = Arc::new(Semaphore::new(limits.max_connections));
        let clients = ClientCount::new(
            limits.max_connections_per_address,
            limits.trusted_proxies.clone(),
        );
        let (phase, watched) = watch::channel(Phase::Serving);
        let builder = Arc::new(builder(&limits));

        let accepting = async {
            loop {
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    return;
                };
                let (stream, peer) = accept(&self.socket).await;
                let Some(counted) = clients.enter(peer.ip()) else {
                    tracing::debug!(target: "listen", %peer, "closed a connection above the limit for one address");
                    continue;
                };
                let connection = connection::serve(
                    Arc::clone(&builder),
                    stream,
                    Answer {
                        router: Mutex::new(router.clone()),
                        peer,
                    },
                    limits.header_timeout,
                    watched.clone(),
                );
                tokio::spawn(async move {
                    connection.await;
                    drop((permit, counted));
                });
            }
        };
        let told = async {
            let drain = shutdown.await;
            if drain > Duration::ZERO {
                let _ = phase.send(Phase::Draining);
                tokio::time::sleep(drain).await;
            }
        };
        tokio::select! {
            () = accepting => {}
            () = told => {}
        }

        drop(self.socket);
        let _ = phase.send(Phase::Finishing);
        // Every receiver but this one belongs to a connection.
        drop(watched);
        if tokio::time::timeout(limits.shutdown_timeout, phase.closed())
            .await
            .is_err()
        {
            tracing::warn!(
                target: "listen",
                connections = phase.receiver_count(),
                "requests were still running when the time to finish was over"
            );
            let _ = phase.send(Phase::Over);
            phase.closed().await;
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // hyper's own time-out of heads stays off: it would arm a timer for each request, and would not see a connection that
    // stalls before its version is known. connection.rs watches each connection with one timer instead. hyper's own
    // bound of 100 headers stays.
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

async fn accept(socket: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                // Without it small answers wait for the acknowledgement of the one before. It fails only on a
                // connection that is already gone.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(target: "listen", %error, "cannot accept connections; raise the limit of open files");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Hands one connection's requests to the router.
struct Answer {
    /// Each connection has a handle of its own under a lock that nobody else takes: cloning the handle for each
    /// request would have all cores count on one place in memory.
    router: Mutex<Router>,
    peer: SocketAddr,
}

impl Answer {
    fn call(
        &self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<axum::response::Response, Infallible>> + use<> {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // A router is always ready, so `poll_ready` need not be asked.
        self.router
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .call(request)
    }
}

#[cfg(test)]
mod tests;
