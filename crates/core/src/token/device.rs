//! Device tokens: how a browser or an app in which somebody has signed in is known again (PRO-2).
//!
//! `ntt_dt_` + base64url(version ‖ user id ‖ device id ‖ time of issue ‖ tag). The tag is an HMAC-SHA-256 under a key of
//! the installation's own, over all of it and over when the user's password was last set. So
//! - nothing is stored, and nobody else can make one or move it to another account;
//! - a change or a reset of the password ends every device that was known until then;
//! - it opens nothing: all it says is that these guesses are not a stranger's.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::model::{DeviceId, Timestamp, User, UserId};
use crate::secret::{Bearer, RootSecret};

const PREFIX: &str = "ntt_dt_";
const VERSION: u8 = 1;
const TAG_OCTETS: usize = 32;
const BODY_OCTETS: usize = 1 + 16 + 16 + 8 + TAG_OCTETS;

/// Makes and recognises the device tokens of one installation.
pub struct DeviceTokens {
    key: hmac::Key,
}

impl DeviceTokens {
    /// How long a device is known after the last sign-in in it: browsers keep no cookie longer than 400 days.
    pub const LIFE: Duration = Duration::from_hours(400 * 24);

    /// Derives the installation's key.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            key: root.mac("device token"),
        }
    }

    /// The token by which `device` is known as one of this user's.
    pub fn issue(&self, user: &User, device: DeviceId, now: Timestamp) -> Bearer {
        let mut body = Vec::with_capacity(BODY_OCTETS);
        body.push(VERSION);
        body.extend_from_slice(user.id.uuid().as_bytes());
        body.extend_from_slice(device.uuid().as_bytes());
        body.extend_from_slice(&now.millis().to_be_bytes());
        let tag = self.tag(&body, user);
        body.extend_from_slice(tag.as_ref());
        Bearer::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(body)))
    }

    /// The device, if `token` was issued for this user, is not too old, and the password was not set anew since. For
    /// nobody (`None`) the same is computed, in vain.
    pub fn recognise(&self, token: &str, user: Option<&User>, now: Timestamp) -> Option<DeviceId> {
        let body = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let body: [u8; BODY_OCTETS] = body.try_into().ok()?;
        let (signed, tag) = body.split_last_chunk::<TAG_OCTETS>()?;
        let (head, rest) = signed.split_first_chunk::<1>()?;
        let (owner, rest) = rest.split_first_chunk::<16>()?;
        let (device, issued) = rest.split_first_chunk::<16>()?;
        let issued = Timestamp::from_millis(i64::from_be_bytes(issued.try_into().ok()?));
        let expected = match user {
            Some(user) => self.tag(signed, user),
            None => self.tag_at(signed, None),
        };
        let genuine = bool::from(expected.as_ref().ct_eq(tag));
        let owner = UserId::from_uuid(Uuid::from_bytes(*owner));
        let holds = genuine
            && *head == [VERSION]
            && user.is_some_and(|user| user.id == owner)
            && now.since(issued) < Self::LIFE;
        holds.then(|| DeviceId::from_uuid(Uuid::from_bytes(*device)))
    }

    fn tag(&self, body: &[u8], user: &User) -> hmac::Tag {
        self.tag_at(body, user.password_changed_at)
    }

    fn tag_at(&self, body: &[u8], password_changed_at: Option<Timestamp>) -> hmac::Tag {
        let since = password_changed_at.map_or(i64::MIN, Timestamp::millis);
        let mut context = hmac::Context::with_key(&self.key);
        context.update(body);
        context.update(&since.to_be_bytes());
        context.sign()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Email, Profile, Role, Standing};

    fn user(id: u128) -> User {
        User {
            id: UserId::from_uuid(Uuid::from_u128(id)),
            email: Email::parse("ada@example.com").unwrap(),
            email_verified_at: None,
            username: None,
            profile: Profile::default(),
            role: Role::User,
            standing: Standing::default(),
            password: None,
            password_changed_at: Some(Timestamp::from_millis(5)),
            token_version: 0,
            last_login_at: None,
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            verify_by: None,
            revision: 0,
        }
    }

    fn tokens() -> DeviceTokens {
        DeviceTokens::new(&RootSecret::new([3; 32]))
    }

    const DEVICE: DeviceId = DeviceId::from_uuid(Uuid::from_u128(77));
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn a_device_is_known_to_its_user_alone_and_for_so_long() {
        let (ada, token) = (user(1), tokens().issue(&user(1), DEVICE, NOW));
        let known = |user: Option<&User>, now| tokens().recognise(token.expose(), user, now);
        assert_eq!(known(Some(&ada), NOW), Some(DEVICE));
        assert_eq!(known(Some(&user(2)), NOW), None);
        assert_eq!(known(None, NOW), None);
        let last = NOW.plus(DeviceTokens::LIFE);
        assert_eq!(
            known(Some(&ada), last.minus(Duration::from_millis(1))),
            Some(DEVICE)
        );
        assert_eq!(known(Some(&ada), last), None);
        let other = DeviceTokens::new(&RootSecret::new([4; 32]));
        assert_eq!(other.recognise(token.expose(), Some(&ada), NOW), None);
    }

    #[test]
    fn another_password_makes_every_device_a_stranger() {
        let token = tokens().issue(&user(1), DEVICE, NOW);
        let mut ada = user(1);
        ada.password_changed_at = Some(Timestamp::from_millis(6));
        assert_eq!(tokens().recognise(token.expose(), Some(&ada), NOW), None);
        ada.password_changed_at = None;
        assert_eq!(tokens().recognise(token.expose(), Some(&ada), NOW), None);
    }

    #[test]
    fn e31_an_altered_device_token_is_a_strangers() {
        let token = tokens().issue(&user(1), DEVICE, NOW);
        for index in 0..token.expose().len() {
            for bit in 0..7 {
                let mut bytes = token.expose().as_bytes().to_vec();
                bytes[index] ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert_eq!(
                    tokens().recognise(&altered, Some(&user(1)), NOW),
                    None,
                    "{altered}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            prop_assert!(tokens().recognise(&text, Some(&user(1)), NOW).is_none());
        }
    }
}
