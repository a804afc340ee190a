//! Sessions, which are refresh-token families (TOK-5, TOK-7, TOK-12).

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::digest;
use serde::Serialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::model::named::named;
use crate::model::{SessionId, Timestamp, UserId};

/// Who is at the other end of a request, as far as can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The peer's address, or the one a trusted proxy reported.
    pub ip_address: Option<IpAddr>,
    /// The `User-Agent` header, cut to 512 characters.
    pub user_agent: Option<String>,
    /// What the client calls the device, e.g. "Ada's phone".
    pub device_name: Option<String>,
    /// The id of the request, as logs and problems tell it. It is not kept with a session.
    pub request_id: Option<String>,
}

/// By what two requests are taken to come from the same client: a digest of its user agent. The address is left out
/// on purpose: a phone that changes network between a refresh and its retry is an honest client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientMark([u8; 16]);

impl ClientMark {
    /// The mark of this client.
    pub fn of(client: &Client) -> Self {
        let digest = digest::digest(
            &digest::SHA256,
            client.user_agent.as_deref().unwrap_or("").as_bytes(),
        );
        let mut mark = [0; 16];
        mark.iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(mark)
    }

    /// The mark as it is stored.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes a mark back from a store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// The session's own half of the key of its refresh tokens: 256 random bits. Without the installation's root secret it
/// is of no use to who reads the store; without it, the root secret is of no use either.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshSeed([u8; 32]);

crate::secret::equal_in_constant_time!(RefreshSeed: as_slice);

impl RefreshSeed {
    /// Wraps fresh random bytes, or those of a store.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store and the token's MAC alone.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RefreshSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

named! {
    /// Why a session ended.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum EndReason {
        /// Its user signed out.
        SignedOut => "signed_out",
        /// Its user ended it from another session.
        EndedByUser => "ended_by_user",
        /// An administrator ended it.
        EndedByAdmin => "ended_by_admin",
        /// The password was changed.
        PasswordChanged => "password_changed",
        /// The account was suspended.
        Suspended => "suspended",
        /// The account was deleted.
        Deleted => "deleted",
        /// A used refresh token was presented again.
        RefreshTokenReused => "refresh_token_reused",
        /// The store was restored from a backup, in which what was signed in since is missing and what was signed out since
        /// is back.
        Restored => "restored",
        /// Its user said that it was somebody else's.
        Disowned => "disowned",
    }
}

/// When and why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// A session: one sign-in and all refreshes that follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its half of the key of its refresh tokens.
    pub seed: RefreshSeed,
    /// The number of the one refresh token that is good now; each use counts it up.
    pub generation: i64,
    /// Who signed in, or last refreshed.
    pub client: Client,
    /// The mark of who made the last rotation: only they may be given the same successor again.
    pub rotated_by: ClientMark,
    /// When the last rotation was.
    pub rotated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless refreshed before.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// When and why it was ended, if it was.
    pub ended: Option<Ended>,
}

impl Session {
    /// Whether it can still be refreshed at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.idle_expires_at && now < self.expires_at
    }
}
