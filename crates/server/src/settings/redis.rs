//! The server that several servers of ntt-auth share besides the database.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::breaker;
use super::database::{Parts, Protection, is_this_machine, mask, readable};
use super::reader::{Reader, Refused};
use crate::breaker::BreakerRules;

const PORT: u16 = 6379;
const CURE: &str = "write redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss://… for TLS";

/// How Redis is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redis {
    /// Where it is, if there is one.
    pub url: Option<RedisUrl>,
    /// How long one command may take.
    pub timeout: Duration,
    /// What all names begin with.
    pub prefix: String,
    /// Certificate authorities that are trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// When it is left alone.
    pub breaker: BreakerRules,
}

impl Redis {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let given = reader.address("redis.url", "redis.url_file");
        let timeout = reader.duration(
            "redis.timeout",
            Duration::from_millis(5),
            Duration::from_secs(10),
        );
        let prefix = reader.required(
            "redis.prefix",
            "choose at most 64 letters, digits and the characters : . _ - /",
            prefix,
        );
        let ca_file = reader.optional("redis.ca_file", "name a file in PEM", readable);
        let breaker = breaker::read(
            reader,
            [
                "redis.breaker.window",
                "redis.breaker.failures",
                "redis.breaker.open_for",
                "redis.breaker.probes",
            ],
        );
        let url = match given? {
            Some(text) => {
                // The text is not repeated: it may hold a password.
                let url = RedisUrl::parse(&text);
                Some(url.map_err(|what| reader.refuse("redis.url", what, CURE))?)
            }
            None => None,
        };
        if url.is_some() && !cfg!(feature = "redis") {
            return Err(reader.refuse(
                "redis.url",
                "this build of ntt-auth has no Redis",
                "use a build with it: `cargo build --release --features redis`",
            ));
        }
        Ok(Self {
            url,
            timeout: timeout?,
            prefix: prefix?,
            ca_file: ca_file?,
            breaker: breaker?,
        })
    }
}

fn prefix(text: &str) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._-/".contains(&byte);
    match text {
        _ if text.len() > 64 => Err("it is too long"),
        _ if !text.bytes().all(is_plain) => Err("it holds something that does not belong there"),
        _ => Ok(text.to_owned()),
    }
}

/// A machine and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name or address, without brackets.
    pub name: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// The address of a Redis server. It prints without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    text: Zeroizing<String>,
    /// Where it may be; one of them takes writes.
    pub hosts: Vec<Host>,
    /// Who signs in, if it is not the default user.
    pub user: Option<String>,
    /// By what.
    pub password: Option<Zeroizing<String>>,
    /// The number of the database.
    pub database: i64,
    /// Whether it is spoken to by TLS.
    pub is_tls: bool,
    protection: Protection,
}

impl RedisUrl {
    /// Takes an address apart.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (text, fragment) = match text.split_once('#') {
            Some((text, fragment)) => (text, Some(fragment)),
            None => (text, None),
        };
        if fragment.is_some() {
            return Err("nothing may follow a #; the certificate is always checked".to_owned());
        }
        let parts = Parts::of(text).ok_or("after redis: or rediss: must come //")?;
        let is_tls = match parts.scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err("it begins with something else than redis:// or rediss://".to_owned()),
        };
        let says_plain = match parts.query {
            None => false,
            Some("tls=false") if !is_tls => true,
            Some("tls=true") if is_tls => false,
            Some(_) => return Err("only ?tls=false may follow, after redis://".to_owned()),
        };
        let hosts = parts
            .hosts
            .split(',')
            .map(host)
            .collect::<Result<Vec<_>, _>>()?;
        let database = match parts.path {
            None | Some("") => 0,
            Some(number) => number
                .parse()
                .ok()
                .filter(|number| (0..=9999).contains(number))
                .ok_or("after the host comes the number of a database, from 0 on")?,
        };
        let (user, password) = match parts.user.map(|user| user.split_once(':')) {
            None => (None, None),
            Some(Some((user, password))) => (Some(user), Some(password)),
            Some(None) => (parts.user, None),
        };
        let is_local = hosts.iter().all(|host| is_this_machine(&host.name));
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            user: user
                .filter(|user| !user.is_empty())
                .map(decoded)
                .transpose()?,
            password: password.map(decoded).transpose()?.map(Zeroizing::new),
            database,
            is_tls,
            protection: match is_tls {
                true => Protection::Verified,
                false if is_local => Protection::Local,
                false if says_plain => Protection::Plain,
                false => Protection::Unverified,
            },
            hosts,
        })
    }

    /// How the way to it is protected; [`Protection::Unverified`] if it is not, and nobody said that it need not be.
    pub fn protection(&self) -> Protection {
        self.protection
    }
}

fn host(text: &str) -> Result<Host, String> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("a bracket is not closed")?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    if name.is_empty() {
        return Err("it names no host".to_owned());
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => PORT,
        Some(port) => port.parse().map_err(|_| "its port is no number")?,
        None => return Err("something stands between a host and its port".to_owned()),
    };
    Ok(Host {
        name: name.to_owned(),
        port,
    })
}

fn decoded(text: &str) -> Result<String, String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err("its user or password is not UTF-8".to_owned()),
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.text))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_prints_without_its_password() {
        let url = RedisUrl::parse("rediss://ada:p%40ss:w@a.example:7000,[::1],b/3").unwrap();
        let hosts: Vec<_> = url
            .hosts
            .iter()
            .map(|host| format!("{} {}", host.name, host.port))
            .collect();
        assert_eq!(hosts, ["a.example 7000", "::1 6379", "b 6379"]);
        assert_eq!(url.user.as_deref(), Some("ada"));
        assert_eq!(url.password.as_ref().unwrap().as_str(), "p@ss:w");
        assert_eq!((url.database, url.is_tls), (3, true));
        assert_eq!(
            format!("{url:?}"),
            "RedisUrl(rediss://ada:********@a.example:7000,[::1],b/3)"
        );
        let url = RedisUrl::parse("redis://:secret@localhost").unwrap();
        assert_eq!(url.user, None);
        assert_eq!(url.to_string(), "redis://:********@localhost");
    }

    #[test]
    fn how_the_way_is_protected_is_known() {
        for (text, expected) in [
            ("redis://localhost", Protection::Local),
            ("redis://127.0.0.1,[::1]:1", Protection::Local),
            ("redis://127.0.0.1,b", Protection::Unverified),
            ("redis://b/0?tls=false", Protection::Plain),
            ("rediss://b", Protection::Verified),
        ] {
            assert_eq!(
                RedisUrl::parse(text).unwrap().protection(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_repeating_it() {
        for text in [
            "redis:secret",
            "http://secret",
            "redis://",
            "redis://u:secret@",
            "redis://u:secret@a,,b",
            "redis://u:secret@a:port",
            "redis://u:secret@[::1",
            "redis://u:secret@a/first",
            "redis://u:secret@a/-1",
            "redis://u:secret@a?protocol=resp3",
            "rediss://u:secret@a?tls=false",
            "rediss://u:secret@a#insecure",
            "redis://u:%ff%fesecret@a",
        ] {
            let what = RedisUrl::parse(text).unwrap_err();
            assert!(
                !what.is_empty() && !what.contains("secret"),
                "{text}: {what}"
            );
        }
    }
}
