//! Mails as jobs: written in the transaction that owes the mail, sealed until it is sent.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::flow::{Auth, Fault};
use crate::model::{
    Email, Job, JobId, JobKind, JobState, Letter, LocaleTag, Mail, PersonName, Timestamp, User,
    UserId,
};
use crate::secret::{Bearer, Unsealable};

const PURPOSE: &str = "jobs";
/// An operator's text needs no more to tell what is wrong.
const ERROR_CHARACTERS: usize = 300;

impl Mail {
    /// A letter to `user`, at their address.
    pub(crate) fn to(user: &User, letter: Letter) -> Self {
        Self {
            to: user.email.clone(),
            locale: user.profile.locale.clone(),
            name: user.profile.first_name.clone(),
            letter,
        }
    }
}

/// The job that sends `mail`, to be added in the transaction that owes it. `subject` is the user it concerns.
pub(crate) fn mail_job(
    auth: &Auth,
    mail: &Mail,
    subject: Option<UserId>,
    now: Timestamp,
) -> Result<Job, Fault> {
    let mut job = sealed_job(auth, JobKind::Mail, subject, &Payload::from(mail), now)?;
    mail.letter.name().clone_into(&mut job.topic);
    job.expires_at = mail.letter.expires_at();
    Ok(job)
}

/// The mail that a job sends.
pub(crate) fn mail_of(auth: &Auth, job: &Job) -> Result<Mail, Unsealable> {
    open_job::<Payload>(auth, job).map(Mail::from)
}

/// A job that may be begun at once; its payload is sealed for it alone.
pub(crate) fn sealed_job(
    auth: &Auth,
    kind: JobKind,
    subject: Option<UserId>,
    payload: &impl Serialize,
    now: Timestamp,
) -> Result<Job, Fault> {
    let id = JobId::new(now, auth.entropy.as_ref());
    // A payload is made of strings and numbers, which JSON can always hold.
    let plain = Zeroizing::new(serde_json::to_vec(payload).unwrap_or_default());
    let payload = auth
        .root
        .seal(PURPOSE, id.uuid().as_bytes(), &plain, auth.entropy.as_ref())?;
    Ok(Job {
        id,
        topic: kind.as_str().to_owned(),
        kind,
        subject,
        payload,
        state: JobState::Waiting,
        attempts: 0,
        due_at: Some(now),
        expires_at: None,
        leased_by: None,
        last_error: None,
        created_at: now,
        finished_at: None,
    })
}

/// The payload of a job.
pub(crate) fn open_job<T: DeserializeOwned>(auth: &Auth, job: &Job) -> Result<T, Unsealable> {
    let plain = auth
        .root
        .open(PURPOSE, job.id.uuid().as_bytes(), &job.payload)?;
    serde_json::from_slice(&plain).map_err(|_| Unsealable)
}

/// What a server said, without what it says of the person: their address (servers like to repeat it), its local part,
/// any other address, and anything that is not printable.
pub(crate) fn without_person(text: &str, mail: &Mail) -> String {
    let local = mail.to.local_part().to_lowercase();
    let shown: Vec<&str> = text
        .split_whitespace()
        .map(|word| {
            let bare = word
                .trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase();
            if word.contains('@') || bare == local {
                "[address]"
            } else {
                word
            }
        })
        .collect();
    shown
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(ERROR_CHARACTERS)
        .collect()
}

/// A mail as it is written into a job. Fields may be added, never renamed: another version of the program may read it.
#[derive(Serialize, Deserialize)]
struct Payload {
    to: String,
    locale: Option<String>,
    name: Option<String>,
    #[serde(flatten)]
    letter: Written,
}

#[derive(Serialize, Deserialize)]
#[serde(
    tag = "letter",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
enum Written {
    VerifyEmail {
        link: String,
        expires_at: i64,
    },
    ResetPassword {
        link: String,
        expires_at: i64,
    },
    AccountExists {
        link: String,
    },
    ConfirmEmailChange {
        link: String,
        expires_at: i64,
    },
    EmailChanged {
        masked: String,
        at: i64,
    },
    PasswordChanged {
        at: i64,
        ip_address: Option<std::net::IpAddr>,
    },
    NewDevice {
        at: i64,
        ip_address: Option<std::net::IpAddr>,
        device: Option<String>,
        link: String,
        expires_at: i64,
    },
}

impl From<&Mail> for Payload {
    fn from(mail: &Mail) -> Self {
        Self {
            to: mail.to.as_str().to_owned(),
            locale: mail.locale.as_ref().map(|it| it.as_str().to_owned()),
            name: mail.name.as_ref().map(|it| it.as_str().to_owned()),
            letter: (&mail.letter).into(),
        }
    }
}

impl From<Payload> for Mail {
    fn from(payload: Payload) -> Self {
        Self {
            to: Email::from_stored(payload.to),
            locale: payload.locale.map(LocaleTag::from_stored),
            name: payload.name.map(PersonName::from_stored),
            letter: payload.letter.into(),
        }
    }
}

impl From<&Letter> for Written {
    fn from(letter: &Letter) -> Self {
        let text = |link: &Bearer| link.expose().to_owned();
        match letter {
            Letter::VerifyEmail { link, expires_at } => Self::VerifyEmail {
                link: text(link),
                expires_at: expires_at.millis(),
            },
            Letter::ResetPassword { link, expires_at } => Self::ResetPassword {
                link: text(link),
                expires_at: expires_at.millis(),
            },
            Letter::AccountExists { link } => Self::AccountExists { link: text(link) },
            Letter::ConfirmEmailChange { link, expires_at } => Self::ConfirmEmailChange {
                link: text(link),
                expires_at: expires_at.millis(),
            },
            Letter::EmailChanged { masked, at } => Self::EmailChanged {
                masked: masked.clone(),
                at: at.millis(),
            },
            Letter::PasswordChanged { at, ip_address } => Self::PasswordChanged {
                at: at.millis(),
                ip_address: *ip_address,
            },
            Letter::NewDevice {
                at,
                ip_address,
                device,
                link,
                expires_at,
            } => Self::NewDevice {
                at: at.millis(),
                ip_address: *ip_address,
                device: device.clone(),
                link: text(link),
                expires_at: expires_at.millis(),
            },
        }
    }
}

impl From<Written> for Letter {
    fn from(written: Written) -> Self {
        let time = Timestamp::from_millis;
        match written {
            Written::VerifyEmail { link, expires_at } => Self::VerifyEmail {
                link: Bearer::new(link),
                expires_at: time(expires_at),
            },
            Written::ResetPassword { link, expires_at } => Self::ResetPassword {
                link: Bearer::new(link),
                expires_at: time(expires_at),
            },
            Written::AccountExists { link } => Self::AccountExists {
                link: Bearer::new(link),
            },
            Written::ConfirmEmailChange { link, expires_at } => Self::ConfirmEmailChange {
                link: Bearer::new(link),
                expires_at: time(expires_at),
            },
            Written::EmailChanged { masked, at } => Self::EmailChanged {
                masked,
                at: time(at),
            },
            Written::PasswordChanged { at, ip_address } => Self::PasswordChanged {
                at: time(at),
                ip_address,
            },
            Written::NewDevice {
                at,
                ip_address,
                device,
                link,
                expires_at,
            } => Self::NewDevice {
                at: time(at),
                ip_address,
                device,
                link: Bearer::new(link),
                expires_at: time(expires_at),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(letter: Letter) -> Mail {
        Mail {
            to: Email::parse("Ada@example.com").unwrap(),
            locale: Some(LocaleTag::parse("ja-JP").unwrap()),
            name: Some(PersonName::parse("Ada").unwrap()),
            letter,
        }
    }

    #[test]
    fn every_letter_comes_back_as_it_was_written() {
        let (link, at) = (
            Bearer::new("https://a.example/x?token=y".into()),
            Timestamp::from_millis(7),
        );
        let letters = [
            Letter::VerifyEmail {
                link: link.clone(),
                expires_at: at,
            },
            Letter::ResetPassword {
                link: link.clone(),
                expires_at: at,
            },
            Letter::AccountExists { link: link.clone() },
            Letter::ConfirmEmailChange {
                link: link.clone(),
                expires_at: at,
            },
            Letter::EmailChanged {
                masked: "a…@example.com".into(),
                at,
            },
            Letter::PasswordChanged {
                at,
                ip_address: None,
            },
            Letter::NewDevice {
                at,
                ip_address: Some([192, 0, 2, 7].into()),
                device: Some("Firefox on Linux".into()),
                link,
                expires_at: at,
            },
        ];
        for letter in letters {
            let mail = mail(letter);
            let json = serde_json::to_vec(&Payload::from(&mail)).unwrap();
            let again = Mail::from(serde_json::from_slice::<Payload>(&json).unwrap());
            // `Debug` hides links, so what is compared is what would be written again.
            assert_eq!(serde_json::to_vec(&Payload::from(&again)).unwrap(), json);
            assert_eq!(format!("{again:?}"), format!("{mail:?}"));
        }
    }

    #[test]
    fn what_a_server_says_of_the_person_is_left_out() {
        let mail = mail(Letter::AccountExists {
            link: Bearer::new(String::new()),
        });
        let said = "550 5.1.1 <ADA@Example.COM>: user ada unknown,\r\n try bob@example.com\u{7}";
        assert_eq!(
            without_person(said, &mail),
            "550 5.1.1 [address] user [address] unknown, try [address]"
        );
        assert_eq!(
            without_person(&"x ".repeat(1000), &mail).chars().count(),
            300
        );
    }
}
