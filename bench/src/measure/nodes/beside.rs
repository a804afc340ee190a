//! The load beside the revocations.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::accounts::{Chains, Session};
use crate::failure::{Failure, Result};
use crate::load::{Answer, Repeat, Then, Traffic};

/// Of so many requests one is a refresh and one is a login.
const OF: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Validation,
    Refresh,
    Login,
}

/// Validations, and among them refreshes and logins, until a flag is set. Every answer must be 200, but for refreshes and logins with
/// which the database cannot keep up: they may be refused with 503, and after several of them with 401, since an attempt whose end is not
/// known counts against its account. How many there were is told.
pub(super) struct Mixed<'a> {
    chains: Chains,
    validations: Repeat<'a>,
    logins: Repeat<'a>,
    over: &'a AtomicBool,
    sent: usize,
    under_way: Vec<Kind>,
}

impl<'a> Mixed<'a> {
    /// Each connection has a session of its own to refresh.
    pub(super) fn new(
        sessions: &[Session],
        validations: &'a [Vec<u8>],
        logins: &'a [Vec<u8>],
        over: &'a AtomicBool,
    ) -> Self {
        Self {
            chains: Chains::new(sessions),
            validations: Repeat::new(validations),
            logins: Repeat::new(logins),
            over,
            sent: 0,
            under_way: vec![Kind::Validation; sessions.len()],
        }
    }
}

impl Traffic for Mixed<'_> {
    fn request(&mut self, connection: usize, request: &mut Vec<u8>) -> bool {
        let Some(under_way) = self.under_way.get_mut(connection) else {
            return false;
        };
        if self.over.load(Ordering::Relaxed) {
            return false;
        }
        self.sent += 1;
        *under_way = match self.sent % OF {
            0 => Kind::Refresh,
            1 => Kind::Login,
            _ => Kind::Validation,
        };
        match *under_way {
            Kind::Refresh => self.chains.request(connection, request),
            Kind::Login => self.logins.request(connection, request),
            Kind::Validation => self.validations.request(connection, request),
        }
    }

    fn answer(&mut self, connection: usize, answer: &Answer<'_>) -> Result<Then> {
        let kind = self.under_way.get(connection).copied();
        match (answer.status, kind) {
            (200, Some(Kind::Refresh)) => self.chains.answer(connection, answer),
            (200, _) | (503, Some(Kind::Refresh)) | (401 | 503, Some(Kind::Login)) => Ok(Then::Now),
            (status, _) => Err(Failure::Unmet(format!(
                "beside the revocations, {kind:?} was answered by {status}: {}",
                String::from_utf8_lossy(answer.body)
            ))),
        }
    }
}
