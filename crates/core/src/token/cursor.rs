//! Cursors of lists: opaque, typed and authenticated, so that nobody pages where they were not led (E-38).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::secret::RootSecret;

const MAC_OCTETS: usize = 16;
const MAX_CHARACTERS: usize = 1024;

/// The text is no cursor of this list, was altered, or comes from another installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor was not issued for this list")]
pub struct InvalidCursor;

/// Makes and recognises cursors.
pub struct Cursors {
    key: hmac::Key,
}

impl Cursors {
    /// Derives the installation's key.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            key: root.mac("cursor"),
        }
    }

    /// A cursor for `place` in the list named `list`, which includes everything that fixes its order.
    pub fn encode(&self, list: &str, place: &impl Serialize) -> String {
        // A place is made of numbers and strings, which JSON can always hold.
        let mut bytes = serde_json::to_vec(place).unwrap_or_default();
        let mac = self.mac(list, &bytes);
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place a cursor of the list named `list` stands for.
    pub fn decode<T: DeserializeOwned>(
        &self,
        list: &str,
        cursor: &str,
    ) -> Result<T, InvalidCursor> {
        if cursor.len() > MAX_CHARACTERS {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let split = bytes.len().checked_sub(MAC_OCTETS).ok_or(InvalidCursor)?;
        let (place, mac) = bytes.split_at_checked(split).ok_or(InvalidCursor)?;
        if !bool::from(self.mac(list, place).as_slice().ct_eq(mac)) {
            return Err(InvalidCursor);
        }
        serde_json::from_slice(place).map_err(|_| InvalidCursor)
    }

    fn mac(&self, list: &str, place: &[u8]) -> [u8; MAC_OCTETS] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&u64::try_from(list.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(list.as_bytes());
        context.update(place);
        let mut mac = [0; MAC_OCTETS];
        mac.iter_mut()
            .zip(context.sign().as_ref())
            .for_each(|(to, from)| *to = *from);
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn e38_a_cursor_holds_for_its_own_list_only() {
        let cursors = Cursors::new(&RootSecret::new([1; 32]));
        let cursor = cursors.encode("users by email", &("ada@example.com", 7));
        assert_eq!(
            cursors.decode("users by email", &cursor),
            Ok(("ada@example.com".to_owned(), 7))
        );
        assert_eq!(
            cursors.decode::<(String, i32)>("users by time", &cursor),
            Err(InvalidCursor)
        );
        let other = Cursors::new(&RootSecret::new([2; 32]));
        assert_eq!(
            other.decode::<(String, i32)>("users by email", &cursor),
            Err(InvalidCursor)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let cursors = Cursors::new(&RootSecret::new([1; 32]));
            prop_assert!(cursors.decode::<(String, i32)>("users", &text).is_err());
        }
    }
}
