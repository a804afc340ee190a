//! What concerns accounts, passwords, tokens and keys.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ntt_auth_jose::Algorithm;
use zeroize::Zeroizing;

use super::reader::{Reader, Refused};
use super::{Profile, Secret};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How signing keys come and go.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The master key, 32 bytes in base64; none means that the server makes one and keeps it in its data folder.
    pub master_key: Option<Secret>,
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// How long a key signs; none means rotation by command only.
    pub rotation: Option<Duration>,
    /// How long others may keep a copy of the public keys.
    pub jwks_max_age: Duration,
}

impl Keys {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let master_key = match reader.secret("keys.master_key", "keys.master_key_file") {
            Ok(Some(text)) if decode_key(&text).is_none() => {
                let key = if reader.is_set("keys.master_key") {
                    "keys.master_key"
                } else {
                    "keys.master_key_file"
                };
                Err(reader.refuse(
                    key,
                    "it is not 32 bytes in base64",
                    "make one with `openssl rand -base64 32`",
                ))
            }
            other => other,
        };
        let algorithm = reader.choice(
            "keys.algorithm",
            &["ES256", "EdDSA", "RS256", "HS256"],
            &[
                Algorithm::Es256,
                Algorithm::EdDsa,
                Algorithm::Rs256,
                Algorithm::Hs256,
            ],
        );
        let rotation = reader.optional_duration("keys.rotation", HOUR, 3650 * DAY);
        let jwks_max_age = reader.duration("keys.jwks_max_age", SECOND, DAY);
        if let (Ok(Some(rotation)), Ok(max_age)) = (rotation, jwks_max_age)
            && rotation < 2 * max_age
        {
            reader.refuse(
                "keys.rotation",
                "keys would change before others have learned of them",
                "choose at least twice keys.jwks_max_age",
            );
        }
        Ok(Self {
            master_key: master_key?.map(Secret::new),
            algorithm: algorithm?,
            rotation: rotation?,
            jwks_max_age: jwks_max_age?,
        })
    }
}

/// The 32 bytes of a master key in base64, standard or URL-safe.
pub(crate) fn decode_key(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .map(Zeroizing::new)
        .ok()?;
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// What tokens say and how long they live.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `aud`; none means the public address of the server.
    pub audience: Option<String>,
    /// Life of an access token.
    pub access_ttl: Duration,
    /// Life of an unused refresh token.
    pub refresh_ttl: Duration,
    /// Longest life of a session.
    pub session_ttl: Duration,
    /// How long the same client is given the same successor.
    pub refresh_grace: Duration,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// Whether access tokens name the email address.
    pub include_email: bool,
    /// How many verified tokens are remembered.
    pub cache_capacity: usize,
    /// Further claims: name and source.
    pub claims: Vec<(String, String)>,
}

impl Tokens {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let audience = reader.text("tokens.audience");
        let access_ttl = reader.duration("tokens.access_ttl", SECOND, DAY);
        let refresh_ttl = reader.duration("tokens.refresh_ttl", SECOND, 3650 * DAY);
        let session_ttl = reader.duration("tokens.session_ttl", SECOND, 3650 * DAY);
        let refresh_grace = reader.duration("tokens.refresh_grace", Duration::ZERO, 5 * MINUTE);
        let leeway = reader.duration("tokens.leeway", Duration::ZERO, 5 * MINUTE);
        let include_email = reader.boolean("tokens.include_email");
        let cache_capacity = reader.integer("tokens.cache_capacity", 0, 10_000_000);
        let claims = reader.open(
            "take a claim's name that ntt-auth does not write itself, and a source that exists",
            |_, source| Ok::<_, String>(source.to_owned()),
        );
        if let (Ok(refresh), Ok(access)) = (refresh_ttl, access_ttl)
            && refresh < access
        {
            reader.refuse(
                "tokens.refresh_ttl",
                "it is shorter than tokens.access_ttl",
                "a refresh token must outlive the access token it renews",
            );
        }
        if let (Ok(session), Ok(refresh)) = (session_ttl, refresh_ttl)
            && session < refresh
        {
            reader.refuse(
                "tokens.session_ttl",
                "it is shorter than tokens.refresh_ttl",
                "choose at least tokens.refresh_ttl",
            );
        }
        Ok(Self {
            audience: audience.map(|text| Some(text).filter(|text| !text.is_empty()))?,
            access_ttl: access_ttl?,
            refresh_ttl: refresh_ttl?,
            session_ttl: session_ttl?,
            refresh_grace: refresh_grace?,
            leeway: leeway?,
            include_email: include_email?,
            cache_capacity: cache_capacity?,
            claims: claims?,
        })
    }
}

/// What a password must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// 8 to 128 characters with upper and lower case, digit and special character.
    Classic,
    /// 15 to 128 characters of any kind.
    Nist,
}

/// How new passwords are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordHashing {
    /// bcrypt of this cost.
    Bcrypt {
        /// Logarithm to base two of the work.
        cost: u8,
    },
    /// argon2id with one lane.
    Argon2id {
        /// Memory in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
    },
}

/// What passwords must be and how they are hashed.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// What a password must be.
    pub preset: Preset,
    /// How new ones are hashed.
    pub hashing: PasswordHashing,
}

impl Passwords {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        profile: Result<Profile, Refused>,
    ) -> Result<Self, Refused> {
        let preset = reader.choice(
            "password.preset",
            &["classic", "nist"],
            &[Preset::Classic, Preset::Nist],
        );
        let is_bcrypt = reader.choice(
            "password.algorithm",
            &["bcrypt", "argon2id"],
            &[true, false],
        );
        let cost = reader.integer("password.bcrypt_cost", 4, 16);
        let memory = reader.integer("password.argon2_memory", 8_192, 1_048_576);
        let passes = reader.integer("password.argon2_passes", 1, 32);
        if let Ok(cost @ ..10) = cost
            && !matches!(profile, Ok(Profile::Test))
        {
            reader.refuse(
                "password.bcrypt_cost",
                format!("{cost} is too cheap to guess against"),
                "choose 10 to 16, or set profile = \"test\" where nothing is at stake",
            );
        }
        let (cost, memory, passes) = (cost?, memory?, passes?);
        let hashing = if is_bcrypt? {
            PasswordHashing::Bcrypt { cost }
        } else {
            PasswordHashing::Argon2id { memory, passes }
        };
        Ok(Self {
            preset: preset?,
            hashing,
        })
    }
}

/// The threads that hash passwords.
#[derive(Debug, Clone)]
pub struct Hashing {
    /// How many; none means one for each core.
    pub workers: Option<usize>,
    /// How many sign-ins may wait.
    pub queue: usize,
    /// Longest wait that is accepted.
    pub max_wait: Duration,
}

impl Hashing {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let workers = reader.integer("hashing.workers", 0, 1024);
        let queue = reader.integer("hashing.queue", 1, 100_000);
        let max_wait = reader.duration("hashing.max_wait", SECOND, 5 * MINUTE);
        Ok(Self {
            workers: Some(workers?).filter(|count| *count > 0),
            queue: queue?,
            max_wait: max_wait?,
        })
    }
}

/// What accounts need and say.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Whether registration answers alike whether or not the account exists.
    pub enumeration_protection: bool,
    /// What registration must give beside email and password.
    pub required: Vec<String>,
}

impl Accounts {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let enumeration_protection = reader.boolean("accounts.enumeration_protection");
        let required = reader.list(
            "accounts.required",
            "choose among username, firstName, lastName",
            |name| Ok::<_, String>(name.to_owned()),
        );
        Ok(Self {
            enumeration_protection: enumeration_protection?,
            required: required?,
        })
    }
}
