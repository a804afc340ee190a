use std::fmt;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use zeroize::Zeroizing;

use crate::model::Invalid;
use crate::secret::{REDACTED, equal_in_constant_time};

/// A password as somebody typed it. It never prints itself and is wiped when dropped.
///
/// It is brought to Unicode's normal form C, so that one password typed on two keyboards is one password (NIST SP 800-63B-4, 3.1.1.2), and
/// otherwise left as it is: nothing is trimmed, folded or cut.
#[derive(Clone)]
pub struct Plain(Zeroizing<String>);

equal_in_constant_time!(Plain: as_bytes);

impl Plain {
    /// The most bytes that are read at all. What a *new* password may have is the policy's to say.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a password, which may be empty; `too_long` beyond [`Self::MAX_BYTES`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > Self::MAX_BYTES {
            return Err(Invalid::with(
                "too_long",
                format!("A password has at most {} bytes.", Self::MAX_BYTES),
            ));
        }
        if is_nfc(text) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        // Normal form C needs at most three times the bytes (UAX #15); a string that grew would leave a copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(3 * text.len()));
        normal.extend(text.nfc());
        Ok(Self(normal))
    }

    /// The password itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that are hashed: UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_password_on_two_keyboards_is_one_password() {
        let composed = Plain::parse("Z\u{fc}rich \u{ac01}").unwrap();
        let decomposed = Plain::parse("Zu\u{308}rich \u{1100}\u{1161}\u{11a8}").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(composed.as_str(), "Zürich 각");
    }

    #[test]
    fn nothing_else_is_changed() {
        for text in [
            "",
            "  edge  ",
            "ﬁ Å\0\u{200b}",
            "PassWord",
            "\u{1F468}\u{200d}\u{1F469}",
        ] {
            assert_eq!(Plain::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn normalising_never_outgrows_its_room() {
        // U+1D160 and U+0390-like characters are those that grow most under normal form C.
        for character in ['\u{1d160}', '\u{fb2c}', '\u{0958}', '\u{2f868}'] {
            let text = character.to_string().repeat(250);
            let plain = Plain::parse(&text).unwrap();
            assert!(plain.as_str().len() <= 3 * text.len());
        }
    }

    #[test]
    fn too_long_is_refused_and_nothing_is_printed() {
        assert!(Plain::parse(&"a".repeat(1024)).is_ok());
        assert_eq!(
            Plain::parse(&"a".repeat(1025)).unwrap_err().code,
            "too_long"
        );
        assert_eq!(format!("{:?}", Plain::parse("hunter2").unwrap()), REDACTED);
    }
}
