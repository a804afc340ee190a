//! One revocation, and how long the other servers go on without it.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::NODES;
use crate::failure::{Failure, Result};
use crate::load::{Answer, Load, Pace, Then, Traffic};
use crate::request;

/// The pause between two questions for one token to one server: the measure's grain.
const PAUSE: Duration = Duration::from_millis(1);

/// Revocations come at any moment between two looks at the log, not right after one: so many questions are answered before, at most.
const PHASES: usize = 120;

/// The pause before a revocation is tried again that was refused with 503.
const RETRY: Duration = Duration::from_millis(250);

/// Kinds of revocations.
const KINDS: usize = 6;

/// How long a revoked token may be accepted before that is a failure and no figure.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a revocation may take that is tried again and again.
const AT_MOST: Duration = Duration::from_mins(1);

/// What a login tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn {
    access_token: String,
    session_id: String,
    user: User,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    user_id: String,
}

/// Somebody who is signed in twice.
pub(super) struct Person {
    signed_in: SignedIn,
    elsewhere: String,
}

impl Person {
    /// The session whose token is asked for, and the access token of another one.
    pub(super) fn new(signed_in: SignedIn, elsewhere: String) -> Self {
        Self {
            signed_in,
            elsewhere,
        }
    }

    /// Asks for the token.
    pub(super) fn validate(&self) -> Vec<u8> {
        request::validate(&self.signed_in.access_token)
    }
}

/// Something to revoke, and where.
pub(super) struct Case<'a> {
    person: &'a Person,
    node: usize,
    request: Vec<u8>,
    told_as: &'a str,
    questions_before: usize,
}

/// How a revocation was seen.
pub(super) struct Seen {
    /// The server that revoked.
    pub(super) node: usize,
    /// The session or user that the log of revocations names.
    pub(super) told_as: String,
    /// When the answer had come that acknowledges it.
    pub(super) acknowledged: Instant,
    /// From there to the last answer of another server that accepted the token.
    pub(super) delay: Duration,
}

impl<'a> Case<'a> {
    /// Each kind of revocation on each server in turn.
    pub(super) fn numbered(number: usize, person: &'a Person, admin: &str) -> Self {
        let SignedIn {
            access_token,
            session_id,
            user: User { user_id },
        } = &person.signed_in;
        let users = |verb| format!("/api/v1/users/{user_id}/{verb}");
        let post = |path: &str, bearer| request::change("POST", path, bearer, "");
        let mut told_as = session_id;
        let request = match number % KINDS {
            0 => post("/api/v1/auth/logout", access_token),
            1 => post("/api/v1/auth/logout-all", access_token),
            2 => {
                let path = format!("/api/v1/auth/sessions/{session_id}");
                request::change("DELETE", &path, &person.elsewhere, "")
            }
            3 => post(&users("logout-all"), admin),
            4 => post(&users("suspend"), admin),
            _ => {
                told_as = user_id;
                let role = r#"{"role":"moderator"}"#;
                request::change("PATCH", &users("role"), admin, role)
            }
        };
        Self {
            person,
            node: (number + number / KINDS) % NODES,
            request,
            told_as,
            // Coprime, so that every phase comes.
            questions_before: number * 37 % PHASES + 1,
        }
    }

    /// Asks the other servers for the token over and over, revokes it, and waits until none accepts it.
    pub(super) fn revoke(&self, addresses: &[SocketAddr]) -> Result<Seen> {
        let Some(here) = addresses.get(self.node).copied() else {
            return Err(Failure::Unmet("there is no such server".to_owned()));
        };
        let validate = self.person.validate();
        let acknowledged = OnceLock::new();
        thread::scope(|scope| {
            let (accepted, accepts) = mpsc::channel();
            let asking: Vec<_> = addresses
                .iter()
                .filter(|address| **address != here)
                .map(|address| {
                    let (validate, accepted) = (&validate, accepted.clone());
                    let asking = Asking {
                        request: validate,
                        before: self.questions_before,
                        accepted: Some(accepted),
                        acknowledged: &acknowledged,
                        last: None,
                        refused: false,
                    };
                    scope.spawn(move || asking.until_refused(*address))
                })
                .collect();
            drop(accepted);
            // Each says so when it was accepted often enough; one that fails hangs up, and tells why below.
            let all_accept = asking.iter().all(|_| accepts.recv().is_ok());
            let told = all_accept.then(|| self.acknowledged(here));
            // Nobody asks on and on for what was not revoked.
            let at = *acknowledged.get_or_init(|| told.as_ref()?.as_ref().ok().copied());
            told.transpose()?;
            let mut last = None;
            for one in asking {
                let of_one = one.join().map_err(|_| {
                    Failure::Unmet("asking for a token over and over broke off".to_owned())
                })?;
                last = last.max(Some(of_one?));
            }
            let (Some(acknowledged), Some(last)) = (at, last) else {
                return Err(Failure::Unmet("there is no other server".to_owned()));
            };
            Ok(Seen {
                node: self.node,
                told_as: self.told_as.to_owned(),
                acknowledged,
                delay: last.saturating_duration_since(acknowledged),
            })
        })
    }

    /// Revokes; when the answer had come.
    fn acknowledged(&self, server: SocketAddr) -> Result<Instant> {
        let mut once = Acknowledged {
            request: &self.request,
            at: None,
        };
        Load::open(server, 1)?.run(Pace::Closed, AT_MOST, &mut once)?;
        once.at
            .ok_or_else(|| Failure::Unmet("a revocation had no answer".to_owned()))
    }
}

/// Revokes, again where the server says that it cannot just now.
struct Acknowledged<'a> {
    request: &'a [u8],
    at: Option<Instant>,
}

impl Traffic for Acknowledged<'_> {
    fn request(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        request.extend(self.request);
        self.at.is_none()
    }

    fn answer(&mut self, _connection: usize, answer: &Answer<'_>) -> Result<Then> {
        match answer.status {
            200 | 204 => {
                self.at = Some(Instant::now());
                Ok(Then::Now)
            }
            503 => Ok(Then::After(RETRY)),
            status => Err(Failure::Unmet(format!(
                "a revocation was answered by {status}: {}",
                String::from_utf8_lossy(answer.body)
            ))),
        }
    }
}

/// Asks for a token over and over.
struct Asking<'a> {
    request: &'a [u8],
    /// Acceptances that are left before it is revoked, and who is told then.
    before: usize,
    accepted: Option<Sender<()>>,
    /// When it was revoked, or that it will not be.
    acknowledged: &'a OnceLock<Option<Instant>>,
    last: Option<Instant>,
    refused: bool,
}

impl Asking<'_> {
    /// When the last answer came that accepted the token.
    fn until_refused(mut self, server: SocketAddr) -> Result<Instant> {
        Load::open(server, 1)?.run(Pace::Closed, AT_MOST * 2, &mut self)?;
        match self.last {
            Some(last) if self.refused && self.before == 0 => Ok(last),
            Some(_) if self.refused => Err(Failure::Unmet(format!(
                "{server} refused a token before it was revoked"
            ))),
            Some(_) => Err(Failure::Unmet(format!(
                "{server} accepted a token for {} s after another server had revoked it",
                PATIENCE.as_secs()
            ))),
            None => Err(Failure::Unmet(format!("{server} never accepted a token"))),
        }
    }
}

impl Traffic for Asking<'_> {
    fn request(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        request.extend(self.request);
        let goes_on = match self.acknowledged.get() {
            None => true,
            Some(Some(at)) => at.elapsed() < PATIENCE,
            Some(None) => false,
        };
        goes_on && !self.refused
    }

    fn answer(&mut self, _connection: usize, answer: &Answer<'_>) -> Result<Then> {
        match answer.status {
            200 => {
                self.last = Some(Instant::now());
                self.before = self.before.saturating_sub(1);
                if self.before == 0
                    && let Some(accepted) = self.accepted.take()
                {
                    // Whoever waited may have failed and gone.
                    let _ = accepted.send(());
                }
                Ok(Then::After(PAUSE))
            }
            401 => {
                self.refused = true;
                Ok(Then::Now)
            }
            status => Err(Failure::Unmet(format!(
                "a token was asked for and the answer was {status}: {}",
                String::from_utf8_lossy(answer.body)
            ))),
        }
    }
}
