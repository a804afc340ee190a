//! The newest part of the revocation log in memory, in its order, for whoever follows this node (TOK-10).
//!
//! Whoever follows reads from their own place, as far as they like, and waits for more: nothing is queued for anybody,
//! so a slow reader costs no memory, and at last finds the entries after their place gone.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use event_listener::{Event, EventListener};

use crate::model::{Revocation, Revoked};

/// How many entries are remembered; each takes about 80 octets.
const CAPACITY: usize = 16_384;

/// A place in the revocation log: after the entry of a number, or before the first.
///
/// The number alone does not tell whether two logs are the same: after a backup was restored, or a standby without the
/// last writes was promoted, numbers are given again. So a place also carries a checksum of its entry; 0 if that entry is
/// not known. It is written like `105-1c3f9a2b`, and opaque to whoever follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    sequence: i64,
    check: u32,
}

/// The text is no place in a revocation log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the revocation log")]
pub struct MalformedPlace;

/// The entries after a place cannot be told, so that whoever was there has to begin with what is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// They are not remembered any more.
    Forgotten,
    /// This node has not read so far, or the log is shorter than it was.
    Ahead,
    /// The place is in another log: one that is no more, because the store was put back to an earlier time.
    Elsewhere,
}

impl Place {
    /// Before the first entry.
    pub const START: Self = Self {
        sequence: 0,
        check: 0,
    };

    /// After an entry.
    pub fn after(entry: &Revocation) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&entry.sequence.to_be_bytes());
        hasher.update(&entry.at.millis().to_be_bytes());
        match entry.revoked {
            Revoked::Session(session) => hasher.update(session.uuid().as_bytes()),
            Revoked::UserBelow { user, version } => {
                hasher.update(user.uuid().as_bytes());
                hasher.update(&version.to_be_bytes());
            }
        }
        Self {
            sequence: entry.sequence,
            // 0 stands for an entry that is not known.
            check: hasher.finalize().max(1),
        }
    }

    /// After an entry of which only the number is known.
    fn numbered(sequence: i64) -> Self {
        Self { sequence, check: 0 }
    }

    /// The number of the entry; 0 before the first.
    pub fn sequence(self) -> i64 {
        self.sequence
    }

    /// Whether this is the place after `entry`, as far as is known.
    pub(crate) fn may_follow(self, entry: &Revocation) -> bool {
        self == Self::after(entry) || self == Self::numbered(entry.sequence)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}", self.sequence, self.check)
    }
}

impl FromStr for Place {
    type Err = MalformedPlace;

    fn from_str(text: &str) -> Result<Self, MalformedPlace> {
        let place = text.split_once('-').and_then(|(sequence, check)| {
            Some(Self {
                sequence: sequence.parse().ok()?,
                check: u32::from_str_radix(check, 16).ok()?,
            })
        });
        // Exactly one text is right for each place.
        place
            .filter(|place| place.sequence >= 0 && place.to_string() == text)
            .ok_or(MalformedPlace)
    }
}

/// The newest entries of the revocation log, as far as this node has read it.
pub struct RevocationFeed {
    log: Mutex<Log>,
    changed: Event,
}

struct Log {
    /// Whether it was read from its beginning.
    is_read: bool,
    /// The place before the oldest entry that is remembered.
    floor: Place,
    entries: VecDeque<Revocation>,
    /// The place after the newest entry.
    head: Place,
}

impl Default for RevocationFeed {
    fn default() -> Self {
        Self {
            log: Mutex::new(Log::new()),
            changed: Event::new(),
        }
    }
}

impl RevocationFeed {
    /// The place after the newest entry.
    pub fn head(&self) -> Place {
        self.log().head
    }

    /// At most `limit` entries after `place`, oldest first.
    pub fn after(&self, place: Place, limit: usize) -> Result<Vec<Revocation>, Gap> {
        self.log().after(place, limit)
    }

    /// Waits for an entry, or for the log to begin anew. What is there is looked at after this is called and before it
    /// is awaited, so that nothing is missed in between.
    pub fn changed(&self) -> Changed {
        Changed(self.changed.listen())
    }

    /// Whether the log was never read from its beginning, so that numbers alone do not tell what came before.
    pub(crate) fn is_new(&self) -> bool {
        !self.log().is_read
    }

    /// Takes an entry that this node wrote, if it is the very next one. If it is not, others wrote before it: then all of
    /// them come in their order by [`RevocationFeed::extend`].
    pub(crate) fn offer(&self, entry: &Revocation) {
        let mut log = self.log();
        if log.is_read && entry.sequence == log.head.sequence.saturating_add(1) {
            log.push(entry);
            drop(log);
            self.changed.notify(usize::MAX);
        }
    }

    /// Takes entries that were read from the log, in order; those that are known are passed over. Says how many were new.
    pub(crate) fn extend(&self, entries: &[Revocation]) -> usize {
        let mut log = self.log();
        let known = log.head.sequence;
        let mut new = 0;
        for entry in entries.iter().filter(|entry| entry.sequence > known) {
            log.push(entry);
            new += 1;
        }
        drop(log);
        if new > 0 {
            self.changed.notify(usize::MAX);
        }
        new
    }

    /// Notes that the log was read from its beginning, when its newest number was at least `latest`.
    pub(crate) fn note_read(&self, latest: i64) {
        let mut log = self.log();
        log.is_read = true;
        if latest > log.head.sequence {
            log.head = Place::numbered(latest);
            if log.entries.is_empty() {
                log.floor = log.head;
            }
        }
    }

    /// Forgets everything: the log is another one, or has begun anew.
    pub(crate) fn restart(&self) {
        *self.log() = Log::new();
        self.changed.notify(usize::MAX);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn new() -> Self {
        Self {
            is_read: false,
            floor: Place::START,
            entries: VecDeque::new(),
            head: Place::START,
        }
    }

    fn push(&mut self, entry: &Revocation) {
        if self.entries.is_empty() && self.head.sequence + 1 != entry.sequence {
            // What stood between has expired and is forgotten in the store.
            self.floor = Place::numbered(entry.sequence - 1);
        }
        if self.entries.len() == CAPACITY
            && let Some(oldest) = self.entries.pop_front()
        {
            self.floor = Place::after(&oldest);
        }
        self.entries.push_back(*entry);
        self.head = Place::after(entry);
    }

    fn after(&self, place: Place, limit: usize) -> Result<Vec<Revocation>, Gap> {
        let from = if place == self.head {
            self.entries.len()
        } else if place == self.floor {
            0
        } else if place.sequence > self.head.sequence {
            return Err(Gap::Ahead);
        } else {
            let index = self
                .entries
                .binary_search_by_key(&place.sequence, |entry| entry.sequence);
            match index.map(|index| (index, self.entries.get(index))) {
                Ok((index, Some(entry))) if Place::after(entry) == place => index + 1,
                Ok(_) => return Err(Gap::Elsewhere),
                Err(_) => return Err(Gap::Forgotten),
            }
        };
        Ok(self
            .entries
            .iter()
            .skip(from)
            .take(limit)
            .copied()
            .collect())
    }
}

/// Done when there is something new to look at.
pub struct Changed(EventListener);

impl Future for Changed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

#[cfg(test)]
mod tests;
