//! The figures an installation sets, as the flows need them. Configuration is parsed into these elsewhere; nothing
//! here is global.

use std::time::Duration;

use ntt_auth_jose::Algorithm;

use crate::model::DocumentVersion;
use crate::password::PasswordPolicy;

/// Everything the flows are told about an installation.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What accounts need and say.
    pub accounts: AccountRules,
    /// What a password must be.
    pub password: PasswordPolicy,
    /// How many guesses at a password are admitted.
    pub lockout: LockoutRules,
    /// What access tokens say.
    pub tokens: TokenRules,
    /// How long sessions last.
    pub sessions: SessionRules,
    /// How refresh tokens are replayed.
    pub refresh: RefreshRules,
    /// How signing keys come and go.
    pub keys: KeyRules,
    /// How revocations are followed.
    pub revocations: RevocationRules,
    /// How long the audit trail is kept, and how often it is signed.
    pub audit: AuditRules,
    /// How long things are kept.
    pub retention: RetentionRules,
    /// Whether everybody knows the codes in links, so that others can test against this installation without its mail.
    pub fixed_codes: bool,
}

/// How long the audit trail is kept, and how often it is signed (PRO-5).
#[derive(Debug, Clone)]
pub struct AuditRules {
    /// How long events are kept; `None` for ever.
    pub retention: Option<Duration>,
    /// How old the newest checkpoint may become while there is something new.
    pub checkpoint_every: Duration,
    /// How many events there may be after the newest checkpoint.
    pub checkpoint_events: u32,
}

/// How revocations are followed (TOK-9).
#[derive(Debug, Clone, Default)]
pub struct RevocationRules {
    /// A node that could not read the revocation log for so long accepts no access token any more; `None` for never.
    pub max_staleness: Option<Duration>,
}

/// A part of the profile that an installation may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileField {
    /// `username`
    Username,
    /// `firstName`
    FirstName,
    /// `lastName`
    LastName,
    /// `phone`
    Phone,
    /// `timezone`
    Timezone,
    /// `locale`
    Locale,
}

impl ProfileField {
    /// Every field that can be required.
    pub const ALL: [Self; 6] = [
        Self::Username,
        Self::FirstName,
        Self::LastName,
        Self::Phone,
        Self::Timezone,
        Self::Locale,
    ];

    /// The field's name in requests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::Phone => "phone",
            Self::Timezone => "timezone",
            Self::Locale => "locale",
        }
    }

    /// The field as a JSON Pointer.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Username => "/username",
            Self::FirstName => "/firstName",
            Self::LastName => "/lastName",
            Self::Phone => "/phone",
            Self::Timezone => "/timezone",
            Self::Locale => "/locale",
        }
    }
}

/// What accounts need and say.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// Whether an account can be signed in to only after its address was verified (ACC-7).
    pub verification_required: bool,
    /// How links in mails live.
    pub links: LinkRules,
    /// Answer registration alike whether or not the address is taken (ACC-3).
    pub enumeration_protection: bool,
    /// What registration must give beside email and password (ACC-1).
    pub required: Vec<ProfileField>,
    /// What whoever registers must agree to.
    pub consents: Vec<DocumentVersion>,
    /// What they may agree to besides.
    pub optional_consents: Vec<DocumentVersion>,
}

/// How long things are kept (ACC-11). What each is, and what else is kept, is told in `docs/PRIVACY.md`.
#[derive(Debug, Clone)]
pub struct RetentionRules {
    /// Sessions, after their end: a replayed token of theirs is told from a forgery meanwhile.
    pub ended_sessions: Duration,
    /// Deleted accounts can be restored for so long; then they are erased.
    pub deleted_accounts: Duration,
    /// Accounts that people made for themselves without showing their address to be theirs, after that or their last
    /// sign-in; then they are erased. `None` for ever.
    pub unverified_accounts: Option<Duration>,
    /// Jobs, after they were done.
    pub done_jobs: Duration,
    /// Jobs, after they were given up.
    pub dead_jobs: Duration,
    /// That somebody was erased. It has to outlive every backup that still holds them.
    pub erasures: Duration,
}

impl Default for RetentionRules {
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            ended_sessions: days(7),
            deleted_accounts: days(90),
            unverified_accounts: Some(days(30)),
            done_jobs: days(1),
            dead_jobs: days(30),
            erasures: days(1100),
        }
    }
}

/// How links in mails live, and how often one person is sent any for the asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRules {
    /// Life of a link that verifies an address (ACC-7).
    pub verification_ttl: Duration,
    /// Life of a link that resets a password (ACC-6).
    pub reset_ttl: Duration,
    /// Life of a link that moves an account to another address (ACC-8).
    pub email_change_ttl: Duration,
    /// Life of a link that disowns a sign-in.
    pub not_me_ttl: Duration,
    /// Shortest time between two mails of one kind to one person.
    pub interval: Duration,
    /// Most mails of one kind to one person in a day.
    pub per_day: u32,
}

impl Default for LinkRules {
    fn default() -> Self {
        Self {
            verification_ttl: Duration::from_hours(24),
            reset_ttl: Duration::from_mins(30),
            email_change_ttl: Duration::from_hours(24),
            not_me_ttl: Duration::from_hours(7 * 24),
            interval: Duration::from_mins(1),
            per_day: 10,
        }
    }
}

/// Where the value of a configured claim comes from (TOK-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimSource {
    /// The user's id, as in `sub`.
    UserId,
    /// The email address.
    Email,
    /// The user name, left out if there is none.
    Username,
    /// The role.
    Role,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Language tag.
    Locale,
    /// Time zone.
    Timezone,
    /// Whether the role is `super_admin`.
    IsSuperuser,
    /// A member of the user's metadata.
    Metadata(String),
}

/// Why a configured figure is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(pub String);

impl ClaimSource {
    /// Reads a source as it is configured: `userId`, `email`, … or `metadata.NAME`.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        Ok(match text {
            "userId" => Self::UserId,
            "email" => Self::Email,
            "username" => Self::Username,
            "role" => Self::Role,
            "firstName" => Self::FirstName,
            "lastName" => Self::LastName,
            "locale" => Self::Locale,
            "timezone" => Self::Timezone,
            "isSuperuser" => Self::IsSuperuser,
            _ => match text.strip_prefix("metadata.") {
                Some(name) if !name.is_empty() => Self::Metadata(name.to_owned()),
                _ => {
                    return Err(ConfigurationError(format!(
                        "`{text}` is no source of a claim: use userId, email, username, role, firstName, lastName, locale, timezone, isSuperuser or metadata.NAME"
                    )));
                }
            },
        })
    }
}

/// How many guesses at a password are admitted (PRO-2).
#[derive(Debug, Clone)]
pub struct LockoutRules {
    /// Whether they are counted at all.
    pub enabled: bool,
    /// Wrong passwords for an account from one source before it is locked for that source.
    pub guesses: u32,
    /// How long wrong passwords from one source are added up.
    pub window: Duration,
    /// The first lock of a source.
    pub lock: Duration,
    /// Each lock that follows on another is twice as long, up to this.
    pub longest_lock: Duration,
    /// Wrong passwords for an account in a day from all unknown sources together.
    pub strangers: u32,
    /// Wrong passwords in a row from unknown sources after which they stay locked out until the password is reset, the
    /// account is unlocked, or its owner signs in from a known device (NIST SP 800-63B-4 § 3.2.2); `None` for never.
    pub consecutive: Option<u32>,
}

impl LockoutRules {
    /// The window of the budget of strangers.
    pub(crate) const DAY: Duration = Duration::from_hours(24);
}

impl Default for LockoutRules {
    fn default() -> Self {
        Self {
            enabled: true,
            guesses: 5,
            window: Duration::from_hours(24),
            lock: Duration::from_mins(15),
            longest_lock: Duration::from_hours(24),
            strangers: 50,
            consecutive: Some(100),
        }
    }
}

/// What access tokens say (RFC 9068).
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// `iss`: the public address of this server.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Life of an access token.
    pub access_ttl: Duration,
    /// How far the clocks of issuer and verifier may differ.
    pub leeway: Duration,
    /// Whether tokens carry `email`.
    pub include_email: bool,
    /// Claims of other names, so that another system's tokens can be reproduced.
    pub extra_claims: Vec<(String, ClaimSource)>,
    /// How many verified tokens are remembered.
    pub cache_capacity: usize,
}

impl TokenRules {
    /// Claims this server writes itself; a configured claim must not take their names.
    pub const RESERVED: [&'static str; 13] = [
        "iss", "sub", "aud", "iat", "nbf", "exp", "jti", "sid", "role", "scope", "type", "email",
        "ver",
    ];
}

/// How long sessions last (TOK-12).
#[derive(Debug, Clone)]
pub struct SessionRules {
    /// A session ends when it was not refreshed for so long: the life of a refresh token.
    pub idle: Duration,
    /// A session ends so long after sign-in in any case.
    pub absolute: Duration,
}

/// How refresh tokens are replayed (TOK-5).
#[derive(Debug, Clone)]
pub struct RefreshRules {
    /// How long the same client gets the same successor again.
    pub grace: Duration,
}

/// How signing keys come and go (TOK-3).
#[derive(Debug, Clone)]
pub struct KeyRules {
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// How long a key signs before the next takes over; `None` rotates by command only.
    pub rotation: Option<Duration>,
    /// How long verifiers may keep the published keys: `max-age` of the JWKS. A key is published at least this long
    /// before it signs.
    pub jwks_max_age: Duration,
}
