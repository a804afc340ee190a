//! `GET /api/v1/auth/password-policy`

use axum::extract::State;
use ntt_auth_core::password::{CharacterClass, PasswordPolicy, Plain};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, refusals};

refusals!(ANY);

/// What a new password must be, for a form to tell before it is sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasswordPolicy, example = json!({
    "minLength": 8,
    "minLengthWithSecondFactor": 8,
    "maxLength": 128,
    "maxBytes": 1024,
    "require": ["upper", "lower", "digit", "special"],
    "refusesCommonPasswords": true,
    "refusesPersonalWords": true,
}))]
pub(crate) struct PasswordPolicyBody {
    /// The least length, in code points, where the password is the only factor.
    min_length: usize,
    /// The least length where a second factor is asked for as well.
    min_length_with_second_factor: usize,
    /// The greatest length, in code points.
    max_length: usize,
    /// The greatest length in bytes of UTF-8 that is read at all.
    max_bytes: usize,
    /// Kinds of characters of which at least one each is needed.
    #[schema(value_type = Vec<String>)]
    require: Vec<&'static str>,
    /// Passwords that everybody knows are refused.
    refuses_common_passwords: bool,
    /// Passwords that contain the person's name or address are refused.
    refuses_personal_words: bool,
}

impl From<&PasswordPolicy> for PasswordPolicyBody {
    fn from(policy: &PasswordPolicy) -> Self {
        Self {
            min_length: policy.min,
            min_length_with_second_factor: policy.min_with_second_factor,
            max_length: policy.max,
            max_bytes: Plain::MAX_BYTES,
            require: policy.require.iter().map(|class| name(*class)).collect(),
            refuses_common_passwords: true,
            refuses_personal_words: true,
        }
    }
}

fn name(class: CharacterClass) -> &'static str {
    match class {
        CharacterClass::Upper => "upper",
        CharacterClass::Lower => "lower",
        CharacterClass::Digit => "digit",
        CharacterClass::Special => "special",
    }
}

/// What a password must be
///
/// The rules that a form should show. Each rule a password breaks is an entry of its own in the 422.
#[utoipa::path(
    get,
    path = "/api/v1/auth/password-policy",
    tag = "Authentication",
    responses((status = 200, description = "The rules.", body = PasswordPolicyBody), Refusals),
)]
pub(crate) async fn password_policy(State(app): State<App>) -> axum::Json<PasswordPolicyBody> {
    axum::Json((&app.auth.rules().password).into())
}
