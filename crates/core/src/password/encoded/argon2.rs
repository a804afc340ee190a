//! argon2 in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`, likewise `argon2i` and `argon2d`; Django puts `argon2` before it.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;

use super::field::{BASE64, bytes, named, number, parts};
use crate::password::FormatError;
use crate::password::work::Scratch;

/// The most memory, in KiB: 256 MiB.
const MAX_MEMORY: u32 = 256 << 10;

/// The most KiB that are filled in all iterations together; about two seconds.
const MAX_FILLED: u32 = 1 << 20;

/// Everything but the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argon2Setting {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
}

impl Argon2Setting {
    pub(super) fn parse(text: &str) -> Result<(Self, Vec<u8>), FormatError> {
        // Version 1.0 was written without its number.
        let (name, version, settings, salt, digest) = match parts::<6>(text, '$') {
            Ok([_, name, version, settings, salt, digest]) => {
                (name, named(version, "v")?, settings, salt, digest)
            }
            Err(_) => {
                let [_, name, settings, salt, digest] = parts(text, '$')?;
                (name, "16", settings, salt, digest)
            }
        };
        let algorithm = match name {
            "argon2d" => Algorithm::Argon2d,
            "argon2i" => Algorithm::Argon2i,
            "argon2id" => Algorithm::Argon2id,
            _ => return Err(FormatError::Malformed("the argon2 variant")),
        };
        let version = match version {
            "16" => Version::V0x10,
            "19" => Version::V0x13,
            _ => return Err(FormatError::Malformed("the argon2 version")),
        };
        if settings.contains("keyid=") || settings.contains("data=") {
            return Err(FormatError::Unsupported(
                "argon2 with a key or associated data",
            ));
        }
        let [memory, iterations, lanes] = parts(settings, ',')?;
        let memory = number(named(memory, "m")?, 8..=MAX_MEMORY, "m")?;
        let iterations = number(named(iterations, "t")?, 1..=MAX_FILLED / memory, "t")?;
        let lanes = number(named(lanes, "p")?, 1..=(memory / 8).min(255), "p")?;
        let digest = bytes(&BASE64, digest, 16..=64, "the digest")?;
        let salt = bytes(&BASE64, salt, 8..=64, "the salt")?;
        let params = Params::new(memory, iterations, lanes, None)
            .map_err(|_| FormatError::Malformed("m, t, p"))?;
        Ok((
            Self {
                algorithm,
                version,
                params,
                salt,
            },
            digest,
        ))
    }

    /// argon2id, version 1.3, with parameters that a [`HashingPolicy`](crate::password::HashingPolicy) has checked.
    pub(crate) fn new(params: Params, salt: [u8; 16]) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
            salt: salt.to_vec(),
        }
    }

    /// Whether this is argon2id of version 1.3, no weaker than `params`.
    pub(crate) fn at_least(&self, params: &Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.m_cost() >= params.m_cost()
            && self.params.t_cost() >= params.t_cost()
    }

    pub(crate) fn derive(
        &self,
        password: &[u8],
        digest: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), FormatError> {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        scratch
            .with_blocks(self.params.block_count(), |blocks| {
                argon2.hash_password_into_with_memory(password, &self.salt, digest, blocks)
            })
            .map_err(|_| FormatError::Malformed("m, t, p"))
    }

    pub(crate) fn text(&self, digest: &[u8]) -> String {
        let (m, t, p) = (
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
        );
        let (salt, digest) = (BASE64.encode(&self.salt), BASE64.encode(digest));
        format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${digest}")
    }
}
