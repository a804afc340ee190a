//! Mail as the settings want it: to a server with a breaker around it, into the outbox, or nowhere.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use ipnet::IpNet;
use ntt_auth_core::Auth;
use ntt_auth_core::model::{Email, JobId, Timestamp};
use ntt_auth_core::port::Clock;
use ntt_auth_mail::{
    KeptMail, Letters, Message, Outbox, Post, SendError, Sender, Site, Smtp, Transport,
};
use ntt_auth_web::{Component, Condition, LetterStats, MailStats, OutboxMail};
use url::{Host, Url};

use crate::breaker::{Breaker, BreakerReport, BreakerState};
use crate::settings::{Database, Delivery, Settings};
use crate::start::StartError;

/// The folder of the outbox within the data folder.
const FOLDER: &str = "outbox";
/// What mail comes from where it is only kept and no address was configured. `.invalid` is nobody's (RFC 2606 § 2).
const NOBODY: &str = "no-reply@ntt-auth.invalid";

/// How an installation's mail goes.
pub struct MailRoom {
    /// Writes mail and hands it over.
    pub post: Arc<Post>,
    /// Where mail is kept, if it is not sent.
    pub outbox: Option<Arc<OpenOutbox>>,
    breaker: Option<Arc<Breaker>>,
    clock: Arc<dyn Clock>,
}

impl MailRoom {
    /// Prepares what the settings want; nothing is connected yet.
    pub fn open(settings: &Settings, auth: &Arc<Auth>) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(ClockOf(Arc::clone(auth)));
        let (mut outbox, mut breaker) = (None, None);
        let transport: Arc<dyn Transport> = match &settings.mail.delivery {
            Delivery::Off => Arc::new(Nowhere),
            Delivery::Outbox => {
                let kept = Arc::new(open_outbox(settings)?);
                outbox = Some(Arc::new(OpenOutbox {
                    kept: Arc::clone(&kept),
                    allow_from: settings.testing.allow_from.clone(),
                }));
                kept
            }
            Delivery::Smtp(_) => {
                let around = Arc::new(Breaker::new(settings.mail.breaker));
                breaker = Some(Arc::clone(&around));
                Arc::new(Guarded {
                    inner: smtp(settings, &auth.rules().tokens.issuer)?,
                    breaker: around,
                    clock: Arc::clone(&clock),
                })
            }
        };
        let issuer = &auth.rules().tokens.issuer;
        let letters = Arc::new(letters(settings, issuer)?);
        let post = Post::new(
            letters,
            sender(settings, issuer),
            Arc::clone(&clock),
            transport,
        );
        Ok(Self {
            post: Arc::new(post),
            outbox,
            breaker,
            clock,
        })
    }

    /// What became of mail since the start.
    pub fn stats(&self) -> MailStats {
        let letters = self.post.counts().into_iter();
        MailStats {
            letters: letters
                .map(|(letter, count)| LetterStats {
                    letter,
                    sent: count.sent,
                    put_off: count.put_off,
                    refused: count.refused,
                })
                .collect(),
        }
    }

    /// How the breaker before the mail server stands, if there is a server.
    pub fn breaker(&self) -> Option<BreakerReport> {
        let breaker = self.breaker.as_ref()?;
        Some(breaker.report(self.clock.now()))
    }

    /// How mail is, for health: a mail server that fails makes mail late and nothing else.
    pub fn component(&self) -> Component {
        let state = self
            .breaker()
            .map_or(BreakerState::Closed, |report| report.state);
        let (condition, cause) = match state {
            BreakerState::Closed => (Condition::Ok, None),
            BreakerState::HalfOpen => (
                Condition::Degraded,
                Some("the mail server has been failing and is being tried again"),
            ),
            BreakerState::Open => (
                Condition::Degraded,
                Some("the mail server has been failing and is left alone for a while"),
            ),
        };
        Component {
            name: "mail",
            condition,
            latency: None,
            cause: cause.map(str::to_owned),
        }
    }
}

/// The letters in the words that the settings want.
pub fn letters(settings: &Settings, issuer: &str) -> Result<Letters, StartError> {
    let host = host_of(issuer);
    let site = Site {
        name: match (&settings.mail.from_name, host) {
            (Some(name), _) => name.clone(),
            (None, Host::Domain(name)) if name != "localhost" => name,
            // An address is no name to be called by.
            (None, _) => "ntt-auth".to_owned(),
        },
        url: issuer.to_owned(),
    };
    let mail = &settings.mail;
    Letters::load(site, &mail.locale, mail.templates.as_deref())
        .map_err(|error| StartError::Mail(error.to_string()))
}

/// In whose name mail goes out.
pub fn sender(settings: &Settings, issuer: &str) -> Sender {
    let host = match host_of(issuer) {
        Host::Domain(name) => name,
        // As an address is written where a name belongs (RFC 5321 § 4.1.3).
        Host::Ipv4(ip) => format!("[{ip}]"),
        Host::Ipv6(ip) => format!("[IPv6:{ip}]"),
    };
    Sender {
        from: settings.mail.from.clone().unwrap_or_else(|| {
            Email::parse(&format!("no-reply@{host}"))
                .unwrap_or_else(|_| Email::from_stored(NOBODY.to_owned()))
        }),
        from_name: settings.mail.from_name.clone(),
        reply_to: settings.mail.reply_to.clone(),
        host,
    }
}

/// The configured mail server.
///
/// # Errors
/// If there is none, or TLS cannot be prepared.
pub fn smtp(settings: &Settings, issuer: &str) -> Result<Smtp, StartError> {
    let Delivery::Smtp(smtp) = &settings.mail.delivery else {
        return Err(StartError::Mail("no mail server is configured".to_owned()));
    };
    let mut smtp = smtp.as_ref().clone();
    if smtp.hello.is_empty() {
        smtp.hello = host_of(issuer).to_string().replace(['[', ']'], "");
    }
    Smtp::new(smtp).map_err(|error| StartError::Mail(error.to_string()))
}

fn host_of(issuer: &str) -> Host {
    Url::parse(issuer)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()))
        .unwrap_or_else(|| Host::Domain("localhost".to_owned()))
}

fn open_outbox(settings: &Settings) -> Result<Outbox, StartError> {
    match settings.database {
        Database::Memory => Ok(Outbox::in_memory()),
        Database::File(_) | Database::Server(_) => {
            let folder = settings.data_dir.join(FOLDER);
            Outbox::open(&folder).map_err(|cause| StartError::DataFolder { folder, cause })
        }
    }
}

/// The clock of an installation.
struct ClockOf(Arc<Auth>);

impl Clock for ClockOf {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Mail that is turned off.
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn deliver(&self, _: &Message) -> Result<(), SendError> {
        Err(SendError::Disabled)
    }
}

/// A transport with a breaker around it. Only what is no fault of the mail itself counts as a failure.
struct Guarded<T> {
    inner: T,
    breaker: Arc<Breaker>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl<T: Transport> Transport for Guarded<T> {
    async fn deliver(&self, message: &Message) -> Result<(), SendError> {
        let permit = self
            .breaker
            .admit(self.clock.now())
            .map_err(|_| SendError::Suspended)?;
        let outcome = self.inner.deliver(message).await;
        let now = self.clock.now();
        match &outcome {
            Err(SendError::Smtp(error)) if error.is_outage() => permit.failed(now),
            _ => permit.succeeded(now),
        }
        outcome
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// The outbox as pages and API see it.
pub struct OpenOutbox {
    kept: Arc<Outbox>,
    allow_from: Vec<IpNet>,
}

#[async_trait]
impl ntt_auth_web::Outbox for OpenOutbox {
    fn serves(&self, peer: SocketAddr) -> bool {
        let address = peer.ip().to_canonical();
        self.allow_from
            .iter()
            .any(|network| network.contains(&address))
    }

    async fn list(&self) -> Vec<OutboxMail> {
        self.kept.list().into_iter().map(shown).collect()
    }

    async fn read(&self, id: JobId) -> Option<OutboxMail> {
        self.kept.read(id).map(shown)
    }

    async fn clear(&self) {
        self.kept.clear();
    }
}

fn shown(mail: KeptMail) -> OutboxMail {
    OutboxMail {
        id: mail.id,
        at: mail.at,
        to: mail.to,
        letter: mail.letter,
        locale: mail.locale,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
    }
}

#[cfg(test)]
mod tests;
