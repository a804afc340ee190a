//! Ids in addresses.

use std::str::FromStr;

use ntt_auth_core::model::{SessionId, UserId};
use utoipa::IntoParams;

/// The user an address names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct UserPath {
    /// The user's id.
    #[param(rename = "userId", value_type = String, format = Uuid, example = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")]
    pub(crate) user_id: UserId,
}

/// The session an address names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SessionPath {
    /// The session's id.
    #[param(rename = "sessionId", value_type = String, format = Uuid, example = "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")]
    pub(crate) session_id: SessionId,
}

impl FromStr for UserPath {
    type Err = <UserId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { user_id: text.parse()? })
    }
}

impl FromStr for SessionPath {
    type Err = <SessionId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { session_id: text.parse()? })
    }
}
