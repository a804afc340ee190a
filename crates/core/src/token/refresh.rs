//! Refresh tokens: opaque, derived, stored nowhere.
//!
//! `ntt_rt_` + base64url(version ‖ session id ‖ generation ‖ tag) + CRC-32. The tag is an HMAC-SHA-256 over session and
//! generation, keyed by the installation's root secret and the session's own random seed. So
//! - one row per session, whose generation is counted up by one conditional write, is all there is to rotate;
//! - the successor of a token can be made again for a lost answer without having been kept;
//! - every token ever issued is recognised as genuine, so a replay of any age is told from a forgery;
//! - neither a copy of the store nor the root secret alone can make a token.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::model::{RefreshSeed, SessionId};
use crate::secret::{Bearer, REDACTED, RootSecret};

/// By this a scanner of leaked secrets knows a refresh token.
const PREFIX: &str = "ntt_rt_";
const VERSION: u8 = 1;
const BODY_OCTETS: usize = 1 + 16 + 4 + TAG_OCTETS;
const TAG_OCTETS: usize = 32;
const CHECKSUM_DIGITS: usize = 8;

/// A well-formed refresh token; whether it is genuine, [`RefreshTokens::is_genuine`] tells.
#[derive(Clone)]
pub struct RefreshToken {
    session: SessionId,
    generation: u32,
    tag: [u8; TAG_OCTETS],
}

/// The text is no refresh token: wrong prefix, length, alphabet, version or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a refresh token")]
pub struct MalformedRefreshToken;

impl RefreshToken {
    /// Takes a token apart. Exactly one text is accepted for each token.
    pub fn parse(text: &str) -> Result<Self, MalformedRefreshToken> {
        let (rest, checksum) = text
            .split_at_checked(text.len().saturating_sub(CHECKSUM_DIGITS))
            .ok_or(MalformedRefreshToken)?;
        if checksum != checksum_of(rest) {
            return Err(MalformedRefreshToken);
        }
        let encoded = rest.strip_prefix(PREFIX).ok_or(MalformedRefreshToken)?;
        let body = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| MalformedRefreshToken)?;
        let body: [u8; BODY_OCTETS] = body.try_into().map_err(|_| MalformedRefreshToken)?;
        let (head, rest) = body.split_first_chunk::<1>().ok_or(MalformedRefreshToken)?;
        let (session, rest) = rest
            .split_first_chunk::<16>()
            .ok_or(MalformedRefreshToken)?;
        let (generation, tag) = rest.split_first_chunk::<4>().ok_or(MalformedRefreshToken)?;
        if *head != [VERSION] {
            return Err(MalformedRefreshToken);
        }
        Ok(Self {
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            generation: u32::from_be_bytes(*generation),
            tag: tag.try_into().map_err(|_| MalformedRefreshToken)?,
        })
    }

    /// The session it claims to belong to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Its number within the session.
    pub fn generation(&self) -> i64 {
        self.generation.into()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Makes and recognises the refresh tokens of one installation.
pub struct RefreshTokens {
    key: hmac::Key,
}

impl RefreshTokens {
    /// Derives the installation's key.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            key: root.mac("refresh token"),
        }
    }

    /// The token of a session's `generation`. A session would have to rotate 2³² times to run out of them.
    pub fn issue(&self, session: SessionId, seed: &RefreshSeed, generation: i64) -> Bearer {
        let generation = u32::try_from(generation).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(BODY_OCTETS);
        body.push(VERSION);
        body.extend_from_slice(session.uuid().as_bytes());
        body.extend_from_slice(&generation.to_be_bytes());
        body.extend_from_slice(self.tag(session, seed, generation).as_ref());
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(body));
        let checksum = checksum_of(&token);
        Bearer::new(token + &checksum)
    }

    /// Whether this installation issued `token` for the session that has `seed`; in constant time.
    pub fn is_genuine(&self, token: &RefreshToken, seed: &RefreshSeed) -> bool {
        self.tag(token.session, seed, token.generation)
            .as_ref()
            .ct_eq(&token.tag)
            .into()
    }

    fn tag(&self, session: SessionId, seed: &RefreshSeed, generation: u32) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[VERSION]);
        context.update(seed.expose());
        context.update(session.uuid().as_bytes());
        context.update(&generation.to_be_bytes());
        context.sign()
    }
}

fn checksum_of(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens() -> RefreshTokens {
        RefreshTokens::new(&RootSecret::new([3; 32]))
    }

    fn session() -> SessionId {
        SessionId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001))
    }

    #[test]
    fn a_token_names_its_session_and_generation() {
        let seed = RefreshSeed::new([9; 32]);
        let bearer = tokens().issue(session(), &seed, 41);
        let token = RefreshToken::parse(bearer.expose()).unwrap();
        assert_eq!((token.session(), token.generation()), (session(), 41));
        assert!(tokens().is_genuine(&token, &seed));
        assert_eq!(
            tokens().issue(session(), &seed, 41),
            bearer,
            "the same token can be made again"
        );
        assert!(bearer.expose().len() < 100);
    }

    #[test]
    fn neither_half_of_the_key_is_enough() {
        let seed = RefreshSeed::new([9; 32]);
        let token = RefreshToken::parse(tokens().issue(session(), &seed, 1).expose()).unwrap();
        assert!(!tokens().is_genuine(&token, &RefreshSeed::new([8; 32])));
        assert!(!RefreshTokens::new(&RootSecret::new([4; 32])).is_genuine(&token, &seed));
    }

    #[test]
    fn e29_truncated_or_altered_tokens_are_refused() {
        let seed = RefreshSeed::new([9; 32]);
        let bearer = tokens().issue(session(), &seed, 1);
        let text = bearer.expose();
        for end in 0..text.len() {
            assert!(
                RefreshToken::parse(&text[..end]).is_err(),
                "prefix of {end}"
            );
        }
        for index in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[index] ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                let good = RefreshToken::parse(&altered)
                    .is_ok_and(|token| tokens().is_genuine(&token, &seed));
                assert!(!good, "bit {bit} of {index}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            prop_assert!(RefreshToken::parse(&text).is_err());
        }
    }
}
