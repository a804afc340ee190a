//! Base64url as RFC 7515 § 2 wants it: no padding, no white space, and no bits left over, so that no two texts decode
//! to the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text of these bytes.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the text of these bytes.
pub(crate) fn encode_onto(text: &mut String, bytes: impl AsRef<[u8]>) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// The bytes of this text, if it is the one text that encodes them.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_decodes() {
        assert_eq!(decode("AQ").as_deref(), Some(&[1_u8][..]));
        for text in [
            "AQ==", "AQ=", "AR", "A", "AQ ", " AQ", "AQ\n", "A\tQ", "A+", "A/", "A?", "AQ\0",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
