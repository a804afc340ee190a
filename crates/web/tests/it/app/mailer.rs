//! Mail that is kept instead of sent.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use ntt_auth_core::model::{JobId, Letter, Mail};
use ntt_auth_core::port::{MailError, Mailer};

/// Keeps what it is given, or refuses it as it is told to.
#[derive(Default)]
pub(crate) struct CapturingMailer {
    sent: Mutex<Vec<(JobId, Mail)>>,
    refusal: Mutex<Option<MailError>>,
}

impl CapturingMailer {
    /// Every mail from now on is refused so, until this is called with `None`.
    pub(crate) fn refuse(&self, with: Option<MailError>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = with;
    }

    /// What was sent since this was last asked, oldest first.
    pub(crate) fn take(&self) -> Vec<(JobId, Mail)> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Mailer for CapturingMailer {
    async fn send(&self, job: JobId, mail: &Mail) -> Result<(), MailError> {
        let refusal = self
            .refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match refusal {
            Some(error) => Err(error),
            None => {
                let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                sent.push((job, mail.clone()));
                Ok(())
            }
        }
    }
}

/// The link of a letter, and the token in it.
pub(crate) fn link(letter: &Letter) -> (&str, &str) {
    let link = match letter {
        Letter::VerifyEmail { link, .. }
        | Letter::ResetPassword { link, .. }
        | Letter::AccountExists { link }
        | Letter::ConfirmEmailChange { link, .. }
        | Letter::NewDevice { link, .. } => link.expose(),
        Letter::EmailChanged { .. } | Letter::PasswordChanged { .. } => {
            panic!("{} has no link", letter.name())
        }
    };
    (
        link,
        link.split_once("token=").map_or("", |(_, token)| token),
    )
}
