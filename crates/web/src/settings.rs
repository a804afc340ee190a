//! What the HTTP side is told about an installation.

use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use subtle::ConstantTimeEq as _;

/// What the HTTP side is told about an installation. The server fills it from its configuration.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The address under which others reach this server, without a slash at its end.
    pub public_url: String,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say for whom they ask.
    pub forwarded_header: ForwardedHeader,
    /// Whose web pages may call this server.
    pub cors_origins: CorsOrigins,
    /// Largest body of a request, in octets.
    pub max_body: usize,
    /// Largest body of an import of users, in octets.
    pub max_import: usize,
    /// How long the body of a request may take; of an import, each piece of it.
    pub body_deadline: Duration,
    /// How many requests per minute.
    pub rate_limits: RateLimits,
    /// Who may read metrics.
    pub metrics: MetricsAccess,
    /// How revocations are told to services.
    pub feed: FeedSettings,
}

impl WebSettings {
    /// Settings for an address, with everything else at its default.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            cors_origins: CorsOrigins::Only(Vec::new()),
            max_body: 64 * 1024,
            max_import: 64 * 1024 * 1024,
            body_deadline: Duration::from_secs(20),
            rate_limits: RateLimits::default(),
            metrics: MetricsAccess::Off,
            feed: FeedSettings::default(),
        }
    }

    /// Whether browsers reach this server over TLS, so that they may be told to insist on it (RFC 6797).
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// The header in which proxies say for whom they ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

/// Whose web pages may call this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Everybody's, without cookies.
    Any,
    /// Those of these origins (RFC 6454 § 6.2).
    Only(Vec<HeaderValue>),
}

/// How many requests per minute (PRO-1): for each user by their role; for each client address without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are the roles, and the routes with limits of their own"
)]
pub struct RateLimits {
    pub enabled: bool,
    pub guest: NonZeroU32,
    pub user: NonZeroU32,
    pub moderator: NonZeroU32,
    pub admin: NonZeroU32,
    pub super_admin: NonZeroU32,
    pub login: NonZeroU32,
    pub register: NonZeroU32,
    pub refresh: NonZeroU32,
    pub mail: NonZeroU32,
    pub open: NonZeroU32,
}

impl Default for RateLimits {
    fn default() -> Self {
        let limit = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self {
            enabled: true,
            guest: limit(10),
            user: limit(100),
            moderator: limit(200),
            admin: limit(500),
            super_admin: limit(1000),
            login: limit(5),
            register: limit(3),
            refresh: limit(300),
            mail: limit(3),
            open: limit(6_000_000),
        }
    }
}

/// How revocations are told to services that validate tokens by themselves (TOK-10).
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// The token of services; without it they need an administrator's access token.
    pub token: Option<FeedToken>,
    /// How many may follow at one time.
    pub max_streams: usize,
    /// After how long without anything else a reader is told how far this node has read. It has to be shorter than what
    /// ends an idle connection.
    pub heartbeat: Duration,
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self {
            token: None,
            max_streams: 1000,
            heartbeat: Duration::from_secs(10),
        }
    }
}

/// What a service presents to follow revocations. It cannot be read back.
#[derive(Clone)]
pub struct FeedToken(Box<str>);

impl FeedToken {
    /// The token as it is configured.
    pub fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// Whether this is the token; how long that takes does not tell how much of it is right.
    pub(crate) fn is(&self, presented: &str) -> bool {
        presented.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for FeedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FeedToken([redacted])")
    }
}

/// Who may read metrics at `GET /metrics`.
#[derive(Clone, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Nobody: the address does not exist.
    Off,
    /// Whoever presents this bearer token.
    Token(String),
}

impl std::fmt::Debug for MetricsAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Token(_) => "Token([redacted])",
        })
    }
}
