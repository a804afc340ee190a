//! The nouns: what an account, a session, a key or a revocation is.

mod consent;
mod email;
mod erasure;
mod event;
mod id;
mod invalid;
mod job;
mod key;
mod mail;
mod profile;
mod revocation;
mod role;
mod search;
mod session;
mod setup;
mod timestamp;
mod user;
mod username;

pub use consent::{Consent, DocumentVersion, Said};
pub use email::{Email, FoldedEmail};
pub use erasure::{ErasedId, Erasure, ErasureKeys};
pub use event::{EventKind, SecurityEvent};
pub use id::{ConsentId, DeviceId, EventId, JobId, SessionId, TokenId, UserId};
pub use invalid::{FieldError, FieldErrors, Invalid};
pub use job::{Job, JobKind, JobState, Lease};
pub use key::{KeyId, KeyState, StoredKey};
pub use mail::{Letter, Mail};
pub use profile::{AvatarUrl, LocaleTag, Metadata, PersonName, Phone, Profile, TimeZoneName};
pub use revocation::{Revocation, Revoked};
pub use role::Role;
pub use search::{Search, SearchScope, SearchWords};
pub use session::{Client, ClientMark, EndReason, Ended, RefreshSeed, Session};
pub use setup::{Setup, SetupTokenHash};
pub use timestamp::Timestamp;
pub use user::{Standing, State, Suspension, User};
pub use username::{FoldedUsername, Username};
