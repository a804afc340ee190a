//! What the production profile refuses, each by name: what is fine on a desk and unsafe in public. What was refused
//! already is passed over.

use ntt_auth_core::policy::LockoutRules;
use ntt_auth_mail::Security;
use ntt_auth_web::{CorsOrigins, RateLimits};
use url::Url;

use super::mail::is_loopback;
use super::reader::{Reader, Refused};
use super::{Database, Delivery, Http, Keys, Mail, Protection, Redis, Tracing};

pub(super) fn refuse_unsafe_database(
    database: Result<&Database, &Refused>,
    reader: &mut Reader<'_>,
) {
    match database {
        Ok(Database::Memory) => {
            reader.refuse(
                "database.url",
                "production would forget every account at the next start",
                "write sqlite:PATH with a path on a durable disk",
            );
        }
        Ok(Database::Server(url)) if url.protection() == Protection::Unverified => {
            reader.refuse(
                "database.url",
                "production refuses TLS without a check of the certificate: it protects from nobody who can stand in between",
                "leave TLS out of the address, which has the certificate checked (name your own authority in database.ca_file); \
                 where the network is yours alone, write sslmode=disable, ssl-mode=DISABLED or tls=false",
            );
        }
        _ => {}
    }
}

pub(super) fn refuse_unsafe_redis(redis: Result<&Redis, &Refused>, reader: &mut Reader<'_>) {
    let url = redis.ok().and_then(|redis| redis.url.as_ref());
    if url.is_some_and(|url| url.protection() == Protection::Unverified) {
        reader.refuse(
            "redis.url",
            "production refuses to speak to another machine without TLS: whoever stands in between could read the password and lift every limit",
            "write rediss:// (name your own authority in redis.ca_file); where the network is yours alone, add ?tls=false",
        );
    }
}

pub(super) fn refuse_unsafe_address(
    public_url: Result<&Option<Url>, &Refused>,
    reader: &mut Reader<'_>,
) {
    match public_url {
        Ok(None) => {
            reader.refuse(
                "public_url",
                "production needs it: tokens name it as their issuer",
                "set it to the address that browsers use, like https://auth.example.com",
            );
        }
        Ok(Some(url)) if url.scheme() != "https" => {
            reader.refuse(
                "public_url",
                "production refuses http: passwords and tokens would travel in plain",
                "put TLS in front of the server and write https://",
            );
        }
        _ => {}
    }
}

pub(super) fn refuse_unsafe_key(keys: Result<&Keys, &Refused>, reader: &mut Reader<'_>) {
    if keys.is_ok_and(|keys| keys.master_key.is_none()) {
        reader.refuse(
            "keys.master_key",
            "production refuses a master key that lies beside the database it protects",
            "name a file kept apart in keys.master_key_file, or set NTT_AUTH__KEYS__MASTER_KEY; `openssl rand -base64 32` \
             makes one",
        );
    }
}

pub(super) fn refuse_unsafe_http(http: Result<&Http, &Refused>, reader: &mut Reader<'_>) {
    let Ok(http) = http else { return };
    if http.cors_origins == CorsOrigins::Any {
        reader.refuse(
            "http.cors_origins",
            "production refuses *: every web page could call this server",
            "name the origins of your applications",
        );
    }
    if http
        .trusted_proxies
        .iter()
        .any(|network| network.prefix_len() == 0)
    {
        reader.refuse(
            "http.trusted_proxies",
            "production refuses a network that is the whole internet: anybody could claim any address",
            "name the addresses of your proxies",
        );
    }
}

pub(super) fn refuse_unsafe_lockout(
    lockout: Result<&LockoutRules, &Refused>,
    reader: &mut Reader<'_>,
) {
    if lockout.is_ok_and(|lockout| !lockout.enabled) {
        reader.refuse(
            "lockout.enabled",
            "production refuses it: passwords could be guessed without end",
            "leave it at true; `ntt-auth user unlock` lifts a lock",
        );
    }
}

pub(super) fn refuse_unsafe_limits(limits: Result<&RateLimits, &Refused>, reader: &mut Reader<'_>) {
    if limits.is_ok_and(|limits| !limits.enabled) {
        reader.refuse(
            "rate_limits.enabled",
            "production refuses it: a few clients could take all of the server",
            "leave it at true and raise the limits that are too low",
        );
    }
}

pub(super) fn refuse_unsafe_tracing(tracing: Result<&Tracing, &Refused>, reader: &mut Reader<'_>) {
    let collector = tracing.ok().and_then(|tracing| tracing.collector.as_ref());
    if collector.is_some_and(|collector| {
        !collector.headers.is_empty() && collector.is_readable_on_the_way()
    }) {
        reader.refuse(
            "tracing.endpoint",
            "production refuses to send tracing.headers to another machine without TLS: whoever listens on the way could read the secret in them",
            "write https://, or run a collector on this machine that forwards",
        );
    }
}

pub(super) fn refuse_exposed_secrets(reader: &mut Reader<'_>) {
    for (key, path) in std::mem::take(&mut reader.exposed) {
        reader.refuse(
            key,
            format!(
                "production refuses {}: others on this machine can read it",
                path.display()
            ),
            "give it the mode 0600, or 0640 to a file of root's and a group of the server's own",
        );
    }
}

pub(super) fn refuse_unsafe_mail(mail: Result<&Mail, &Refused>, reader: &mut Reader<'_>) {
    match mail.map(|mail| &mail.delivery) {
        Ok(Delivery::Outbox) => {
            reader.refuse(
                "mail.smtp.host",
                "production needs a server for its mail: without one nobody can verify an address or reset a forgotten \
                 password",
                "name your mail server, or write mail.enabled = false to do without mail",
            );
        }
        Ok(Delivery::Smtp(smtp))
            if smtp.security == Security::Plain && !is_loopback(&smtp.host) =>
        {
            reader.refuse(
                "mail.smtp.security",
                "production refuses plain SMTP to another machine: whoever listens on the way could use the links in mails",
                "write \"starttls\" or \"tls\"",
            );
        }
        _ => {}
    }
}
