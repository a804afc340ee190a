//! Access tokens: JWTs as RFC 9068 describes them.

use ntt_auth_jose::{SignError, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{Role, SessionId, Timestamp, TokenId, User, UserId};
use crate::policy::{ClaimSource, TokenRules};
use crate::secret::Bearer;

/// The header's `typ` (RFC 9068 § 2.1): no token of another kind has it.
pub const ACCESS_TYPE: &str = "at+jwt";

/// What a first-party sign-in may be used for.
const SCOPE: &str = "account";

/// What a verified access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// `sub`
    pub user_id: UserId,
    /// `sid`
    pub session_id: SessionId,
    /// `jti`
    pub token_id: TokenId,
    /// `role`
    pub role: Role,
    /// `scope`
    pub scope: String,
    /// `aud`
    pub audience: String,
    /// `exp`
    pub expires_at: Timestamp,
    /// `nbf`
    pub not_before: Timestamp,
    /// `ver`: the user's token version when it was issued.
    pub version: i64,
}

/// Why no token could be signed, which is a defect or a key set that is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// There is no current key.
    #[error("there is no current signing key")]
    NoKey,
    /// The crypto library refused.
    #[error("signing failed")]
    Sign(#[from] SignError),
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    sub: UserId,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: TokenId,
    sid: SessionId,
    role: Role,
    scope: &'a str,
    r#type: &'a str,
    ver: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// What this server reads of its own tokens; registered claims are checked apart.
#[derive(Deserialize)]
pub(super) struct ReadClaims {
    sub: UserId,
    aud: String,
    exp: i64,
    nbf: i64,
    jti: TokenId,
    sid: SessionId,
    role: Role,
    scope: String,
    r#type: String,
    ver: i64,
}

impl ReadClaims {
    /// The token these claims make, if their `type` is that of an access token.
    pub(super) fn into_token(self) -> Option<AccessToken> {
        (self.r#type == "access").then_some(AccessToken {
            user_id: self.sub,
            session_id: self.sid,
            token_id: self.jti,
            role: self.role,
            scope: self.scope,
            audience: self.aud,
            expires_at: Timestamp::from_millis(self.exp.saturating_mul(1000)),
            not_before: Timestamp::from_millis(self.nbf.saturating_mul(1000)),
            version: self.ver,
        })
    }
}

/// Signs an access token for `user` in `session`.
pub(crate) fn mint(
    key: &SigningKey,
    rules: &TokenRules,
    user: &User,
    session: SessionId,
    id: TokenId,
    now: Timestamp,
) -> Result<Bearer, MintError> {
    let issued = now.seconds();
    let claims = IssuedClaims {
        iss: &rules.issuer,
        sub: user.id,
        aud: &rules.audience,
        iat: issued,
        nbf: issued,
        exp: now.plus(rules.access_ttl).seconds(),
        jti: id,
        sid: session,
        role: user.role,
        scope: SCOPE,
        r#type: "access",
        ver: user.token_version,
        email: rules.include_email.then(|| user.email.as_str()),
        extra: extra_claims(rules, user),
    };
    Ok(Bearer::new(key.sign_claims(ACCESS_TYPE, &claims)?))
}

/// What configured claims may add to a token, in octets of JSON: a token goes with every request, and one that outgrew
/// the header limits of servers would lock its user out.
const EXTRA_OCTETS: usize = 2048;

/// The configured claims, in their order, as long as they fit; one that does not fit is left out.
fn extra_claims(rules: &TokenRules, user: &User) -> Map<String, Value> {
    let mut left = EXTRA_OCTETS;
    let mut claims = Map::new();
    for (name, source) in &rules.extra_claims {
        let Some(value) = value(source, user) else {
            continue;
        };
        let octets = name.len() + value.to_string().len();
        if let Some(rest) = left.checked_sub(octets) {
            left = rest;
            claims.insert(name.clone(), value);
        }
    }
    claims
}

/// The value of a configured claim; `None` leaves the claim out.
fn value(source: &ClaimSource, user: &User) -> Option<Value> {
    let profile = &user.profile;
    let text = |text: &str| Some(Value::from(text));
    match source {
        ClaimSource::UserId => text(&user.id.to_string()),
        ClaimSource::Email => text(user.email.as_str()),
        ClaimSource::Username => user.username.as_ref().and_then(|name| text(name.as_str())),
        ClaimSource::Role => text(user.role.as_str()),
        ClaimSource::FirstName => profile
            .first_name
            .as_ref()
            .and_then(|name| text(name.as_str())),
        ClaimSource::LastName => profile
            .last_name
            .as_ref()
            .and_then(|name| text(name.as_str())),
        ClaimSource::Locale => profile
            .locale
            .as_ref()
            .and_then(|locale| text(locale.as_str())),
        ClaimSource::Timezone => profile
            .timezone
            .as_ref()
            .and_then(|zone| text(zone.as_str())),
        ClaimSource::IsSuperuser => Some(user.role.is_superuser().into()),
        ClaimSource::Metadata(name) => profile.metadata.members().get(name).cloned(),
    }
}
