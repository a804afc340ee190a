//! Ids in addresses.

use std::fmt::Display;
use std::str::FromStr;

use ntt_auth_core::model::{JobId, SessionId, UserId};
use serde::{Deserialize, Deserializer, de};
use utoipa::IntoParams;

/// The user an address names.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct UserPath {
    /// The user's id.
    #[serde(deserialize_with = "canonical")]
    #[param(value_type = String, format = Uuid, example = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")]
    pub(crate) user_id: UserId,
}

/// The session an address names.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct SessionPath {
    /// The session's id.
    #[serde(deserialize_with = "canonical")]
    #[param(value_type = String, format = Uuid, example = "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")]
    pub(crate) session_id: SessionId,
}

/// The document an address names.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct DocumentPath {
    /// The document, without a version.
    #[param(example = "terms")]
    pub(crate) document: String,
}

/// The job an address names.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct JobPath {
    /// The job's id.
    #[serde(deserialize_with = "canonical")]
    #[param(value_type = String, format = Uuid, example = "0199a6f2-9e10-7c55-b0aa-1f2e3d4c5b6a")]
    pub(crate) job_id: JobId,
}

/// An id in its one canonical spelling.
fn canonical<'de, D, I>(deserializer: D) -> Result<I, D::Error>
where
    D: Deserializer<'de>,
    I: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(de::Error::custom)
}
