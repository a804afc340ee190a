//! Erasures: what is kept of somebody of whom nothing is kept (ACC-11).

use aws_lc_rs::hmac;

use crate::model::{Timestamp, UserId};
use crate::secret::RootSecret;

/// A keyed digest of the id of somebody who was erased. It tells only those who hold the root secret, and only of an id
/// they have already, whether it was erased: enough to erase the same account again when an older backup brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErasedId([u8; 32]);

impl ErasedId {
    /// Takes a digest back from a store or a log.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest as it is stored.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// That somebody was erased, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Whom.
    pub subject: ErasedId,
    /// When.
    pub at: Timestamp,
}

/// Turns ids into [`ErasedId`]s, and erasures into lines of a log and back.
pub struct ErasureKeys {
    subject: hmac::Key,
    line: hmac::Key,
}

impl ErasureKeys {
    /// The keys of an installation.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            subject: root.mac("erased id"),
            line: root.mac("line of the log of erasures"),
        }
    }

    /// What is kept of this user's id.
    pub fn digest(&self, user: UserId) -> ErasedId {
        ErasedId(tag(&self.subject, user.uuid().as_bytes()))
    }

    /// One line of the log, without its end: version, time, digest, and a code that only this installation can make,
    /// because whoever could write a line would erase an account with it.
    pub fn line(&self, erasure: &Erasure) -> String {
        let told = told(erasure);
        format!("{told} {}", hex(&tag(&self.line, told.as_bytes())))
    }

    /// Reads a line; `None` if it is no whole line of this installation's.
    pub fn read_line(&self, line: &str) -> Option<Erasure> {
        let (told, code) = line.rsplit_once(' ')?;
        hmac::verify(&self.line, told.as_bytes(), &unhex(code)?).ok()?;
        let mut words = told.split(' ');
        let (Some(VERSION), Some(at), Some(subject), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return None;
        };
        Some(Erasure {
            subject: ErasedId(unhex(subject)?),
            at: Timestamp::parse(at)?,
        })
    }
}

const VERSION: &str = "v1";

fn told(erasure: &Erasure) -> String {
    format!("{VERSION} {} {}", erasure.at, hex(&erasure.subject.0))
}

fn tag(key: &hmac::Key, bytes: &[u8]) -> [u8; 32] {
    let mut tag = [0; 32];
    tag.iter_mut()
        .zip(hmac::sign(key, bytes).as_ref())
        .for_each(|(to, from)| *to = *from);
    tag
}

fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write as _;

    bytes
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_line_comes_back_only_whole_and_only_here() {
        let keys = ErasureKeys::new(&RootSecret::new([1; 32]));
        let erasure = Erasure {
            subject: keys.digest(UserId::from_uuid(Uuid::from_u128(7))),
            at: Timestamp::from_millis(1_700_000_000_007),
        };
        let line = keys.line(&erasure);
        assert_eq!(keys.read_line(&line), Some(erasure));
        for broken in [
            "",
            "v1",
            &line[..line.len() - 1],
            &line[1..],
            &line.replace("v1", "v2"),
            &line.replace("2023", "2024"),
            &format!("{line} x"),
        ] {
            assert_eq!(keys.read_line(broken), None, "{broken}");
        }
        let others = ErasureKeys::new(&RootSecret::new([2; 32]));
        assert_eq!(others.read_line(&line), None);
    }

    #[test]
    fn digests_differ_by_user_and_by_installation() {
        let (one, two) = (
            ErasureKeys::new(&RootSecret::new([1; 32])),
            ErasureKeys::new(&RootSecret::new([2; 32])),
        );
        let (ada, bob) = (
            UserId::from_uuid(Uuid::from_u128(1)),
            UserId::from_uuid(Uuid::from_u128(2)),
        );
        assert_eq!(one.digest(ada), one.digest(ada));
        assert_ne!(one.digest(ada), one.digest(bob));
        assert_ne!(one.digest(ada), two.digest(ada));
    }
}
