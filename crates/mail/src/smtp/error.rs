//! What goes wrong between us and a mail server, told without anybody's address.

use std::error::Error;
use std::fmt;

/// How far a conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Name look-up and connection; with TLS from the first octet, that and the greeting too.
    Connect,
    /// The server's greeting and what it says it can do (EHLO).
    Greeting,
    /// The way from plain to TLS.
    StartTls,
    /// User name and password.
    SignIn,
    /// The sender's address (MAIL FROM).
    Sender,
    /// The recipient's address (RCPT TO).
    Recipient,
    /// The announcement of the message (DATA).
    Data,
    /// The message itself, and the answer that the server has taken it.
    Content,
}

impl Stage {
    /// Whether the conversation was about one mail already, and not yet about us alone.
    fn is_about_the_mail(self) -> bool {
        matches!(
            self,
            Self::Sender | Self::Recipient | Self::Data | Self::Content
        )
    }

    fn told(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Greeting => "the greeting",
            Self::StartTls => "STARTTLS",
            Self::SignIn => "signing in",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "the message itself",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer in time.
    TimedOut,
    /// The connection could not be made, or broke: what the system or TLS says.
    Broken(String),
    /// The server answered with a failure.
    Reply {
        /// The reply code (RFC 5321 § 4.2).
        code: u16,
        /// The enhanced status code, e.g. `5.1.1` (RFC 3463).
        enhanced: Option<String>,
        /// What it said: it may name the recipient, so it is not for the log.
        text: String,
    },
    /// The server, or somebody on the way, does not offer STARTTLS.
    NoStartTls,
    /// The server does not offer to sign in by a password.
    NoSignIn,
    /// The address has characters beyond ASCII, and the server does not know such ones (RFC 6531).
    NoSmtpUtf8,
}

/// Why a mail was not handed over. Its text holds neither an address nor a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpError {
    /// How far the conversation had come.
    pub stage: Stage,
    /// What went wrong.
    pub trouble: Trouble,
}

/// Why TLS cannot be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub(super) String);

impl SmtpError {
    pub(super) fn new(stage: Stage, trouble: Trouble) -> Self {
        Self { stage, trouble }
    }

    pub(super) fn of(stage: Stage, error: &lettre::transport::smtp::Error) -> Self {
        let trouble = match error.status() {
            Some(code) => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                Trouble::Reply {
                    code: u16::from(code),
                    enhanced: text.split_whitespace().next().and_then(enhanced),
                    text,
                }
            }
            None if error.is_timeout() => Trouble::TimedOut,
            None if error.is_response() => Trouble::Broken(
                match error.source().map(ToString::to_string).as_deref() {
                    Some("incomplete response") | None => "the server closed the connection",
                    // What was not understood is not repeated: nobody knows what it holds.
                    Some(_) => "the server does not speak SMTP",
                }
                .to_owned(),
            ),
            None => Trouble::Broken(innermost(error)),
        };
        Self { stage, trouble }
    }

    /// Whether the server answered at all.
    pub fn is_reply(&self) -> bool {
        matches!(self.trouble, Trouble::Reply { .. } | Trouble::NoSmtpUtf8)
    }

    /// Whether this mail will not go through however often it is tried: a 5xx reply about it. A failure of the conversation
    /// before that, such as a wrong password, is about us and not about the mail, which waits until it is mended.
    pub fn is_permanent(&self) -> bool {
        match &self.trouble {
            Trouble::NoSmtpUtf8 => true,
            Trouble::Reply { code, .. } => {
                // 530 asks us to sign in first (RFC 4954 § 6): about us again.
                *code >= 500 && *code != 530 && self.stage.is_about_the_mail()
            }
            _ => false,
        }
    }

    /// Whether the server is of no use to any mail at present, as against not wanting this one.
    pub fn is_outage(&self) -> bool {
        match &self.trouble {
            Trouble::NoSmtpUtf8 => false,
            // 421: the server closes the connection (RFC 5321 § 3.8).
            Trouble::Reply { code, .. } => {
                !self.stage.is_about_the_mail() || matches!(code, 421 | 530)
            }
            _ => true,
        }
    }

    /// What the server said in its own words. It may name the recipient.
    pub fn said(&self) -> Option<&str> {
        match &self.trouble {
            Trouble::Reply { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What an operator can do about it, if that is known.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match (&self.trouble, self.stage) {
            (Trouble::NoStartTls, _) => {
                "write mail.smtp.security = \"tls\" and the port for it, usually 465, if the server has one; otherwise ask its \
                 operator to enable STARTTLS"
            }
            (Trouble::NoSignIn, _) => {
                "the server offers neither AUTH PLAIN nor AUTH LOGIN here; many do so only after TLS"
            }
            (Trouble::NoSmtpUtf8, _) => {
                "only a server that knows SMTPUTF8 delivers to such an address"
            }
            (Trouble::Broken(what), Stage::Connect | Stage::StartTls)
                if what.contains("certificate") =>
            {
                "the server's certificate must be made out to mail.smtp.host and be signed by a public authority, or by one in \
                 mail.smtp.ca_file"
            }
            (Trouble::Broken(what), Stage::Connect | Stage::StartTls)
                if what.contains("corrupt message") || what.contains("CorruptMessage") =>
            {
                "the server does not speak TLS on this port; try mail.smtp.security = \"starttls\" and port 587"
            }
            (Trouble::TimedOut, Stage::Greeting) => {
                "if this is the port for TLS, usually 465, write mail.smtp.security = \"tls\"; otherwise the server is slow, and \
                 mail.smtp.connect_timeout can be raised"
            }
            (Trouble::TimedOut | Trouble::Broken(_), Stage::Connect) => {
                "check mail.smtp.host and mail.smtp.port, and that a firewall lets this machine through"
            }
            (Trouble::Reply { .. }, Stage::SignIn) => {
                "check mail.smtp.username and mail.smtp.password; some providers want a password made for programs"
            }
            (Trouble::Reply { code: 530, .. }, _) => {
                "the server wants mail.smtp.username and mail.smtp.password"
            }
            (Trouble::Reply { .. }, Stage::Sender) => {
                "the server must be allowed to send for mail.from, and the account for that address"
            }
            (Trouble::Reply { code, .. }, Stage::Recipient) if *code < 500 => {
                "many servers put off strangers for some minutes (greylisting); the queue tries again by itself"
            }
            (Trouble::Reply { .. }, Stage::Recipient) => {
                "the address does not exist, or the server does not forward for us: it may want a user name and a password"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for SmtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = self.stage.told();
        match &self.trouble {
            Trouble::TimedOut => write!(f, "no answer from the mail server in time, at {stage}"),
            Trouble::Broken(what) => write!(f, "the mail server failed at {stage}: {what}"),
            Trouble::Reply { code, enhanced, .. } => {
                write!(f, "the mail server answered {code}")?;
                if let Some(enhanced) = enhanced {
                    write!(f, " {enhanced}")?;
                }
                write!(f, " at {stage}")
            }
            Trouble::NoStartTls => f.write_str("the mail server does not offer STARTTLS"),
            Trouble::NoSignIn => {
                f.write_str("the mail server does not offer to sign in by a password")
            }
            Trouble::NoSmtpUtf8 => {
                f.write_str("the mail server does not know addresses beyond ASCII (SMTPUTF8)")
            }
        }
    }
}

impl Error for SmtpError {}

/// An enhanced status code, if the word is one.
fn enhanced(word: &str) -> Option<String> {
    let mut parts = word.split('.');
    let mut digits = |most: usize| {
        parts.next().is_some_and(|part| {
            (1..=most).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit())
        })
    };
    (digits(1) && digits(3) && digits(3) && parts.next().is_none()).then(|| word.to_owned())
}

/// The last cause: what the system or TLS says, without what was wrapped around it.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(stage: Stage, code: u16) -> SmtpError {
        let text = format!("{}.1.1 <ada@example.com> is not here", code / 100);
        let enhanced = text.split(' ').next().and_then(enhanced);
        SmtpError::new(
            stage,
            Trouble::Reply {
                code,
                enhanced,
                text,
            },
        )
    }

    #[test]
    fn what_the_log_is_told_names_nobody() {
        let error = reply(Stage::Recipient, 550);
        assert_eq!(
            error.to_string(),
            "the mail server answered 550 5.1.1 at RCPT TO"
        );
        assert!(error.said().unwrap().contains("ada@"));
        assert_eq!(enhanced("5.1.1"), Some("5.1.1".to_owned()));
        for word in ["5.1", "5.1.1.1", "x.1.1", "192.0.2.1", "5.1.ada", ""] {
            assert_eq!(enhanced(word), None, "{word}");
        }
    }

    #[test]
    fn only_what_is_about_the_mail_is_for_good() {
        for stage in [Stage::Sender, Stage::Recipient, Stage::Data, Stage::Content] {
            assert!(reply(stage, 554).is_permanent(), "{stage:?}");
            assert!(!reply(stage, 554).is_outage(), "{stage:?}");
            assert!(!reply(stage, 451).is_permanent(), "{stage:?}");
            assert!(!reply(stage, 451).is_outage(), "{stage:?}");
            assert!(reply(stage, 421).is_outage(), "{stage:?}");
        }
        for stage in [
            Stage::Connect,
            Stage::Greeting,
            Stage::StartTls,
            Stage::SignIn,
        ] {
            assert!(!reply(stage, 535).is_permanent(), "{stage:?}");
            assert!(reply(stage, 535).is_outage(), "{stage:?}");
        }
        assert!(!reply(Stage::Sender, 530).is_permanent());
        assert!(!SmtpError::new(Stage::Content, Trouble::TimedOut).is_permanent());
    }
}
