//! What a load sends, and what it makes of the answers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::Answer;
use crate::failure::{Failure, Result};

/// A source of requests.
pub(crate) trait Traffic {
    /// Appends the next request for this connection to `request`; `false` when there will be no more for any.
    fn request(&mut self, connection: usize, request: &mut Vec<u8>) -> bool;

    /// Takes the answer to the request under way on this connection and says when the connection may be used again.
    fn answer(&mut self, connection: usize, answer: &Answer<'_>) -> Result<Then>;
}

/// When a connection may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// At once.
    Now,
    /// After a pause, as a client does that was told `Retry-After`.
    After(Duration),
}

/// Sends the same requests over and over.
pub(crate) struct Repeat<'a> {
    requests: &'a [Vec<u8>],
    next: usize,
    back_off: Option<Duration>,
}

impl<'a> Repeat<'a> {
    /// Sends `requests` in turn, without end.
    pub(crate) fn new(requests: &'a [Vec<u8>]) -> Self {
        Self {
            requests,
            next: 0,
            back_off: None,
        }
    }

    /// Lets a connection pause for that long after a 503.
    pub(crate) fn backing_off(mut self, pause: Duration) -> Self {
        self.back_off = Some(pause);
        self
    }
}

impl Traffic for Repeat<'_> {
    fn request(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        let Some(next) = self.requests.get(self.next) else {
            return false;
        };
        request.extend_from_slice(next);
        self.next = (self.next + 1) % self.requests.len();
        true
    }

    fn answer(&mut self, _connection: usize, answer: &Answer<'_>) -> Result<Then> {
        Ok(match self.back_off {
            Some(pause) if answer.status == 503 => Then::After(pause),
            _ => Then::Now,
        })
    }
}

/// Sends each request once and keeps the answers.
pub(crate) struct Once<'a> {
    requests: &'a [Vec<u8>],
    next: usize,
    under_way: BTreeMap<usize, usize>,
    answers: BTreeMap<usize, Kept>,
}

/// An answer that outlives its connection.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The status code.
    pub(crate) status: u16,
    /// The header fields, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl<'a> Once<'a> {
    /// Sends each of `requests` once.
    pub(crate) fn new(requests: &'a [Vec<u8>]) -> Self {
        Self {
            requests,
            next: 0,
            under_way: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }

    /// The answers, in the order of the requests.
    pub(crate) fn answers(self) -> Vec<Kept> {
        self.answers.into_values().collect()
    }
}

impl Traffic for Once<'_> {
    fn request(&mut self, connection: usize, request: &mut Vec<u8>) -> bool {
        let Some(next) = self.requests.get(self.next) else {
            return false;
        };
        request.extend_from_slice(next);
        self.under_way.insert(connection, self.next);
        self.next += 1;
        true
    }

    fn answer(&mut self, connection: usize, answer: &Answer<'_>) -> Result<Then> {
        let asked = self.under_way.remove(&connection).ok_or_else(|| {
            Failure::Unmet("a server answered where nothing was asked".to_owned())
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = answer
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
            .collect();
        let kept = Kept {
            status: answer.status,
            headers,
            body: answer.body.to_vec(),
        };
        self.answers.insert(asked, kept);
        Ok(Then::Now)
    }
}
