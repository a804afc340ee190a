//! Codes as they stand in links: 256 random bits with a prefix that tells their kind, and a checksum.
//!
//! The prefix is part of what is hashed, so that no code can be found as one of another kind. The checksum lets scanners
//! find leaked ones, and lets us refuse mistyped ones without a look at the store.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{CodeHash, CodeKind, FoldedEmail};
use crate::port::{Entropy, random};
use crate::secret::Bearer;

const SECRET_OCTETS: usize = 32;
const CHECKSUM_DIGITS: usize = 8;

/// The text is no code of the kind that is asked for: wrong prefix, length, alphabet or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a code of that kind")]
pub struct MalformedCode;

const fn prefix(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::VerifyEmail => "ntt_ve_",
        CodeKind::ResetPassword => "ntt_rp_",
        CodeKind::ConfirmEmail => "ntt_ce_",
        CodeKind::NotMe => "ntt_nm_",
    }
}

/// Draws a code; the hash is what the store keeps.
pub fn draw_code(kind: CodeKind, entropy: &dyn Entropy) -> (Bearer, CodeHash) {
    code_of(kind, &random(entropy))
}

/// The code that everybody knows: of a kind, for an address. The secret is the SHA-256 of the kind's name, a colon and the
/// folded address. For installations that are tested against (`testing.fixed_codes`), and no others.
pub fn fixed_code(kind: CodeKind, about: &FoldedEmail) -> (Bearer, CodeHash) {
    let known = format!("{}:{}", kind.as_str(), about.as_str());
    code_of(kind, &sha256(&known))
}

fn code_of(kind: CodeKind, secret: &[u8; SECRET_OCTETS]) -> (Bearer, CodeHash) {
    let mut text = format!("{}{}", prefix(kind), URL_SAFE_NO_PAD.encode(secret));
    let checksum = checksum_of(&text);
    text.push_str(&checksum);
    let hash = hash_of(&text);
    (Bearer::new(text), hash)
}

/// What a code of this kind is found by. Exactly one text is accepted for each code.
pub fn parse_code(kind: CodeKind, text: &str) -> Result<CodeHash, MalformedCode> {
    let (rest, checksum) = text
        .split_at_checked(text.len().saturating_sub(CHECKSUM_DIGITS))
        .ok_or(MalformedCode)?;
    let encoded = rest.strip_prefix(prefix(kind)).ok_or(MalformedCode)?;
    let secret = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| MalformedCode)?;
    if secret.len() != SECRET_OCTETS || checksum != checksum_of(rest) {
        return Err(MalformedCode);
    }
    Ok(hash_of(text))
}

fn hash_of(text: &str) -> CodeHash {
    CodeHash::from_bytes(sha256(text))
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut()
        .zip(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
        .for_each(|(to, from)| *to = *from);
    hash
}

fn checksum_of(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::port::Sevens;

    #[test]
    fn e18_a_code_is_of_one_kind() {
        // Even the same secret makes another code of each kind.
        for made in CodeKind::ALL {
            let (code, hash) = draw_code(made, &Sevens);
            for asked in CodeKind::ALL {
                let parsed = parse_code(asked, code.expose());
                assert_eq!(parsed.is_ok(), asked == made, "{made:?} as {asked:?}");
                assert_eq!(draw_code(asked, &Sevens).1 == hash, asked == made);
            }
        }
    }

    #[test]
    fn e29_truncated_or_altered_codes_are_refused() {
        for kind in CodeKind::ALL {
            let (code, hash) = draw_code(kind, &Sevens);
            let text = code.expose();
            assert_eq!(parse_code(kind, text), Ok(hash));
            for end in 0..text.len() {
                assert!(parse_code(kind, &text[..end]).is_err(), "prefix of {end}");
            }
            for index in 0..text.len() {
                for bit in 0..7 {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[index] ^= 1 << bit;
                    let altered = String::from_utf8(bytes).unwrap();
                    assert!(parse_code(kind, &altered).is_err(), "bit {bit} of {index}");
                }
            }
        }
    }

    /// As docs/TESTING.md says that others make them.
    #[test]
    fn a_fixed_code_is_the_one_that_is_written_down() {
        let email = crate::model::Email::parse("Ada@Example.com").unwrap();
        let (code, hash) = fixed_code(CodeKind::VerifyEmail, &email.folded());
        assert_eq!(
            code.expose(),
            "ntt_ve_P_tBO-XpKfGeDDAPn8PMhdu12wDT5PYvbIcd-GcqnbQ5ce02394"
        );
        assert_eq!(parse_code(CodeKind::VerifyEmail, code.expose()), Ok(hash));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            prop_assert!(parse_code(CodeKind::VerifyEmail, &text).is_err());
        }
    }
}
