//! New accounts.

use ntt_auth_core::flow::RawRegistration;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What is told of a new account. Anything else, such as a role, is refused by name.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Registration, example = json!({
    "email": "ada@example.com",
    "password": "Analytical-Engine-1843",
    "username": "ada",
    "firstName": "Ada",
    "timezone": "Europe/London",
    "metadata": { "plan": "free" },
}))]
pub(crate) struct RegistrationFields {
    /// The address to sign in with.
    #[serde(default)]
    #[schema(required = true, format = Email, max_length = 254)]
    email: String,
    /// The password, as the password policy demands.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    password: String,
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
    #[schema(example = "+442071234567")]
    phone: Option<String>,
    /// Address of a picture.
    #[schema(format = Uri, max_length = 2048)]
    avatar_url: Option<String>,
    /// IANA time zone.
    #[schema(example = "Europe/London")]
    timezone: Option<String>,
    /// BCP 47 language tag.
    #[schema(example = "en-GB")]
    locale: Option<String>,
    /// Whatever an application keeps with the account: at most 16 KiB, 8 levels deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// What they agree to: every document that `GET /api/v1/auth/documents` calls required, in its version.
    #[schema(example = json!(["terms:2026-01"]))]
    consents: Option<Vec<String>>,
}

impl RegistrationFields {
    /// What they agree to, apart from the account.
    pub(crate) fn take_consents(&mut self) -> Vec<String> {
        self.consents.take().unwrap_or_default()
    }
}

impl From<RegistrationFields> for RawRegistration {
    fn from(fields: RegistrationFields) -> Self {
        Self {
            email: fields.email,
            password: Some(fields.password),
            username: fields.username,
            first_name: fields.first_name,
            last_name: fields.last_name,
            phone: fields.phone,
            avatar_url: fields.avatar_url,
            timezone: fields.timezone,
            locale: fields.locale,
            metadata: fields.metadata,
        }
    }
}
