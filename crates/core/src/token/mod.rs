//! Tokens: what is handed out, and how it is recognised again.

mod access;
mod code;
mod csrf;
mod cursor;
mod device;
mod feed;
mod keyring;
mod refresh;
mod revoked;
mod validator;

pub(crate) use access::mint;
pub use access::{ACCESS_TYPE, AccessToken, MintError};
pub use code::{MalformedCode, draw_code, fixed_code, parse_code};
pub use csrf::CsrfTokens;
pub use cursor::{Cursors, InvalidCursor};
pub use device::DeviceTokens;
pub use feed::{Changed, Gap, MalformedPlace, Place, RevocationFeed};
pub(crate) use keyring::opens;
pub use keyring::{KeySet, Keyring, KeyringError, generate_key};
pub use refresh::{MalformedRefreshToken, RefreshToken, RefreshTokens};
pub use revoked::{InForce, RevokedSet};
pub use validator::{TokenRefused, Validator};
