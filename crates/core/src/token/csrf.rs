//! Tokens against forged requests (ASVS V3.5.1): what a page must send along where a cookie is the credential.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::model::SessionId;
use crate::secret::RootSecret;

/// Makes and recognises the tokens of one installation. A token is a MAC of the session's id, so that nothing is stored,
/// and one that an attacker planted or took from a session of their own is good for no other.
pub struct CsrfTokens {
    key: hmac::Key,
}

impl CsrfTokens {
    /// Derives the installation's key.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            key: root.mac("csrf token"),
        }
    }

    /// The token of a session. It is no secret of the session's: it opens nothing without the session's cookie.
    pub fn issue(&self, session: SessionId) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, session.uuid().as_bytes()))
    }

    /// Whether `text` is the token of this session; in constant time.
    pub fn is_genuine(&self, session: SessionId, text: &str) -> bool {
        self.issue(session).as_bytes().ct_eq(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn v3_5_1_a_token_is_good_for_its_session_alone() {
        let tokens = CsrfTokens::new(&RootSecret::new([3; 32]));
        let [ada, eve] = [1, 2].map(|id| SessionId::from_uuid(Uuid::from_u128(id)));
        let token = tokens.issue(ada);
        assert!(tokens.is_genuine(ada, &token));
        assert!(!tokens.is_genuine(eve, &token));
        assert!(!CsrfTokens::new(&RootSecret::new([4; 32])).is_genuine(ada, &token));
        for text in [
            "",
            &token[1..],
            &token[..token.len() - 1],
            &format!("{token}="),
        ] {
            assert!(!tokens.is_genuine(ada, text), "{text}");
        }
    }
}
