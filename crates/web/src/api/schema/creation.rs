//! Accounts made by administrators.

use ntt_auth_core::flow::RawRegistration;
use ntt_auth_core::model::Role;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::role_schema;

/// A new account of any role the caller may grant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Creation, example = json!({
    "email": "grace@example.com",
    "password": "Nanosecond-Wire-1906",
    "role": "moderator",
    "firstName": "Grace",
}))]
pub(crate) struct CreationRequest {
    /// The address to sign in with.
    #[serde(default)]
    #[schema(required = true, format = Email, max_length = 254)]
    email: String,
    /// The password, as the password policy demands. Without one the account cannot sign in by password yet.
    #[schema(format = Password)]
    password: Option<String>,
    /// The role; `user` if left out.
    #[serde(default)]
    #[schema(schema_with = role_schema, required = false)]
    pub(crate) role: Role,
    /// 3–32 letters, digits, `.`, `_`, `-`.
    #[schema(min_length = 3, max_length = 32)]
    username: Option<String>,
    /// Given name.
    #[schema(max_length = 100)]
    first_name: Option<String>,
    /// Family name.
    #[schema(max_length = 100)]
    last_name: Option<String>,
    /// Telephone number in E.164 form.
    #[schema(example = "+12025550143")]
    phone: Option<String>,
    /// Address of a picture.
    #[schema(format = Uri, max_length = 2048)]
    avatar_url: Option<String>,
    /// IANA time zone.
    #[schema(example = "America/New_York")]
    timezone: Option<String>,
    /// BCP 47 language tag.
    #[schema(example = "en-US")]
    locale: Option<String>,
    /// Whatever an application keeps with the account: at most 16 KiB, 8 levels deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

impl From<CreationRequest> for RawRegistration {
    fn from(request: CreationRequest) -> Self {
        Self {
            email: request.email,
            password: request.password,
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
