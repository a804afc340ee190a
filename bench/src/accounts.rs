//! Accounts and sessions to measure with.

use std::net::SocketAddr;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};
use crate::load::{Answer, Kept, Then, Traffic, ask};
use crate::request::{self, Credentials};

/// Requests that prepare a measurement run over this many connections, below what any server refuses.
const CALM: usize = 8;

/// What signing in and refreshing give.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// The access token.
    pub(crate) access_token: String,
    /// The refresh token.
    pub(crate) refresh_token: String,
}

/// Makes that many accounts.
pub(crate) fn register(server: SocketAddr, count: usize) -> Result<Vec<Credentials>> {
    register_from(server, 0, count)
}

/// Makes that many accounts, with numbers from `first`.
pub(crate) fn register_from(
    server: SocketAddr,
    first: usize,
    count: usize,
) -> Result<Vec<Credentials>> {
    let accounts: Vec<Credentials> = (first..first + count).map(Credentials::numbered).collect();
    let requests: Vec<Vec<u8>> = accounts.iter().map(request::register).collect();
    for answer in ask(server, CALM, &requests)? {
        expect(server, "POST /auth/register", &answer, &[201, 202])?;
    }
    Ok(accounts)
}

/// Signs every account in once; of each answer, what `T` takes of it.
pub(crate) fn sign_in<T: DeserializeOwned>(
    server: SocketAddr,
    accounts: &[Credentials],
) -> Result<Vec<T>> {
    let requests: Vec<Vec<u8>> = accounts.iter().map(request::login).collect();
    ask(server, CALM, &requests)?
        .iter()
        .map(|answer| {
            expect(server, "POST /auth/login", answer, &[200])?;
            serde_json::from_slice(&answer.body)
                .map_err(|error| Failure::Unmet(format!("a login's answer has no tokens: {error}")))
        })
        .collect()
}

/// Fails unless the status of `answer` is among `statuses`.
pub(crate) fn expect(
    address: SocketAddr,
    request: &'static str,
    answer: &Kept,
    statuses: &[u16],
) -> Result<()> {
    if statuses.contains(&answer.status) {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(Failure::Answer {
        address,
        request,
        status: answer.status,
        body: body.chars().take(300).collect(),
    })
}

/// Each connection rotates the refresh token of its own session, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Chains {
    refresh_tokens: Vec<String>,
    minted: Vec<String>,
    mint: usize,
    asked: usize,
}

impl Chains {
    /// Starts a chain at each session.
    pub(crate) fn new(sessions: &[Session]) -> Self {
        Self {
            refresh_tokens: sessions
                .iter()
                .map(|session| session.refresh_token.clone())
                .collect(),
            minted: Vec::new(),
            mint: 0,
            asked: 0,
        }
    }

    /// Rotates until that many access tokens have been minted.
    pub(crate) fn minting(sessions: &[Session], tokens: usize) -> Self {
        Self {
            mint: tokens,
            ..Self::new(sessions)
        }
    }

    /// The access tokens minted, and the refresh tokens at the ends of the chains.
    pub(crate) fn into_tokens(self) -> (Vec<String>, Vec<String>) {
        (self.minted, self.refresh_tokens)
    }
}

impl Traffic for Chains {
    fn request(&mut self, connection: usize, request: &mut Vec<u8>) -> bool {
        if self.mint > 0 && self.asked == self.mint {
            return false;
        }
        let Some(token) = self.refresh_tokens.get(connection) else {
            return false;
        };
        self.asked += 1;
        request.extend(request::refresh(token));
        true
    }

    fn answer(&mut self, connection: usize, answer: &Answer<'_>) -> Result<Then> {
        let session: Session = serde_json::from_slice(answer.body).map_err(|_| {
            Failure::Unmet(format!(
                "a refresh was answered by {}: {}",
                answer.status,
                String::from_utf8_lossy(answer.body)
            ))
        })?;
        if self.mint > 0 {
            self.minted.push(session.access_token);
        }
        if let Some(token) = self.refresh_tokens.get_mut(connection) {
            *token = session.refresh_token;
        }
        Ok(Then::Now)
    }
}
