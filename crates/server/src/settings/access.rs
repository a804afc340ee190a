//! What concerns accounts, passwords, tokens and keys.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ntt_auth_core::model::DocumentVersion;
use ntt_auth_core::password::{Argon2Cost, BcryptCost, HashingPolicy, PasswordPolicy};
use ntt_auth_core::policy::{AccountRules, ClaimSource, LinkRules, ProfileField, TokenRules};
use ntt_auth_core::secret::MasterKey;
use ntt_auth_jose::Algorithm;
use url::Url;
use zeroize::Zeroizing;

use super::Profile;
use super::reader::{Reader, Refused, path};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How signing keys come and go.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The master key; none means that the server makes one and keeps it in its data folder.
    pub master_key: Option<MasterKey>,
    /// The master key before it, while it is being replaced.
    pub previous_master_key: Option<MasterKey>,
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// How long a key signs; none means rotation by command only.
    pub rotation: Option<Duration>,
    /// How long others may keep a copy of the public keys.
    pub jwks_max_age: Duration,
}

impl Keys {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let current = master_key(reader, "keys.master_key", "keys.master_key_file");
        let previous = master_key(
            reader,
            "keys.previous_master_key",
            "keys.previous_master_key_file",
        );
        if let (Ok(Some(current)), Ok(Some(previous))) = (&current, &previous)
            && current == previous
        {
            reader.refuse(
                "keys.previous_master_key",
                "it is the master key itself",
                "make a new master key with `openssl rand -base64 32`, or remove the previous one",
            );
        }
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
            master_key: current?,
            previous_master_key: previous?,
            algorithm: algorithm?,
            rotation: rotation?,
            jwks_max_age: jwks_max_age?,
        })
    }
}

/// A master key that is given by itself or as a file.
fn master_key(
    reader: &mut Reader<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Result<Option<MasterKey>, Refused> {
    let Some(text) = reader.secret(key, file_key)? else {
        return Ok(None);
    };
    decode_key(&text).map(Some).ok_or_else(|| {
        let given = if reader.is_set(key) { key } else { file_key };
        reader.refuse(
            given,
            "it is not 32 bytes in base64",
            "make one with `openssl rand -base64 32`",
        )
    })
}

/// A master key from its 32 bytes in base64, standard or URL-safe.
pub(crate) fn decode_key(text: &str) -> Option<MasterKey> {
    let bytes = STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .map(Zeroizing::new)
        .ok()?;
    bytes.as_slice().try_into().ok().map(MasterKey::new)
}

/// A master key as [`decode_key`] reads it.
pub(crate) fn encode_key(key: &MasterKey) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.expose()))
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
    pub claims: Vec<(String, ClaimSource)>,
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
            |name, source| match TokenRules::RESERVED.contains(&name) {
                true => Err(format!("ntt-auth writes the claim `{name}` itself")),
                false => ClaimSource::parse(source).map_err(|error| error.to_string()),
            },
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

/// What passwords must be and how they are hashed.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// What a new password must be.
    pub policy: PasswordPolicy,
    /// How it is hashed.
    pub hashing: HashingPolicy,
    /// Where it is looked up among stolen ones.
    pub breaches: BreachLookUp,
}

/// Where new passwords are looked up among stolen ones.
#[derive(Debug, Clone)]
pub struct BreachLookUp {
    /// A filter file, as `ntt-auth passwords filter` makes it.
    pub filter: Option<PathBuf>,
    /// A range API in the manner of Have I Been Pwned.
    pub api: Option<Url>,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Whether a password that cannot be looked up is refused.
    pub strict: bool,
}

impl BreachLookUp {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let filter = reader.optional("password.breach_filter", "name a file", path);
        let api = reader.optional(
            "password.breach_api",
            "write it like https://api.pwnedpasswords.com/range/",
            |text| match Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(url),
                Ok(_) => Err("begins with neither https:// nor http://".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        );
        let timeout = reader.duration("password.breach_timeout", Duration::from_millis(1), MINUTE);
        let strict = reader.choice(
            "password.breach_outage",
            &["accept", "refuse"],
            &[false, true],
        );
        Ok(Self {
            filter: filter?,
            api: api?,
            timeout: timeout?,
            strict: strict?,
        })
    }
}

/// The lines of a block list, in lower case.
fn blocklist(reader: &mut Reader<'_>) -> Result<HashSet<String>, Refused> {
    const KEY: &str = "password.blocklist_file";
    let Some(file) = reader.optional(KEY, "name a file", path)? else {
        return Ok(HashSet::new());
    };
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(text
            .lines()
            .map(|line| line.trim_end_matches('\r').to_lowercase())
            .filter(|line| !line.is_empty())
            .collect()),
        Err(error) => Err(reader.refuse(
            KEY,
            format!("{} cannot be read: {error}", file.display()),
            "name a UTF-8 text file with one password on each line",
        )),
    }
}

/// A word that passwords must not contain.
fn context_word(text: &str) -> Result<String, &'static str> {
    match text.trim().chars().count() {
        0..4 => Err("it is shorter than 4 characters, and would be in many good passwords"),
        _ => Ok(text.trim().to_owned()),
    }
}

impl Passwords {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        profile: Result<Profile, Refused>,
    ) -> Result<Self, Refused> {
        let is_classic = reader.choice("password.preset", &["classic", "nist"], &[true, false]);
        let is_bcrypt = reader.choice(
            "password.algorithm",
            &["bcrypt", "argon2id"],
            &[true, false],
        );
        let bcrypt = bcrypt(reader, profile);
        let argon2 = argon2(reader);
        let blocklist = blocklist(reader);
        let context = reader.list(
            "password.context",
            "write words of at least 4 characters",
            context_word,
        );
        let breaches = BreachLookUp::read(reader);
        let policy = if is_classic? {
            PasswordPolicy::classic()
        } else {
            PasswordPolicy::nist()
        };
        let (bcrypt, argon2) = (bcrypt?, argon2?);
        let hashing = if is_bcrypt? {
            HashingPolicy::Bcrypt { cost: bcrypt }
        } else {
            HashingPolicy::Argon2id(argon2)
        };
        Ok(Self {
            policy: PasswordPolicy {
                blocklist: blocklist?,
                context: context?,
                ..policy
            },
            hashing,
            breaches: breaches?,
        })
    }
}

fn bcrypt(
    reader: &mut Reader<'_>,
    profile: Result<Profile, Refused>,
) -> Result<BcryptCost, Refused> {
    let cost = reader.integer("password.bcrypt_cost", 4, 16)?;
    let cost = match profile {
        Ok(Profile::Test) => BcryptCost::for_tests(cost),
        _ => BcryptCost::new(cost),
    };
    cost.map_err(|error| {
        reader.refuse(
            "password.bcrypt_cost",
            error.to_string(),
            "choose 10 to 16; less is for the profile \"test\", where nothing is at stake",
        )
    })
}

fn argon2(reader: &mut Reader<'_>) -> Result<Argon2Cost, Refused> {
    let memory = reader.integer("password.argon2_memory", 12_288, 262_144);
    let passes = reader.integer("password.argon2_passes", 1, 16);
    Argon2Cost::new(memory?, passes?, 1).map_err(|error| {
        reader.refuse(
            "password.argon2_memory",
            error.to_string(),
            "the defaults are 19456 KiB and 2 passes",
        )
    })
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
pub(super) fn accounts(reader: &mut Reader<'_>) -> Result<AccountRules, Refused> {
    let enumeration_protection = reader.boolean("accounts.enumeration_protection");
    let names = ProfileField::ALL.map(ProfileField::name).join(", ");
    let required = reader.list(
        "accounts.required",
        &format!("choose among {names}"),
        |name| {
            ProfileField::ALL
                .into_iter()
                .find(|field| field.name() == name)
                .ok_or("nothing that can be required has this name")
        },
    );
    let [consents, optional_consents] = documents(reader)?;
    let verification_required = reader.boolean("accounts.verification_required");
    let verification_ttl = reader.duration("accounts.verification_ttl", 5 * MINUTE, 30 * DAY);
    let reset_ttl = reader.duration("accounts.reset_ttl", 5 * MINUTE, DAY);
    let email_change_ttl = reader.duration("accounts.email_change_ttl", 5 * MINUTE, 30 * DAY);
    let not_me_ttl = reader.duration("accounts.not_me_ttl", HOUR, 30 * DAY);
    let interval = reader.duration("accounts.mail_interval", SECOND, DAY);
    let per_day = reader.integer("accounts.mails_per_day", 1, 1000);
    Ok(AccountRules {
        verification_required: verification_required?,
        links: LinkRules {
            verification_ttl: verification_ttl?,
            reset_ttl: reset_ttl?,
            email_change_ttl: email_change_ttl?,
            not_me_ttl: not_me_ttl?,
            interval: interval?,
            per_day: per_day?,
        },
        enumeration_protection: enumeration_protection?,
        required: required?,
        consents,
        optional_consents,
    })
}

/// What people are asked to agree to: what they must, and what they may.
fn documents(reader: &mut Reader<'_>) -> Result<[Vec<DocumentVersion>; 2], Refused> {
    let mut list = |key| {
        reader.list(
            key,
            "name each document with its version, like \"terms:2026-01\"",
            |text| DocumentVersion::parse(text).map_err(|invalid| invalid.message),
        )
    };
    let (required, optional) = (
        list("accounts.consents"),
        list("accounts.optional_consents"),
    );
    let (required, optional) = (required?, optional?);
    let all: Vec<_> = required.iter().chain(&optional).collect();
    for (index, one) in all.iter().enumerate() {
        let earlier = all.iter().take(index);
        if earlier
            .into_iter()
            .any(|it| it.document() == one.document())
        {
            let key = match index < required.len() {
                true => "accounts.consents",
                false => "accounts.optional_consents",
            };
            let what = format!("`{}` stands there twice", one.document());
            return Err(reader.refuse(key, what, "ask for one version of each document"));
        }
    }
    Ok([required, optional])
}
