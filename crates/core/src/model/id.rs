//! Identifiers: UUIDv7 (RFC 9562), made by the server from its clock and entropy, never by a store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::Timestamp;
use crate::port::{Entropy, random};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id that sorts by `now`.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random(entropy)).into_uuid())
            }

            /// Takes an id back from a store.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the canonical form: an id is also a cache key and a log field.
                let uuid = Uuid::try_parse(text)?;
                if uuid.to_string() == text { Ok(Self(uuid)) } else { Uuid::try_parse("").map(Self) }
            }
        }
    };
}

id! {
    /// A user: the `sub` of their tokens.
    UserId
}
id! {
    /// A session, which is also a refresh-token family: the `sid` of its tokens.
    SessionId
}
id! {
    /// One access token: its `jti`.
    TokenId
}
id! {
    /// A security event.
    EventId
}
id! {
    /// A consent.
    ConsentId
}
id! {
    /// A job: something that is done after the transaction which asked for it.
    JobId
}
id! {
    /// A browser or an app in which somebody has signed in.
    DeviceId
}
