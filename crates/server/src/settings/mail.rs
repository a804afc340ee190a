//! How mail is sent.

use std::path::PathBuf;
use std::time::Duration;

use ntt_auth_core::flow::JOB_LEASE;
use ntt_auth_core::model::{Email, LocaleTag};
use ntt_auth_mail::{Credentials, Letters, Security, Site, Smtp, SmtpSettings};
use url::Host;

use super::breaker;
use super::reader::{self, Reader, Refused};
use crate::breaker::BreakerRules;

const SECOND: Duration = Duration::from_secs(1);
/// What a job's lease must leave beside the longest that a mail may take.
const MARGIN: Duration = Duration::from_secs(15);

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where it goes.
    pub delivery: Delivery,
    /// The address it comes from. Without a server none is needed.
    pub from: Option<Email>,
    /// The name beside it, and what mails call this server.
    pub from_name: Option<String>,
    /// Where answers go, if elsewhere.
    pub reply_to: Option<Email>,
    /// The language for people who did not say what they read.
    pub locale: String,
    /// The operator's own templates.
    pub templates: Option<PathBuf>,
    /// When the mail server is left alone.
    pub breaker: BreakerRules,
}

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// To a server.
    Smtp(Box<SmtpSettings>),
    /// Nowhere: it is kept to be looked at. Never in production.
    Outbox,
    /// Nowhere.
    Off,
}

impl Mail {
    /// What must be told to whoever turned mail off.
    pub const OFF: &str = "mail is off (mail.enabled = false): addresses cannot be verified, forgotten passwords cannot be \
                           reset by their owners, and nobody is told of changes to their account";

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let enabled = reader.boolean("mail.enabled");
        let from = reader.optional("mail.from", "write it like no-reply@example.com", email);
        let from_name =
            reader.optional(
                "mail.from_name",
                "write a name on one line",
                |text| match text {
                    _ if text.chars().any(char::is_control) => Err("it holds control characters"),
                    _ if text.chars().count() > 100 => Err("it is longer than 100 characters"),
                    _ => Ok(text.trim().to_owned()),
                },
            );
        let reply_to = reader.optional("mail.reply_to", "write it like support@example.com", email);
        let locale = reader.required("mail.locale", "write a language like en or ja", |text| {
            LocaleTag::parse(text)
                .map(|tag| tag.as_str().to_owned())
                .map_err(|invalid| invalid.message)
        });
        let templates = templates(reader, locale.as_deref().ok());
        let smtp = smtp(reader);
        let breaker = breaker::read(
            reader,
            [
                "mail.breaker.window",
                "mail.breaker.failures",
                "mail.breaker.open_for",
                "mail.breaker.probes",
            ],
        );
        let (enabled, smtp) = (enabled?, smtp?);
        let delivery = match (enabled, smtp) {
            (false, _) => Delivery::Off,
            (true, Some(smtp)) => Delivery::Smtp(Box::new(smtp)),
            (true, None) => Delivery::Outbox,
        };
        let from = from?;
        if from.is_none() && matches!(delivery, Delivery::Smtp(_)) {
            return Err(reader.refuse(
                "mail.from",
                "it is empty, and mail.smtp.host is set",
                "write the address that mail shall come from, like no-reply@example.com",
            ));
        }
        Ok(Self {
            delivery,
            from,
            from_name: from_name?,
            reply_to: reply_to?,
            locale: locale?,
            templates: templates?,
            breaker: breaker?,
        })
    }
}

/// The folder of templates, every one of which is rendered once now.
fn templates(reader: &mut Reader<'_>, locale: Option<&str>) -> Result<Option<PathBuf>, Refused> {
    let folder = reader.optional("mail.templates", "name a folder", reader::path)?;
    let site = Site {
        name: "example.com".to_owned(),
        url: "https://example.com".to_owned(),
    };
    let locale = locale.unwrap_or("en");
    match Letters::load(site, locale, folder.as_deref()) {
        Ok(letters) if !letters.speaks(locale) => Err(reader.refuse(
            "mail.locale",
            format!("there are no templates in `{locale}`"),
            format!(
                "choose one of {}, or write templates for it in mail.templates",
                letters.locales().into_iter().collect::<Vec<_>>().join(", ")
            ),
        )),
        Ok(_) => Ok(folder),
        Err(error) => Err(reader.refuse(
            "mail.templates",
            error.to_string(),
            "mend the file, or remove it to use what is built in; `ntt-auth mail templates --to DIR` writes that",
        )),
    }
}

fn smtp(reader: &mut Reader<'_>) -> Result<Option<SmtpSettings>, Refused> {
    let host = reader.optional("mail.smtp.host", "write a name like smtp.example.com", host);
    let port = reader.integer("mail.smtp.port", 1, 65_535);
    let security = reader.choice(
        "mail.smtp.security",
        &["starttls", "tls", "none"],
        &[Security::StartTls, Security::Tls, Security::Plain],
    );
    let username = reader.text("mail.smtp.username");
    let password = reader.secret("mail.smtp.password", "mail.smtp.password_file");
    let hello = reader.optional(
        "mail.smtp.hello",
        "write the name of this machine, like auth.example.com",
        host_name,
    );
    let connect_timeout = reader.duration("mail.smtp.connect_timeout", SECOND, SECOND * 60);
    let command_timeout = reader.duration("mail.smtp.timeout", SECOND, SECOND * 60);
    let data_timeout = reader.duration("mail.smtp.data_timeout", SECOND, SECOND * 240);
    let pool = reader.integer("mail.smtp.pool", 0, 64);
    let authorities = authorities(reader);
    let (username, password, security) = (username?, password?, security?);
    let Some(host) = host? else {
        return Ok(None);
    };
    let credentials = match (username.is_empty(), password) {
        (true, None) => None,
        (false, Some(password)) => Some(Credentials { username, password }),
        (true, Some(_)) => {
            return Err(reader.refuse(
                "mail.smtp.username",
                "it is empty, and a password is set",
                "write the user name, or remove the password",
            ));
        }
        (false, None) => {
            return Err(reader.refuse(
                "mail.smtp.password",
                "it is empty, and a user name is set",
                "write the password, name a file in mail.smtp.password_file, or remove the user name",
            ));
        }
    };
    if credentials.is_some() && security == Security::Plain && !is_loopback(&host) {
        return Err(reader.refuse(
            "mail.smtp.security",
            "a password would travel in plain",
            "write \"starttls\" or \"tls\"",
        ));
    }
    let smtp = SmtpSettings {
        hello: hello?.unwrap_or_default(),
        host,
        port: port?,
        security,
        credentials,
        connect_timeout: connect_timeout?,
        command_timeout: command_timeout?,
        data_timeout: data_timeout?,
        pool: pool?,
        authorities: authorities?,
    };
    if smtp.longest() + MARGIN > JOB_LEASE {
        return Err(reader.refuse(
            "mail.smtp.data_timeout",
            format!(
                "one mail could take {} seconds (connect_timeout, four times timeout, and this), and another node takes it \
                 over after {}",
                smtp.longest().as_secs(),
                JOB_LEASE.as_secs()
            ),
            "choose shorter times",
        ));
    }
    Ok(Some(smtp))
}

fn authorities(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Refused> {
    let key = "mail.smtp.ca_file";
    let Some(path) = reader.optional(key, "name a file in PEM", reader::path)? else {
        return Ok(None);
    };
    let pem = std::fs::read(&path).map_err(|error| {
        reader.refuse(
            key,
            format!("{} cannot be read: {error}", path.display()),
            "name a file that this user may read",
        )
    })?;
    let trial = SmtpSettings {
        host: "localhost".to_owned(),
        port: 25,
        security: Security::Tls,
        credentials: None,
        hello: String::new(),
        connect_timeout: SECOND,
        command_timeout: SECOND,
        data_timeout: SECOND,
        pool: 0,
        authorities: Some(pem.clone()),
    };
    match Smtp::new(trial) {
        Ok(_) => Ok(Some(pem)),
        Err(error) => Err(reader.refuse(
            key,
            format!("{}: {error}", path.display()),
            "name a file with certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE",
        )),
    }
}

fn email(text: &str) -> Result<Email, std::borrow::Cow<'static, str>> {
    Email::parse(text).map_err(|invalid| invalid.message)
}

fn host(text: &str) -> Result<String, String> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return Ok(ip.to_string());
    }
    host_name(text)
}

fn host_name(text: &str) -> Result<String, String> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) => Ok(name),
        Ok(Host::Ipv4(ip)) => Ok(ip.to_string()),
        Ok(Host::Ipv6(ip)) => Ok(ip.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a host is this machine for certain.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
