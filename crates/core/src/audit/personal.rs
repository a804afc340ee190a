//! What is personal in an event, and the keys it is encrypted under: one per person, destroyed when they are erased.

use std::collections::HashMap;
use std::net::IpAddr;

use aws_lc_rs::aead;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::audit::Chain;
use crate::model::{EventId, Mark, SecurityEvent, SubjectKey, Timestamp};
use crate::port::{Entropy, random};
use crate::secret::{RootSecret, Unsealable};
use crate::store::{ReadAudit, StoreError};

/// For what the key of a person is sealed.
const PURPOSE: &str = "key of a person";
/// How many keys are held at a time while many events are read.
const HELD: usize = 10_000;

/// What is personal in an event.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Personal {
    /// From where.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<IpAddr>,
    /// With what.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// By which request.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

impl Personal {
    /// What is personal in this event; `None` if nothing is.
    pub(crate) fn of(event: &SecurityEvent) -> Option<Self> {
        let personal = Self {
            ip_address: event.ip_address,
            user_agent: event.user_agent.clone(),
            request_id: event.request_id.clone(),
        };
        (personal != Self::default()).then_some(personal)
    }

    /// Encrypts it for the event of this id.
    pub(crate) fn seal(
        &self,
        key: &DataKey,
        event: EventId,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Unsealable> {
        // An address and two texts are what JSON can always hold.
        let mut body = serde_json::to_vec(self).unwrap_or_default();
        let nonce: [u8; aead::NONCE_LEN] = random(entropy);
        key.cipher()?
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(event.uuid().as_bytes()),
                &mut body,
            )
            .map_err(|_| Unsealable)?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what was sealed for the event of this id.
    pub(crate) fn open(key: &DataKey, event: EventId, sealed: &[u8]) -> Result<Self, Unsealable> {
        let (nonce, body) = sealed.split_at_checked(aead::NONCE_LEN).ok_or(Unsealable)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = key
            .cipher()?
            .open_in_place(
                nonce,
                aead::Aad::from(event.uuid().as_bytes()),
                body.as_mut_slice(),
            )
            .map_err(|_| Unsealable)?;
        serde_json::from_slice(plain).map_err(|_| Unsealable)
    }
}

/// A key that encrypts what is personal of one person.
#[derive(Clone)]
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    fn cipher(&self) -> Result<aead::LessSafeKey, Unsealable> {
        aead::UnboundKey::new(&aead::AES_256_GCM, self.0.as_slice())
            .map(aead::LessSafeKey::new)
            .map_err(|_| Unsealable)
    }
}

/// How it stands with the key of a person.
#[derive(Clone)]
pub(crate) enum Person {
    /// There is one.
    Key(DataKey),
    /// It was destroyed.
    Erased,
    /// It was destroyed, or is said to have been, by somebody else than this installation.
    Pretended,
    /// There is none, and nothing says why.
    Unknown,
    /// It cannot be opened: altered, or of another installation.
    Broken,
}

/// Makes, opens and destroys keys.
pub(crate) struct Keys {
    root: RootSecret,
    nobody: DataKey,
}

impl Keys {
    /// The keys of an installation.
    pub(crate) fn new(root: &RootSecret) -> Self {
        Self {
            root: root.clone(),
            nobody: DataKey(root.derive("audit personal of nobody known")),
        }
    }

    /// The key for events that concern nobody known, such as a failed sign-in to no account.
    pub(crate) fn nobody(&self) -> &DataKey {
        &self.nobody
    }

    /// Makes a key for this person.
    pub(crate) fn make(
        &self,
        mark: Mark,
        at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(SubjectKey, DataKey), Unsealable> {
        let plain = Zeroizing::new(random::<32>(entropy));
        let sealed = self
            .root
            .seal(PURPOSE, &place(mark, at), plain.as_slice(), entropy)?;
        let stored = SubjectKey {
            mark,
            sealed: Some(sealed),
            created_at: at,
            erased_at: None,
            proof: None,
        };
        Ok((stored, DataKey(plain)))
    }

    /// That the key of this person is destroyed.
    pub(crate) fn destroyed(chain: &Chain, mark: Mark, at: Timestamp) -> SubjectKey {
        SubjectKey {
            mark,
            sealed: None,
            created_at: at,
            erased_at: Some(at),
            proof: Some(chain.erasure_proof(mark, at)),
        }
    }

    /// How it stands with a stored key.
    pub(crate) fn open(&self, chain: &Chain, stored: Option<&SubjectKey>) -> Person {
        let Some(stored) = stored else {
            return Person::Unknown;
        };
        let Some(sealed) = &stored.sealed else {
            return match chain.is_genuine_erasure(stored) {
                true => Person::Erased,
                false => Person::Pretended,
            };
        };
        let untouched = stored.erased_at.is_none() && stored.proof.is_none();
        let opened = self
            .root
            .open(PURPOSE, &place(stored.mark, stored.created_at), sealed)
            .ok()
            .and_then(|plain| <[u8; 32]>::try_from(plain.as_slice()).ok());
        match opened {
            Some(plain) if untouched => Person::Key(DataKey(Zeroizing::new(plain))),
            _ => Person::Broken,
        }
    }
}

/// A sealed key cannot be moved to another person or be given another age.
fn place(mark: Mark, at: Timestamp) -> [u8; 24] {
    let mut place = [0; 24];
    let bytes = mark
        .bytes()
        .iter()
        .copied()
        .chain(at.millis().to_be_bytes());
    place
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = from);
    place
}

/// The persons met while many events are read, so that each is looked up once in a while.
#[derive(Default)]
pub(crate) struct Persons(HashMap<Mark, Person>);

impl Persons {
    /// How it stands with this person.
    pub(crate) async fn get(
        &mut self,
        mark: Mark,
        keys: &Keys,
        chain: &Chain,
        audit: &mut dyn ReadAudit,
    ) -> Result<Person, StoreError> {
        if let Some(known) = self.0.get(&mark) {
            return Ok(known.clone());
        }
        self.look_again(mark, keys, chain, audit).await
    }

    /// Notes how it stands with this person.
    pub(crate) fn note(&mut self, mark: Mark, person: Person) {
        self.0.insert(mark, person);
    }

    /// How it stands with this person now.
    pub(crate) async fn look_again(
        &mut self,
        mark: Mark,
        keys: &Keys,
        chain: &Chain,
        audit: &mut dyn ReadAudit,
    ) -> Result<Person, StoreError> {
        if self.0.len() >= HELD {
            self.0.clear();
        }
        let stored = audit.key(mark).await?;
        let person = keys.open(chain, stored.as_ref());
        self.0.insert(mark, person.clone());
        Ok(person)
    }
}
