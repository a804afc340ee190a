//! Addresses of database servers. They may hold a password, several hosts, and what each driver understands, so they are taken
//! apart no further than is needed.

use std::fmt;
use std::net::IpAddr;

use zeroize::Zeroizing;

/// The engines that are servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// MySQL or MariaDB.
    MySql,
    /// PostgreSQL.
    Postgres,
    /// MongoDB.
    Mongo,
}

impl EngineKind {
    /// The engine that a scheme names.
    pub fn of(scheme: &str) -> Option<Self> {
        match scheme {
            "mysql" | "mariadb" => Some(Self::MySql),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mongodb" | "mongodb+srv" => Some(Self::Mongo),
            _ => None,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MySql => "MySQL",
            Self::Postgres => "PostgreSQL",
            Self::Mongo => "MongoDB",
        }
    }

    /// The feature that builds it in.
    pub fn feature(self) -> &'static str {
        match self {
            Self::MySql => "mysql",
            Self::Postgres => "postgres",
            Self::Mongo => "mongodb",
        }
    }

    /// Whether this build has it.
    pub fn is_built_in(self) -> bool {
        match self {
            Self::MySql => cfg!(feature = "mysql"),
            Self::Postgres => cfg!(feature = "postgres"),
            Self::Mongo => cfg!(feature = "mongodb"),
        }
    }

    /// What is added to an address that says nothing of TLS: the certificate is checked, and the name in it.
    fn verified(self) -> &'static str {
        match self {
            Self::MySql => "ssl-mode=VERIFY_IDENTITY",
            Self::Postgres => "sslmode=verify-full",
            Self::Mongo => "tls=true",
        }
    }
}

/// How the way to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It does not leave this machine.
    Local,
    /// By TLS, with the certificate checked.
    Verified,
    /// By TLS at best, with whoever answers.
    Unverified,
    /// Not at all.
    Plain,
}

/// The address of a database server. It prints without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    kind: EngineKind,
    text: Zeroizing<String>,
    protection: Protection,
}

impl ServerUrl {
    /// Takes an address as its driver would, and has the certificate checked of a server elsewhere, unless the address says
    /// otherwise.
    pub fn parse(kind: EngineKind, text: &str) -> Result<Self, String> {
        let parts = Parts::of(text).ok_or("after the engine must come //")?;
        if parts.hosts().all(str::is_empty) && !parts.is_socket() {
            return Err("it names no host".to_owned());
        }
        if parts.database().is_none() && kind != EngineKind::Mongo {
            return Err("it names no database".to_owned());
        }
        let said = parts.protection(kind)?;
        let is_local = parts.is_socket() || parts.hosts().all(is_this_machine);
        let mut whole = Zeroizing::new(text.to_owned());
        let protection = match said {
            Some(Protection::Verified) => Protection::Verified,
            _ if is_local => Protection::Local,
            Some(said) => said,
            None if text.starts_with("mongodb+srv:") => Protection::Verified,
            None => {
                if kind == EngineKind::Mongo && parts.path.is_none() {
                    whole.push('/');
                }
                whole.push(if parts.query.is_some() { '&' } else { '?' });
                whole.push_str(kind.verified());
                Protection::Verified
            }
        };
        Ok(Self {
            kind,
            text: whole,
            protection,
        })
    }

    /// The engine.
    pub fn kind(&self) -> EngineKind {
        self.kind
    }

    /// How the way to it is protected.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The address, with its password, for the driver.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.text))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

/// The address without its password.
pub(in crate::settings) fn mask(text: &str) -> String {
    let masked = Parts::of(text).and_then(|parts| {
        let user = parts.user?;
        let (name, _) = user.split_once(':')?;
        let rest = text.get(parts.scheme.len() + "://".len() + user.len()..)?;
        Some(format!("{}://{name}:********{rest}", parts.scheme))
    });
    masked.unwrap_or_else(|| text.to_owned())
}

/// `scheme://user@hosts/path?query`
pub(in crate::settings) struct Parts<'t> {
    pub(in crate::settings) scheme: &'t str,
    pub(in crate::settings) user: Option<&'t str>,
    pub(in crate::settings) hosts: &'t str,
    pub(in crate::settings) path: Option<&'t str>,
    pub(in crate::settings) query: Option<&'t str>,
}

impl<'t> Parts<'t> {
    pub(in crate::settings) fn of(text: &'t str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        // The path begins after the hosts, and a password may hold a slash only if it is escaped.
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        Some(Self {
            scheme,
            user,
            hosts,
            path,
            query,
        })
    }

    fn hosts(&self) -> impl Iterator<Item = &'t str> {
        self.hosts
            .split(',')
            .map(|host| match host.strip_prefix('[') {
                Some(rest) => rest.split(']').next().unwrap_or(rest),
                None => host.split(':').next().unwrap_or(host),
            })
    }

    fn database(&self) -> Option<&'t str> {
        self.path.filter(|path| !path.is_empty())
    }

    fn parameter(&self, names: &[&str]) -> Option<&'t str> {
        self.query?
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
            .map(|(_, value)| value)
    }

    fn is_socket(&self) -> bool {
        self.parameter(&["socket"]).is_some()
            || self
                .parameter(&["host"])
                .is_some_and(|host| host.starts_with('/') || host.starts_with("%2F"))
    }

    /// What the address says of TLS.
    fn protection(&self, kind: EngineKind) -> Result<Option<Protection>, String> {
        if kind == EngineKind::Mongo {
            let insecure = [
                "tlsInsecure",
                "tlsAllowInvalidCertificates",
                "tlsAllowInvalidHostnames",
            ];
            let is_insecure = insecure
                .iter()
                .any(|name| self.parameter(&[name]) == Some("true"));
            return Ok(match self.parameter(&["tls", "ssl"]) {
                Some("true") if is_insecure => Some(Protection::Unverified),
                Some("true") => Some(Protection::Verified),
                Some(_) => Some(Protection::Plain),
                None => None,
            });
        }
        let Some(mode) = self.parameter(&["sslmode", "ssl-mode"]) else {
            return Ok(None);
        };
        match mode.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => Ok(Some(Protection::Plain)),
            "allow" | "prefer" | "preferred" | "require" | "required" => {
                Ok(Some(Protection::Unverified))
            }
            "verify-ca" | "verify-full" | "verify-identity" => Ok(Some(Protection::Verified)),
            _ => Err("it asks for an unknown kind of TLS".to_owned()),
        }
    }
}

pub(in crate::settings) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
