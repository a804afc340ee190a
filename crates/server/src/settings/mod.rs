//! Configuration (OPS-2): defaults < file < environment < flags, parsed into validated [`Settings`].
//!
//! `config.default.toml` is the list of keys, their defaults and their documentation at once. Whatever is wrong is
//! reported together, each mistake with its key, where it came from and its cure.

mod access;
mod audit;
mod backup;
mod breaker;
mod database;
mod explain;
mod layers;
mod lockout;
mod logging;
mod mail;
mod problem;
mod production;
mod reader;
mod redis;
mod retention;
mod revocations;
mod testing;
mod tracing;
mod transport;
mod value;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ntt_auth_core::policy::{
    AccountRules, AuditRules, KeyRules, LockoutRules, RefreshRules, RetentionRules,
    RevocationRules, Rules, SessionRules, TokenRules,
};
use ntt_auth_web::{FeedSettings, RateLimits, WebSettings};
use url::Url;

pub use access::{BreachLookUp, Hashing, Keys, Passwords, Tokens};
pub(crate) use access::{decode_key, encode_key};
pub use backup::Backup;
pub use database::{Database, Engine, EngineKind, Protection, ServerUrl, database};
pub use explain::{print, schema};
pub use logging::{Format, Log};
pub use mail::{Delivery, Mail};
pub use problem::{Problem, Problems, Source};
pub use redis::{Host, Redis, RedisUrl};
pub use revocations::Revocations;
pub use testing::Testing;
pub use tracing::{Collector, Share, Tracing};
pub use transport::{Http, Metrics};

use layers::Layers;
use reader::{Reader, Refused};

/// The file that is read from the working directory when no other is named.
pub const DEFAULT_FILE: &str = "ntt-auth.toml";

/// How often whoever follows revocations is told how far this node has read. A connection on which nothing is written for
/// `http.header_timeout` is closed, so it is told more often than that in any case.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How strict the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Works without any configuration.
    Development,
    /// As development, and cheap password hashes may be chosen.
    Test,
    /// Refuses what is unsafe in public.
    Production,
}

/// Everything an installation sets, validated. Passed to whoever needs it, never global.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How strict the server is.
    pub profile: Profile,
    /// Folder for the embedded database and the master key.
    pub data_dir: PathBuf,
    /// Address under which others reach this server, without a slash at its end.
    pub public_url: Option<Url>,
    /// How HTTP is served.
    pub http: Http,
    /// Where accounts and sessions are kept.
    pub database: Database,
    /// How that is spoken to.
    pub engine: Engine,
    /// What several servers share besides.
    pub redis: Redis,
    /// How signing keys come and go.
    pub keys: Keys,
    /// What tokens say and how long they live.
    pub tokens: Tokens,
    /// What passwords must be and how they are hashed.
    pub passwords: Passwords,
    /// The threads that hash passwords.
    pub hashing: Hashing,
    /// What accounts need and say.
    pub accounts: AccountRules,
    /// How long the audit trail is kept, and how often it is signed.
    pub audit: AuditRules,
    /// How many guesses at a password are admitted.
    pub lockout: LockoutRules,
    /// Where backups go.
    pub backup: Backup,
    /// How long things are kept.
    pub retention: RetentionRules,
    /// How many requests each caller may make in a minute.
    pub rate_limits: RateLimits,
    /// How mail is sent.
    pub mail: Mail,
    /// How revocations are followed, and told to services.
    pub revocations: Revocations,
    /// Who may read metrics.
    pub metrics: Metrics,
    /// What is logged, and where to.
    pub log: Log,
    /// What is traced, and where to.
    pub tracing: Tracing,
    /// What test installations offer.
    pub testing: Testing,
    /// Files with secrets that others on this machine can read, by the setting that names them. Production refuses them.
    pub exposed: Vec<(&'static str, PathBuf)>,
}

/// What a configuration is read from. Nothing here is taken from the process itself, so that tests can give their own.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The file named on the command line.
    pub file: Option<PathBuf>,
    /// Environment variables; those of other programs are passed over.
    pub environment: Vec<(String, String)>,
    /// Flags: how each was written, its key and its value.
    pub flags: Vec<(String, String, String)>,
}

/// Reads and validates a configuration.
///
/// # Errors
/// [`Problems`] with every mistake there is.
pub fn load(inputs: &Inputs) -> Result<Settings, Problems> {
    settings(&lay(inputs))
}

/// Lays the sources of a configuration over one another.
fn lay(inputs: &Inputs) -> Layers {
    let mut layers = Layers::defaults();
    match &inputs.file {
        Some(path) => read_file(&mut layers, path),
        None if Path::new(DEFAULT_FILE).exists() => read_file(&mut layers, Path::new(DEFAULT_FILE)),
        None => {}
    }
    layers.environment(inputs.environment.iter().cloned());
    for (flag, key, text) in &inputs.flags {
        layers.flag(flag, key, text);
    }
    layers
}

fn read_file(layers: &mut Layers, path: &Path) {
    match std::fs::read_to_string(path) {
        Ok(text) => layers.file(path, &text),
        Err(error) => layers.problems.push(Problem {
            key: None,
            source: Source::Flag(format!("--config {}", path.display())),
            what: format!("the configuration file cannot be read: {error}"),
            cure: "name a TOML file that this user may read".to_owned(),
        }),
    }
}

fn settings(layers: &Layers) -> Result<Settings, Problems> {
    let mut reader = Reader::new(layers);
    let read = Settings::read(&mut reader);
    match read {
        Ok(settings) if reader.problems.is_empty() => Ok(settings),
        _ => Err(Problems(reader.problems)),
    }
}

impl Settings {
    /// The figures that the rules of accounts and tokens go by. `listening` is the address that was bound; without a
    /// public address, others reach the server there.
    pub fn rules(&self, listening: SocketAddr) -> Rules {
        let issuer = match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", reachable(listening)),
        };
        Rules {
            accounts: self.accounts.clone(),
            password: self.passwords.policy.clone(),
            lockout: self.lockout.clone(),
            tokens: TokenRules {
                audience: self
                    .tokens
                    .audience
                    .clone()
                    .unwrap_or_else(|| issuer.clone()),
                issuer,
                access_ttl: self.tokens.access_ttl,
                leeway: self.tokens.leeway,
                include_email: self.tokens.include_email,
                extra_claims: self.tokens.claims.clone(),
                cache_capacity: self.tokens.cache_capacity,
            },
            sessions: SessionRules {
                idle: self.tokens.refresh_ttl,
                absolute: self.tokens.session_ttl,
            },
            refresh: RefreshRules {
                grace: self.tokens.refresh_grace,
            },
            keys: KeyRules {
                algorithm: self.keys.algorithm,
                rotation: self.keys.rotation,
                jwks_max_age: self.keys.jwks_max_age,
            },
            audit: self.audit.clone(),
            retention: RetentionRules {
                // Nobody can be blamed for not having followed a link that was never sent.
                unverified_accounts: match self.mail.delivery {
                    Delivery::Off => None,
                    Delivery::Smtp(_) | Delivery::Outbox => self.retention.unverified_accounts,
                },
                ..self.retention.clone()
            },
            revocations: RevocationRules {
                max_staleness: self.revocations.max_staleness,
            },
            fixed_codes: self.testing.fixed_codes,
        }
    }

    /// What the HTTP side is told; `issuer` is the public address, as in [`Settings::rules`].
    pub fn web(&self, issuer: &str) -> WebSettings {
        WebSettings {
            public_url: issuer.to_owned(),
            trusted_proxies: self.http.trusted_proxies.clone(),
            forwarded_header: self.http.forwarded_header,
            cors_origins: self.http.cors_origins.clone(),
            max_body: self.http.max_body,
            max_import: self.http.max_import,
            body_deadline: self.http.body_timeout,
            rate_limits: self.rate_limits,
            metrics: self.metrics.access.clone(),
            feed: FeedSettings {
                token: self.revocations.feed_token.clone(),
                max_streams: self.revocations.max_streams,
                heartbeat: HEARTBEAT.min(self.http.header_timeout / 3),
            },
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let profile = reader.choice(
            "profile",
            &["development", "test", "production"],
            &[Profile::Development, Profile::Test, Profile::Production],
        );
        let data_dir = reader.required("data_dir", "name a folder", reader::path);
        let public_url = reader.optional(
            "public_url",
            "write it like https://auth.example.com",
            transport::public_url,
        );
        let http = Http::read(reader);
        let database = Database::read(reader, data_dir.as_deref().ok());
        let engine = Engine::read(reader);
        let redis = Redis::read(reader);
        let keys = Keys::read(reader);
        let tokens = Tokens::read(reader);
        let passwords = Passwords::read(reader, profile);
        let hashing = Hashing::read(reader);
        let accounts = access::accounts(reader);
        let audit = audit::read(reader);
        let lockout = lockout::read(reader);
        let retention = retention::read(reader);
        let backup = Backup::read(reader);
        let rate_limits = transport::rate_limits(reader);
        let mail = Mail::read(reader);
        let revocations = Revocations::read(reader);
        let metrics = Metrics::read(reader);
        let log = Log::read(reader, profile);
        let tracing = Tracing::read(reader);
        let testing = Testing::read(reader, profile);
        if matches!(profile, Ok(Profile::Production)) {
            production::refuse_unsafe_database(database.as_ref(), reader);
            production::refuse_unsafe_redis(redis.as_ref(), reader);
            production::refuse_unsafe_address(public_url.as_ref(), reader);
            production::refuse_unsafe_key(keys.as_ref(), reader);
            production::refuse_unsafe_http(http.as_ref(), reader);
            production::refuse_unsafe_lockout(lockout.as_ref(), reader);
            production::refuse_unsafe_limits(rate_limits.as_ref(), reader);
            production::refuse_unsafe_mail(mail.as_ref(), reader);
            production::refuse_unsafe_tracing(tracing.as_ref(), reader);
            production::refuse_exposed_secrets(reader);
        }
        Ok(Self {
            profile: profile?,
            data_dir: data_dir?,
            public_url: public_url?,
            http: http?,
            database: database?,
            engine: engine?,
            redis: redis?,
            keys: keys?,
            tokens: tokens?,
            passwords: passwords?,
            hashing: hashing?,
            accounts: accounts?,
            audit: audit?,
            lockout: lockout?,
            retention: retention?,
            backup: backup?,
            rate_limits: rate_limits?,
            mail: mail?,
            revocations: revocations?,
            metrics: metrics?,
            log: log?,
            tracing: tracing?,
            testing: testing?,
            exposed: std::mem::take(&mut reader.exposed),
        })
    }
}

/// An address that can be connected to, for one that may stand for all of this machine's.
pub fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests;
