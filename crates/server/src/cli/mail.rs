//! `ntt-auth mail`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ntt_auth_core::model::{Email, JobId, LocaleTag};
use ntt_auth_core::port::Clock as _;
use ntt_auth_mail::{Message, Rendered, SmtpError, default_templates, letter_names, sample};

use super::{Failure, print, wait};
use crate::mail;
use crate::ports::{SystemClock, SystemEntropy};
use crate::settings::{Delivery, Settings};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a test mail to an address, and explain what goes wrong
    Test {
        /// Whom to write to
        address: String,
    },
    /// Show a letter as its recipient would see it, with an example's values
    Preview {
        /// Which letter; without it, all are listed
        letter: Option<String>,
        /// The language; the configured one if left out
        #[arg(long, value_name = "LANGUAGE")]
        locale: Option<String>,
        /// Show the HTML instead of the text
        #[arg(long)]
        html: bool,
    },
    /// Write the built-in templates into a folder, to be changed there
    Templates {
        /// The folder; files that are there already are left as they are
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    match command {
        Command::Test { address } => test(&address, settings),
        Command::Preview {
            letter,
            locale,
            html,
        } => preview(letter.as_deref(), locale.as_deref(), html, settings),
        Command::Templates { to } => templates(&to),
    }
}

fn test(address: &str, settings: &Settings) -> Result<(), Failure> {
    let to = Email::parse(address).map_err(|_| Failure::Usage("ADDRESS is no email address"))?;
    match settings.mail.delivery {
        Delivery::Smtp(_) => {}
        Delivery::Outbox => {
            return Err(Failure::Refused(
                "no mail server is configured, so that mail is kept in the outbox; set mail.smtp.host and mail.from"
                    .to_owned(),
            ));
        }
        Delivery::Off => {
            return Err(Failure::Refused(
                "mail is turned off; set mail.enabled = true".to_owned(),
            ));
        }
    }
    let issuer = settings.rules(settings.http.listen).tokens.issuer;
    let now = SystemClock.now();
    let job = JobId::new(now, &SystemEntropy::default());
    let sender = mail::sender(settings, &issuer);
    let text = format!(
        "This is a test of the mail settings of ntt-auth at {issuer} .\nIt was sent by hand. There is nothing to do.\n"
    );
    let rendered = Rendered {
        letter: "test",
        locale: "en".to_owned(),
        subject: format!("Test mail from {}", sender.host),
        html: format!("<!doctype html>\n<html lang=\"en\">\n<p>{text}</p>\n</html>\n"),
        text,
    };
    let message = Message::compose(&sender, job, now, &to, rendered)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    let smtp = mail::smtp(settings, &issuer)?;
    wait(async { smtp.send(&message).await.map_err(|error| explained(&error)) })?;
    print(&format!(
        "The mail server took the mail for {address}. If it does not arrive, look into the spam folder, and whether the domain \
         of {} allows this server to send for it (SPF, DKIM, DMARC).\n",
        sender.from
    ))
}

/// All that is known of a failure: whoever typed the address may read what the server says of it.
fn explained(error: &SmtpError) -> Failure {
    let mut text = error.to_string();
    if let Some(said) = error.said() {
        text = format!("{text}\n  it said: {said}");
    }
    if let Some(advice) = error.advice() {
        text = format!("{text}\n  {advice}");
    }
    Failure::Unhealthy(text)
}

fn preview(
    letter: Option<&str>,
    locale: Option<&str>,
    html: bool,
    settings: &Settings,
) -> Result<(), Failure> {
    let Some(name) = letter else {
        let names: Vec<&str> = letter_names().collect();
        return print(&format!("{}\n", names.join("\n")));
    };
    let mut mail = sample(name, true).ok_or_else(|| {
        Failure::NotFound(format!(
            "there is no letter `{name}`; choose one of {}",
            letter_names().collect::<Vec<_>>().join(", ")
        ))
    })?;
    if let Some(tag) = locale {
        let tag = LocaleTag::parse(tag)
            .map_err(|_| Failure::Usage("LANGUAGE is no language tag, like ja or pt-BR"))?;
        mail.locale = Some(tag);
    }
    let issuer = settings.rules(settings.http.listen).tokens.issuer;
    let rendered = mail::letters(settings, &issuer)?
        .render(&mail)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    if html {
        print(&rendered.html)
    } else {
        print(&format!(
            "Subject: {}\n\n{}",
            rendered.subject, rendered.text
        ))
    }
}

fn templates(folder: &Path) -> Result<(), Failure> {
    let (mut written, mut left) = (0, 0);
    for (name, text) in default_templates() {
        let path = folder.join(name);
        match write_new(&path, text) {
            Ok(()) => written += 1,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => left += 1,
            Err(error) => {
                return Err(Failure::File(format!(
                    "{} cannot be written: {error}",
                    path.display()
                )));
            }
        }
    }
    print(&format!(
        "{written} templates were written to {}, {left} were there already. Set mail.templates to use them.\n",
        folder.display()
    ))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = fs::File::create_new(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}
