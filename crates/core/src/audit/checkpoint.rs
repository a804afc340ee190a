//! Checkpoints: signed statements of how the chain stood, which can be kept where nobody who writes the store can reach.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{ChainHash, Checkpoint, Timestamp};
use crate::secret::{RootSecret, Unsealable};

/// How a checkpoint begins when it is written as text.
const PREFIX: &str = "ntt-audit-1";

/// The key that signs checkpoints (Ed25519, RFC 8032), derived from the root secret.
pub struct CheckpointKey {
    pair: Ed25519KeyPair,
    id: String,
}

impl CheckpointKey {
    /// Derives the key of an installation.
    pub fn new(root: &RootSecret) -> Result<Self, Unsealable> {
        let seed = root.derive("audit checkpoint");
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| Unsealable)?;
        let digest = digest(&SHA256, pair.public_key().as_ref());
        let id = digest
            .as_ref()
            .first_chunk::<8>()
            .map(|bytes| format!("{:016x}", u64::from_be_bytes(*bytes)))
            .unwrap_or_default();
        Ok(Self { pair, id })
    }

    /// The id of the key: the beginning of the SHA-256 digest of the public key, in hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The 32 bytes of the public key in base64url.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// Signs that the chain stood at this hash after the event of this sequence.
    pub(crate) fn sign(
        &self,
        sequence: i64,
        previous: i64,
        at: Timestamp,
        hash: ChainHash,
    ) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            sequence,
            previous,
            at,
            hash,
            key: self.id.clone(),
            signature: [0; 64],
        };
        let signature = self.pair.sign(statement(&checkpoint).as_bytes());
        checkpoint
            .signature
            .iter_mut()
            .zip(signature.as_ref())
            .for_each(|(to, from)| *to = *from);
        checkpoint
    }

    /// Whether this key signed it.
    pub fn is_genuine(&self, checkpoint: &Checkpoint) -> bool {
        UnparsedPublicKey::new(&ED25519, self.pair.public_key().as_ref())
            .verify(statement(checkpoint).as_bytes(), &checkpoint.signature)
            .is_ok()
    }
}

/// What is signed: everything but the signature, as text.
fn statement(checkpoint: &Checkpoint) -> String {
    format!(
        "{PREFIX}.{}.{}.{}.{}.{}",
        checkpoint.sequence,
        checkpoint.previous,
        checkpoint.at.millis(),
        URL_SAFE_NO_PAD.encode(checkpoint.hash),
        checkpoint.key
    )
}

/// A checkpoint as one word, to be kept elsewhere: the statement, a dot, and the signature over the statement.
pub fn checkpoint_text(checkpoint: &Checkpoint) -> String {
    format!(
        "{}.{}",
        statement(checkpoint),
        URL_SAFE_NO_PAD.encode(checkpoint.signature)
    )
}

/// The text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a checkpoint: it begins with {PREFIX} and has seven parts with dots between them"
)]
pub struct MalformedCheckpoint;

/// Reads what [`checkpoint_text`] wrote; whether it is genuine, the key tells.
pub fn parse_checkpoint(text: &str) -> Result<Checkpoint, MalformedCheckpoint> {
    let parts: Vec<&str> = text.trim().split('.').collect();
    let [PREFIX, sequence, previous, at, hash, key, signature] = parts.as_slice() else {
        return Err(MalformedCheckpoint);
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| MalformedCheckpoint);
    let checkpoint = Checkpoint {
        sequence: number(sequence)?,
        previous: number(previous)?,
        at: Timestamp::from_millis(number(at)?),
        hash: bytes(hash)?,
        key: (*key).to_owned(),
        signature: bytes(signature)?,
    };
    // One text for each checkpoint.
    match checkpoint_text(&checkpoint) == text.trim() {
        true => Ok(checkpoint),
        false => Err(MalformedCheckpoint),
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], MalformedCheckpoint> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(MalformedCheckpoint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> CheckpointKey {
        CheckpointKey::new(&RootSecret::new([5; 32])).unwrap()
    }

    #[test]
    fn a_checkpoint_survives_as_text_and_no_character_of_it_can_be_changed() {
        let checkpoint = key().sign(41, 17, Timestamp::from_millis(1_700_000_000_000), [9; 32]);
        let text = checkpoint_text(&checkpoint);
        assert_eq!(parse_checkpoint(&format!(" {text}\n")), Ok(checkpoint));
        assert!(key().is_genuine(&parse_checkpoint(&text).unwrap()));
        let other = CheckpointKey::new(&RootSecret::new([6; 32])).unwrap();
        assert!(!other.is_genuine(&parse_checkpoint(&text).unwrap()));
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
            let altered = String::from_utf8(altered).unwrap();
            let genuine = parse_checkpoint(&altered).is_ok_and(|it| key().is_genuine(&it));
            assert!(!genuine, "{altered}");
            assert!(parse_checkpoint(&text[..at]).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(ntt-audit-1)?[.0-9a-zA-Z_+-]{0,200}") {
            prop_assert!(parse_checkpoint(&text).is_err());
        }
    }
}
