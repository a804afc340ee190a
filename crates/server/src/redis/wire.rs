//! The way to a Redis server: TCP, TLS by our own list of authorities, and the one of several hosts that takes writes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::{MultiplexedConnection, PubSub};
use ::redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError, cmd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::settings::{Host, Redis as Settings, RedisUrl};
use crate::start::StartError;

/// How long it may take until a host is ready to be asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why no connection was had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// Nobody answers, or not by TLS with a good certificate.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, #[source] io::Error),
    /// It took too long.
    #[error("{0} does not answer within {seconds} seconds", seconds = PATIENCE.as_secs())]
    Late(String),
    /// The server refuses us.
    #[error("{0} refuses: {1}")]
    Refused(String, #[source] RedisError),
    /// None of several hosts takes writes.
    #[error("{0} only repeats what another server is told")]
    Replica(String),
}

/// Makes connections.
pub(super) struct Wire {
    url: RedisUrl,
    info: RedisConnectionInfo,
    tls: Option<TlsConnector>,
}

/// What answers calls on a connection while it is awaited; it ends with the connection.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Wire {
    /// Prepares the way; nothing is connected yet.
    pub(super) fn new(url: &RedisUrl, settings: &Settings) -> Result<Self, StartError> {
        let mut info = RedisConnectionInfo::default()
            .set_db(url.database)
            .set_lib_name("ntt-auth", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &url.user {
            info = info.set_username(user);
        }
        if let Some(password) = &url.password {
            info = info.set_password(password.as_str());
        }
        let tls = url.is_tls.then(|| tls(settings)).transpose()?;
        Ok(Self {
            url: url.clone(),
            info,
            tls,
        })
    }

    /// Connects to the host that takes writes.
    pub(super) async fn connect(&self) -> Result<(MultiplexedConnection, Driver), ConnectError> {
        self.first(|host| async move {
            let stream = self.reach(&host).await?;
            self.begin(&host, stream).await
        })
        .await
    }

    /// Connects in order to be told what is published. A replica is told that, too.
    pub(super) async fn listen(&self) -> Result<PubSub, ConnectError> {
        self.first(|host| async move {
            let stream = self.reach(&host).await?;
            PubSub::new(&self.info, stream)
                .await
                .map_err(|refusal| ConnectError::Refused(host.to_string(), refusal))
        })
        .await
    }

    /// The first host with which `connect` succeeds.
    async fn first<T, F>(&self, connect: impl Fn(Host) -> F) -> Result<T, ConnectError>
    where
        F: Future<Output = Result<T, ConnectError>>,
    {
        let mut failure = ConnectError::Late(self.url.to_string());
        for host in &self.url.hosts {
            match timeout(PATIENCE, connect(host.clone())).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = ConnectError::Late(host.to_string()),
            }
        }
        Err(failure)
    }

    async fn reach(&self, host: &Host) -> Result<Box<dyn Stream>, ConnectError> {
        let unreachable = |error| ConnectError::Unreachable(host.to_string(), error);
        let stream = TcpStream::connect((host.name.as_str(), host.port))
            .await
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(host.name.clone())
            .map_err(|error| unreachable(io::Error::other(error)))?;
        let stream = tls.connect(name, stream).await.map_err(unreachable)?;
        Ok(Box::new(stream))
    }

    async fn begin(
        &self,
        host: &Host,
        stream: Box<dyn Stream>,
    ) -> Result<(MultiplexedConnection, Driver), ConnectError> {
        let refused = |refusal| ConnectError::Refused(host.to_string(), refusal);
        let (mut connection, driver) = MultiplexedConnection::new_with_config(
            &self.info,
            stream,
            // Whoever calls waits no longer than is configured.
            AsyncConnectionConfig::default().set_response_timeout(None),
        )
        .await
        .map_err(refused)?;
        let mut driver: Driver = Box::pin(driver);
        if self.url.hosts.len() > 1 {
            let role = cmd("ROLE");
            let is_replica = async {
                let role: Result<::redis::Value, _> = role.query_async(&mut connection).await;
                // A user who may not ask finds out by the first refusal of a write.
                matches!(role, Ok(::redis::Value::Array(role)) if role.first() != Some(&primary()))
            };
            let is_replica = tokio::select! {
                is_replica = is_replica => is_replica,
                () = &mut driver => true,
            };
            if is_replica {
                return Err(ConnectError::Replica(host.to_string()));
            }
        }
        Ok((connection, driver))
    }
}

fn primary() -> ::redis::Value {
    ::redis::Value::BulkString(b"master".to_vec())
}

fn tls(settings: &Settings) -> Result<TlsConnector, StartError> {
    let public = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    let mut authorities: RootCertStore = public.collect();
    if let Some(file) = &settings.ca_file {
        let failed =
            |why: String| StartError::Redis(format!("redis.ca_file, {}: {why}", file.display()));
        let mut found = 0;
        for certificate in
            CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))?
        {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            authorities
                .add(certificate)
                .map_err(|error| failed(error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(failed("it holds no certificate in PEM".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::Redis(error.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
