//! Hashes, codes and marks: what is computed over events.

use aws_lc_rs::{digest, hmac};

use crate::model::{
    AuditHead, AuditRecord, ChainHash, Mark, SessionId, SubjectKey, Timestamp, UserId,
};
use crate::secret::RootSecret;

/// Stands before what is hashed, so that the hash of an event is the hash of nothing else.
const EVENT: &[u8] = b"ntt-auth audit event 1\n";
/// The length that is written for what is absent.
const ABSENT: u32 = u32::MAX;

/// Computes what the chain is made of.
pub(crate) struct Chain {
    codes: hmac::Key,
    marks: hmac::Key,
}

impl Chain {
    /// The keys of an installation.
    pub(crate) fn new(root: &RootSecret) -> Self {
        Self {
            codes: root.mac("audit code"),
            marks: root.mac("audit mark"),
        }
    }

    /// The hash of an event that follows one of the hash `previous`. It needs no key: whoever has the events can
    /// compute it.
    pub(crate) fn hash(previous: &ChainHash, record: &AuditRecord) -> ChainHash {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(EVENT);
        context.update(previous);
        context.update(&record.sequence.to_be_bytes());
        context.update(record.id.uuid().as_bytes());
        context.update(&record.at.millis().to_be_bytes());
        for part in [
            Some(record.kind.as_bytes()),
            octets(record.actor_mark.as_ref()),
            octets(record.subject_mark.as_ref()),
            octets(record.session_mark.as_ref()),
            record.detail.as_deref().map(str::as_bytes),
            record.sealed.as_deref(),
        ] {
            // No part is as long as what stands for an absent one: they come from columns of a row.
            let length = part.map_or(ABSENT, |part| u32::try_from(part.len()).unwrap_or(ABSENT));
            context.update(&length.to_be_bytes());
            context.update(part.unwrap_or_default());
        }
        let mut hash = [0; 32];
        copy(&mut hash, context.finish().as_ref());
        hash
    }

    /// The code of the event that stands at `sequence` with this hash.
    pub(crate) fn mac(&self, sequence: i64, hash: &ChainHash) -> [u8; 16] {
        let mut mac = [0; 16];
        copy(
            &mut mac,
            &self.code(b"event", &[&sequence.to_be_bytes(), hash]),
        );
        mac
    }

    /// The code of a head.
    pub(crate) fn head_mac(&self, head: &AuditHead) -> [u8; 32] {
        self.code(
            b"head",
            &[
                &head.latest.to_be_bytes(),
                &head.hash,
                &head.cut.to_be_bytes(),
                &head.cut_hash,
                &head.checkpoint.to_be_bytes(),
                &[u8::from(head.adopting)],
            ],
        )
    }

    /// Whether a head is one that this installation wrote. One without a code is the head of a store in which nothing
    /// ever happened.
    pub(crate) fn is_genuine_head(&self, head: &AuditHead) -> bool {
        match &head.mac {
            Some(mac) => same(mac, &self.head_mac(head)),
            None => (head.latest, head.cut, head.checkpoint) == (0, 0, 0),
        }
    }

    /// The hash that follows a head which somebody altered: it fits nothing, so that the break stays visible.
    pub(crate) fn broken(&self, head: &AuditHead) -> ChainHash {
        self.code(b"broken", &[&head.latest.to_be_bytes(), &head.hash])
    }

    /// The code that a key was destroyed at this time.
    pub(crate) fn erasure_proof(&self, mark: Mark, at: Timestamp) -> [u8; 32] {
        self.code(b"erased", &[mark.bytes(), &at.millis().to_be_bytes()])
    }

    /// Whether this key was destroyed by the installation itself.
    pub(crate) fn is_genuine_erasure(&self, key: &SubjectKey) -> bool {
        match (&key.sealed, key.erased_at, &key.proof) {
            (None, Some(at), Some(proof)) => {
                at == key.created_at && same(proof, &self.erasure_proof(key.mark, at))
            }
            _ => false,
        }
    }

    /// The mark of a person.
    pub(crate) fn person(&self, user: UserId) -> Mark {
        self.mark(b"user", user.uuid().as_bytes())
    }

    /// The mark of a session.
    pub(crate) fn session(&self, session: SessionId) -> Mark {
        self.mark(b"session", session.uuid().as_bytes())
    }

    /// The mark of an address; an IPv4 address has the same one however it is written.
    pub(crate) fn address(&self, address: std::net::IpAddr) -> Mark {
        match address.to_canonical() {
            std::net::IpAddr::V4(address) => self.mark(b"address", &address.octets()),
            std::net::IpAddr::V6(address) => self.mark(b"address", &address.octets()),
        }
    }

    fn mark(&self, of: &[u8], id: &[u8]) -> Mark {
        let mut mark = [0; 16];
        copy(&mut mark, &coded(&self.marks, of, &[id]));
        Mark::from_bytes(mark)
    }

    fn code(&self, of: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        coded(&self.codes, of, parts)
    }
}

/// HMAC-SHA-256 over what it is of and parts of fixed lengths.
fn coded(key: &hmac::Key, of: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(of);
    context.update(b"\n");
    for part in parts {
        context.update(part);
    }
    let mut code = [0; 32];
    copy(&mut code, context.sign().as_ref());
    code
}

fn octets(mark: Option<&Mark>) -> Option<&[u8]> {
    mark.map(|mark| mark.bytes().as_slice())
}

fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Equality that takes the same time whatever differs.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}
