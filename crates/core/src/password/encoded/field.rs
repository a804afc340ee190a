//! The pieces that all the text forms are made of.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::password::FormatError;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The usual alphabet, written without padding, read with or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// bcrypt's order of the alphabet. The last character of salt and digest has bits to spare, which some implementations filled with noise.
pub(super) const BCRYPT64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, LENIENT);

/// Decodes a salt, digest or key; the format says how many bytes it may have.
pub(super) fn bytes(
    engine: &GeneralPurpose,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    name: &'static str,
) -> Result<Vec<u8>, FormatError> {
    let bytes = engine
        .decode(text)
        .map_err(|_| FormatError::Malformed(name))?;
    if lengths.contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(FormatError::Malformed(name))
    }
}

/// A decimal number as the formats write it: no sign, no space, no leading zero.
pub(super) fn number(
    text: &str,
    range: std::ops::RangeInclusive<u32>,
    name: &'static str,
) -> Result<u32, FormatError> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let value = text
        .parse()
        .ok()
        .filter(|_| canonical)
        .ok_or(FormatError::Malformed(name))?;
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(FormatError::OutOfRange {
            name,
            value,
            range: (*range.start(), *range.end()),
        })
    }
}

/// Splits `text` at `separator` into exactly `N` parts.
pub(super) fn parts<const N: usize>(text: &str, separator: char) -> Result<[&str; N], FormatError> {
    let mut pieces = text.split(separator);
    let mut missing = false;
    let parts = std::array::from_fn(|_| {
        pieces.next().unwrap_or_else(|| {
            missing = true;
            ""
        })
    });
    if missing || pieces.next().is_some() {
        Err(FormatError::Malformed("the number of parts"))
    } else {
        Ok(parts)
    }
}

/// What stands after `name=`.
pub(super) fn named<'a>(text: &'a str, name: &'static str) -> Result<&'a str, FormatError> {
    text.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('='))
        .ok_or(FormatError::Malformed(name))
}
