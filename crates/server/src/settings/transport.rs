//! What concerns the door: HTTP, limits, metrics.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use ntt_auth_web::{CorsOrigins, ForwardedHeader, MetricsAccess, RateLimits};
use url::Url;

use super::reader::{Reader, Refused};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

/// How HTTP is served.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Connections open at one time.
    pub max_connections: usize,
    /// Connections open at one time from one client.
    pub max_connections_per_address: usize,
    /// How long a connection may go without completing a request.
    pub header_timeout: Duration,
    /// How long the body of a request may take.
    pub body_timeout: Duration,
    /// Largest body of a request, in bytes.
    pub max_body: usize,
    /// Largest body of an import of users, in bytes.
    pub max_import: usize,
    /// How long requests are still taken after the server was told to stop.
    pub drain: Duration,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_timeout: Duration,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say for whom they ask.
    pub forwarded_header: ForwardedHeader,
    /// Origins of web applications that may call this server.
    pub cors_origins: CorsOrigins,
}

impl Http {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let listen = reader.required(
            "http.listen",
            "write an IP address and a port, like 127.0.0.1:8080 or [::]:8080",
            str::parse::<SocketAddr>,
        );
        let max_connections = reader.integer("http.max_connections", 1, 1_000_000);
        let max_connections_per_address =
            reader.integer("http.max_connections_per_address", 1, 1_000_000);
        let header_timeout = reader.duration("http.header_timeout", SECOND, HOUR);
        let body_timeout = reader.duration("http.body_timeout", SECOND, HOUR);
        let max_body = reader.integer("http.max_body", 16_384, 16_777_216);
        let max_import = reader.integer("http.max_import", 16_384, 1 << 40);
        let drain = reader.duration("http.drain", Duration::ZERO, HOUR);
        let shutdown_timeout = reader.duration("http.shutdown_timeout", Duration::ZERO, HOUR);
        let trusted_proxies = reader.list(
            "http.trusted_proxies",
            "write a network like 10.0.0.0/8 or an address like 192.0.2.1",
            network,
        );
        let forwarded_header = reader.choice(
            "http.forwarded_header",
            &["x-forwarded-for", "forwarded"],
            &[ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded],
        );
        let cors_origins = reader.list(
            "http.cors_origins",
            "write scheme, host and port alone, like https://app.example.com, or * for all",
            origin,
        );
        Ok(Self {
            listen: listen?,
            max_connections: max_connections?,
            max_connections_per_address: max_connections_per_address?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            max_body: max_body?,
            max_import: max_import?,
            drain: drain?,
            shutdown_timeout: shutdown_timeout?,
            trusted_proxies: trusted_proxies?,
            forwarded_header: forwarded_header?,
            cors_origins: match cors_origins?.into_iter().collect() {
                Some(origins) => CorsOrigins::Only(origins),
                None => CorsOrigins::Any,
            },
        })
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "is neither a network nor an address".to_owned())
}

/// An origin as browsers send it (RFC 6454 § 6.2); `None` stands for `*`.
fn origin(text: &str) -> Result<Option<HeaderValue>, String> {
    if text == "*" {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let serialised = url.origin().ascii_serialization();
    if serialised == "null" || serialised != text.to_ascii_lowercase() {
        return Err(format!("is no origin; its origin is {serialised}"));
    }
    HeaderValue::from_str(&serialised)
        .map(Some)
        .map_err(|error| error.to_string())
}

/// The address of this server for others: `http` or `https`, a host, perhaps a path.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim_end_matches('/')).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("begins with neither https:// nor http://".to_owned());
    }
    if url.host().is_none()
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
    {
        return Err(
            "must be a scheme, a host and perhaps a port and a path, nothing else".to_owned(),
        );
    }
    Ok(url)
}

/// Who may read metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// A listener of their own.
    pub listen: Option<SocketAddr>,
    /// Who may read them on the main listener.
    pub access: MetricsAccess,
}

impl Metrics {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let listen = reader.optional(
            "metrics.listen",
            "write an IP address and a port, like 127.0.0.1:9464",
            str::parse::<SocketAddr>,
        );
        let token = match reader.secret("metrics.token", "metrics.token_file") {
            Ok(Some(token)) if token.len() < 16 => Err(reader.refuse(
                "metrics.token",
                "it is shorter than 16 characters",
                "make one with `openssl rand -base64 32`",
            )),
            other => other,
        };
        Ok(Self {
            listen: listen?,
            access: token?.map_or(MetricsAccess::Off, |token| {
                MetricsAccess::Token(token.to_string())
            }),
        })
    }
}

/// How many requests each caller may make in a minute.
pub(super) fn rate_limits(reader: &mut Reader<'_>) -> Result<RateLimits, Refused> {
    let enabled = reader.boolean("rate_limits.enabled");
    let guest = per_minute(reader, "rate_limits.guest");
    let user = per_minute(reader, "rate_limits.user");
    let moderator = per_minute(reader, "rate_limits.moderator");
    let admin = per_minute(reader, "rate_limits.admin");
    let super_admin = per_minute(reader, "rate_limits.super_admin");
    let login = per_minute(reader, "rate_limits.login");
    let register = per_minute(reader, "rate_limits.register");
    let refresh = per_minute(reader, "rate_limits.refresh");
    let mail = per_minute(reader, "rate_limits.mail");
    let open = reader.integer("rate_limits.open", 60_000, 4_000_000_000);
    Ok(RateLimits {
        enabled: enabled?,
        guest: guest?,
        user: user?,
        moderator: moderator?,
        admin: admin?,
        super_admin: super_admin?,
        login: login?,
        register: register?,
        refresh: refresh?,
        mail: mail?,
        open: NonZeroU32::new(open?).ok_or(Refused)?,
    })
}

fn per_minute(reader: &mut Reader<'_>, key: &'static str) -> Result<NonZeroU32, Refused> {
    let count = reader.integer(key, 1, 1_000_000)?;
    NonZeroU32::new(count).ok_or(Refused)
}
