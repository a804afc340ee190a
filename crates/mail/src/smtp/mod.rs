//! Handing mail to a server by SMTP (RFC 5321), over TLS.

mod error;
mod lines;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsVersion,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

pub use error::{SmtpError, Stage, TlsError, Trouble};

use crate::message::Message;
use crate::post::{SendError, Transport};
use lines::Lines;

/// How long a connection is kept for the next mail.
const IDLE: Duration = Duration::from_secs(30);
/// How long a connection that is of no use any more is given to part politely.
const PARTING: Duration = Duration::from_secs(1);

/// How the connection is kept from being read on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// It begins in plain and goes on in TLS before anything is said (RFC 3207). A server that does not offer it is refused.
    StartTls,
    /// It is TLS from its first octet (RFC 8314 § 3.3).
    Tls,
    /// It is plain: only for a server on this machine, or while developing.
    Plain,
}

/// Who we are to the server.
#[derive(Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ntt_auth_core::secret::REDACTED)
    }
}

/// Which server, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name or address. Its certificate must be made out to it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are, if it wants to know.
    pub credentials: Option<Credentials>,
    /// What this host calls itself (EHLO).
    pub hello: String,
    /// How long it may take until the server is ready for a mail: name look-up, connection, TLS, sign-in.
    pub connect_timeout: Duration,
    /// How long each answer about a mail may take, but the last.
    pub command_timeout: Duration,
    /// How long the last answer may take, after which the server has the mail. Whoever gives up here may send it twice,
    /// so it is long (RFC 5321 § 4.5.3.2.6 asks for ten minutes).
    pub data_timeout: Duration,
    /// Connections kept for the next mail.
    pub pool: usize,
    /// Certificate authorities in PEM, trusted beside the public ones.
    pub authorities: Option<Vec<u8>>,
}

impl SmtpSettings {
    /// The longest that sending one mail may take; whoever leases a job to this must lease it for longer.
    pub fn longest(&self) -> Duration {
        // The first of four answers may be waited for twice: on a connection that was kept, and on a new one.
        self.connect_timeout + self.command_timeout * 4 + self.data_timeout
    }
}

/// Speaks to one server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp").field(&self.settings).finish()
    }
}

impl Smtp {
    /// Prepares to speak to a server; nothing is connected yet.
    pub fn new(settings: SmtpSettings) -> Result<Self, TlsError> {
        let tls = match settings.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(tls(&settings)?),
        };
        let hello = match settings.hello.parse() {
            Ok(std::net::IpAddr::V4(ip)) => ClientId::Ipv4(ip),
            Ok(std::net::IpAddr::V6(ip)) => ClientId::Ipv6(ip),
            Err(_) => ClientId::Domain(settings.hello.clone()),
        };
        Ok(Self {
            tls,
            hello,
            idle: Mutex::new(Vec::new()),
            settings,
        })
    }

    /// Hands a message over. After `Ok` the server has it.
    ///
    /// # Errors
    /// [`SmtpError`]. Only after a failure at [`Stage::Content`] that is no reply the server may have the message none
    /// the less.
    pub async fn send(&self, message: &Message) -> Result<(), SmtpError> {
        if let Some(connection) = self.kept().await {
            match self.hand_over(connection, message).await {
                // It had just been closed, and nobody has heard of the mail yet.
                Err(error) if error.stage == Stage::Sender && error.is_outage() => {}
                outcome => return outcome,
            }
        }
        let connection = self.connect().await?;
        self.hand_over(connection, message).await
    }

    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), SmtpError> {
        // The connection is put back only when all went well. A conversation that broke off in the middle, or that
        // was cancelled, must not be taken up by the next mail.
        match self.converse(&mut connection, message).await {
            Ok(()) => {
                self.keep(connection).await;
                Ok(())
            }
            Err(error) => {
                if error.is_reply() {
                    part(connection).await;
                }
                Err(error)
            }
        }
    }

    /// Connects, signs in if there are credentials, and parts: to see whether that works.
    pub async fn try_out(&self) -> Result<(), SmtpError> {
        part(self.connect().await?).await;
        Ok(())
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), SmtpError> {
        let patience = self.settings.command_timeout;
        let envelope = &message.envelope;
        let mut parameters = Vec::new();
        let ascii = |text: Option<&str>| text.is_none_or(str::is_ascii);
        let recipients = envelope.to();
        if !ascii(envelope.from().map(AsRef::as_ref))
            || !recipients.iter().all(|to| ascii(Some(to.as_ref())))
        {
            // RFC 6531 § 3.2: such an address must not be sent to a server that does not say it knows them.
            if !connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                return Err(SmtpError::new(Stage::Sender, Trouble::NoSmtpUtf8));
            }
            parameters.push(MailParameter::SmtpUtfEight);
            // The headers of such a message hold the address as it is.
            if connection
                .server_info()
                .supports_feature(Extension::EightBitMime)
            {
                parameters.push(MailParameter::Body(
                    lettre::transport::smtp::extension::MailBodyParameter::EightBitMime,
                ));
            }
        }
        let mail = Mail::new(envelope.from().cloned(), parameters);
        within(patience, Stage::Sender, connection.command(mail)).await?;
        for recipient in recipients {
            let rcpt = Rcpt::new(recipient.clone(), Vec::new());
            within(patience, Stage::Recipient, connection.command(rcpt)).await?;
        }
        within(patience, Stage::Data, connection.command(Data)).await?;
        within(
            self.settings.data_timeout,
            Stage::Content,
            connection.message(&message.raw),
        )
        .await
        .map(drop)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let mut stage = Stage::Connect;
        match timeout(self.settings.connect_timeout, self.open(&mut stage)).await {
            Ok(opened) => opened.map_err(|error| SmtpError::of(stage, &error)),
            Err(_) => Err(SmtpError::new(stage, Trouble::TimedOut)),
        }?
        .map_err(|trouble| SmtpError::new(stage, trouble))
    }

    async fn open(
        &self,
        stage: &mut Stage,
    ) -> Result<Result<AsyncSmtpConnection, Trouble>, lettre::transport::smtp::Error> {
        let place = (self.settings.host.as_str(), self.settings.port);
        let mut connection = match (self.settings.security, &self.tls) {
            (Security::Tls, Some(tls)) => {
                AsyncSmtpConnection::connect_tokio1(
                    place,
                    None,
                    &self.hello,
                    Some(tls.clone()),
                    None,
                )
                .await?
            }
            (_, tls) => {
                let stream = match TcpStream::connect(place).await {
                    Ok(stream) => stream,
                    Err(error) => return Ok(Err(Trouble::Broken(error.to_string()))),
                };
                let _ = stream.set_nodelay(true);
                *stage = Stage::Greeting;
                let stream = Box::new(Lines(stream));
                let mut connection =
                    AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await?;
                if let Some(tls) = tls {
                    *stage = Stage::StartTls;
                    if !connection.can_starttls() {
                        return Ok(Err(Trouble::NoStartTls));
                    }
                    connection.starttls(tls.clone(), &self.hello).await?;
                }
                connection
            }
        };
        if let Some(credentials) = &self.settings.credentials {
            *stage = Stage::SignIn;
            if connection
                .server_info()
                .get_auth_mechanism(MECHANISMS)
                .is_none()
            {
                return Ok(Err(Trouble::NoSignIn));
            }
            let login = Login::new(
                credentials.username.clone(),
                credentials.password.to_string(),
            );
            connection.auth(MECHANISMS, &login).await?;
        }
        Ok(Ok(connection))
    }

    /// A connection of an earlier mail that still answers.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            if since.elapsed() > IDLE {
                continue;
            }
            if timeout(PARTING, connection.test_connected()).await == Ok(true) {
                return Some(connection);
            }
        }
    }

    async fn keep(&self, connection: AsyncSmtpConnection) {
        let surplus = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|kept| kept.since.elapsed() <= IDLE);
            if idle.len() < self.settings.pool {
                idle.push(Idle {
                    connection,
                    since: Instant::now(),
                });
                None
            } else {
                Some(connection)
            }
        };
        if let Some(connection) = surplus {
            part(connection).await;
        }
    }
}

const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

#[async_trait]
impl Transport for Smtp {
    async fn deliver(&self, message: &Message) -> Result<(), SendError> {
        Ok(self.send(message).await?)
    }

    async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for kept in idle {
            part(kept.connection).await;
        }
    }
}

async fn within<T>(
    patience: Duration,
    stage: Stage,
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, SmtpError> {
    match timeout(patience, answer).await {
        Ok(answer) => answer.map_err(|error| SmtpError::of(stage, &error)),
        Err(_) => Err(SmtpError::new(stage, Trouble::TimedOut)),
    }
}

async fn part(mut connection: AsyncSmtpConnection) {
    // The server closes it as well if nobody says so.
    let _ = timeout(PARTING, connection.quit()).await;
}

/// TLS 1.2 or later, with certificates checked against the public authorities and the configured ones. There is no way to
/// turn that off.
fn tls(settings: &SmtpSettings) -> Result<TlsParameters, TlsError> {
    let mut builder = TlsParameters::builder(settings.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots)
        .set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(pem) = &settings.authorities {
        let text = String::from_utf8_lossy(pem);
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(TlsError("it holds no certificate in PEM".to_owned()));
        }
        let authorities =
            Certificate::from_pem(pem).map_err(|error| TlsError(error.to_string()))?;
        builder = builder.add_root_certificate(authorities);
    }
    builder
        .build_rustls()
        .map_err(|error| TlsError(error.to_string()))
}
