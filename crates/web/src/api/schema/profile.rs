//! Changes to a profile.

use ntt_auth_core::flow::RawProfileChange;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What changes: a field left out is kept, `null` clears it. Anything else, such as `email` or `role`, is refused by
/// name.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProfileChange, example = json!({ "firstName": "Ada", "phone": null }))]
pub(crate) struct ProfileRequest {
    /// 3–32 letters, digits, `.`, `_`, `-`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 32)]
    username: Option<Option<String>>,
    /// Given name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 100)]
    first_name: Option<Option<String>>,
    /// Family name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 100)]
    last_name: Option<Option<String>>,
    /// Telephone number in E.164 form.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// Address of a picture.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Uri, max_length = 2048)]
    avatar_url: Option<Option<String>>,
    /// IANA time zone.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    timezone: Option<Option<String>>,
    /// BCP 47 language tag.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    locale: Option<Option<String>>,
    /// Whatever an application keeps with the account, replaced as a whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Map<String, Value>>>,
}

impl From<ProfileRequest> for RawProfileChange {
    fn from(request: ProfileRequest) -> Self {
        Self {
            username: request.username,
            first_name: request.first_name,
            last_name: request.last_name,
            phone: request.phone,
            avatar_url: request.avatar_url,
            timezone: request.timezone,
            locale: request.locale,
            metadata: request.metadata,
        }
    }
}

/// Tells a field that is `null` from one that is absent.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
