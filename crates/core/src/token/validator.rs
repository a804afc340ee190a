//! Validation of access tokens from memory alone (TOK-8): no store, no lock shared by all cores.

use std::sync::Arc;

use ntt_auth_jose::{ClaimCheck, JoseError, verify};
use quick_cache::sync::Cache;

use crate::model::Timestamp;
use crate::policy::TokenRules;
use crate::token::access::ReadClaims;
use crate::token::{ACCESS_TYPE, AccessToken, Keyring, RevokedSet};

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// It is none of ours, was altered, or is of another kind.
    #[error("the access token is not valid")]
    Invalid,
    /// Its session was ended, or its holder's rights changed.
    #[error("the access token was revoked")]
    Revoked,
    /// It looks good, but this node has not been able to learn of revocations for too long (TOK-9).
    #[error("this node does not know what was revoked of late")]
    Stale,
}

/// Recognises access tokens. What was verified once is remembered by the whole token, so that a signature is checked
/// once per token and not once per request; times and revocations are checked every time.
pub struct Validator {
    keyring: Arc<Keyring>,
    revoked: Arc<RevokedSet>,
    verified: Cache<Box<str>, Arc<AccessToken>>,
    rules: TokenRules,
}

impl Validator {
    /// A validator over the keys and revocations of this node.
    pub fn new(keyring: Arc<Keyring>, revoked: Arc<RevokedSet>, rules: TokenRules) -> Self {
        Self {
            keyring,
            revoked,
            verified: Cache::new(rules.cache_capacity),
            rules,
        }
    }

    /// What the token says, if it holds at `now`.
    pub fn validate(&self, token: &str, now: Timestamp) -> Result<Arc<AccessToken>, TokenRefused> {
        let access = match self.verified.get(token) {
            Some(access) => access,
            None => {
                let access = Arc::new(self.verify(token, now)?);
                self.verified.insert(token.into(), Arc::clone(&access));
                access
            }
        };
        if now >= access.expires_at.plus(self.rules.leeway) {
            return Err(TokenRefused::Expired);
        }
        if now.plus(self.rules.leeway) < access.not_before {
            return Err(TokenRefused::Invalid);
        }
        if self.revoked.holds(&access) {
            return Err(TokenRefused::Revoked);
        }
        Ok(access)
    }

    /// Forgets every verified token, because a key is gone.
    pub fn forget(&self) {
        self.verified.clear();
    }

    /// How many verified tokens are remembered.
    pub fn remembered(&self) -> usize {
        self.verified.len()
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessToken, TokenRefused> {
        let keys = self.keyring.get();
        let verified = verify(token, Some(ACCESS_TYPE), |header| {
            header.kid().and_then(|kid| keys.verifying(kid))
        })
        .map_err(|error| refusal(&error))?;
        let check = ClaimCheck {
            issuer: &self.rules.issuer,
            audience: &self.rules.audience,
            now: u64::try_from(now.seconds()).unwrap_or(0),
            leeway: self.rules.leeway.as_secs(),
        };
        let claims: ReadClaims = verified
            .checked_claims(&check)
            .map_err(|error| refusal(&error))?;
        claims.into_token().ok_or(TokenRefused::Invalid)
    }
}

fn refusal(error: &JoseError) -> TokenRefused {
    match error {
        JoseError::Expired => TokenRefused::Expired,
        _ => TokenRefused::Invalid,
    }
}
