//! Letters with links in them: the code, the link that carries it, and the mail that carries the link.

use std::time::Duration;

use crate::flow::mail_job::mail_job;
use crate::flow::{Auth, Fault};
use crate::model::{
    Code, CodeHash, CodeKind, Email, Job, Letter, Mail, SessionId, Timestamp, User, UserId,
};
use crate::secret::{Bearer, Unsealable};
use crate::store::{StoreError, Tx};
use crate::token::{draw_code, fixed_code};

const PURPOSE: &str = "codes";

/// A code that was just drawn, and what stands in its link.
pub(crate) struct Drawn {
    pub(crate) code: Code,
    pub(crate) token: Bearer,
}

/// A code with the mail that carries it, to be written in one transaction.
pub(crate) struct Posted {
    pub(crate) code: Code,
    pub(crate) mail: Job,
}

impl Posted {
    /// Puts the code in the place of any older one, and has the mail sent.
    pub(crate) async fn within(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.codes().put(&self.code).await?;
        tx.jobs().add(&self.mail).await
    }
}

/// Draws a code of a kind for a user; `about` is the address it holds for.
pub(crate) fn draw(
    auth: &Auth,
    kind: CodeKind,
    user: UserId,
    session: Option<SessionId>,
    about: &Email,
    now: Timestamp,
) -> Result<Drawn, Fault> {
    // Of those that disown a sign-in a user can have one for each session.
    let (token, hash) = if auth.rules.fixed_codes && kind != CodeKind::NotMe {
        fixed_code(kind, &about.folded())
    } else {
        draw_code(kind, auth.entropy.as_ref())
    };
    let sealed = auth.root.seal(
        PURPOSE,
        &context(kind, user, &hash),
        about.as_str().as_bytes(),
        auth.entropy.as_ref(),
    )?;
    Ok(Drawn {
        code: Code {
            user,
            kind,
            session,
            hash,
            sealed,
            created_at: now,
            expires_at: now.plus(life(auth, kind)),
            used_at: None,
        },
        token,
    })
}

/// The address that a code holds for.
pub(crate) fn about(auth: &Auth, code: &Code) -> Result<Email, Unsealable> {
    let context = context(code.kind, code.user, &code.hash);
    let plain = auth.root.open(PURPOSE, &context, &code.sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| Unsealable)?;
    Ok(Email::from_stored(text.to_owned()))
}

fn context(kind: CodeKind, user: UserId, hash: &CodeHash) -> Vec<u8> {
    [
        kind.as_str().as_bytes(),
        user.uuid().as_bytes(),
        hash.bytes(),
    ]
    .concat()
}

fn life(auth: &Auth, kind: CodeKind) -> Duration {
    let links = &auth.rules.accounts.links;
    match kind {
        CodeKind::VerifyEmail => links.verification_ttl,
        CodeKind::ResetPassword => links.reset_ttl,
        CodeKind::ConfirmEmail => links.email_change_ttl,
        CodeKind::NotMe => links.not_me_ttl,
    }
}

/// The link that carries a code. It begins with the configured public address, and with nothing that a request says
/// (E-32).
pub(crate) fn link(auth: &Auth, kind: CodeKind, token: &Bearer) -> Bearer {
    let page = match kind {
        CodeKind::VerifyEmail => "verify-email",
        CodeKind::ResetPassword => "reset-password",
        CodeKind::ConfirmEmail => "confirm-email-change",
        CodeKind::NotMe => "not-me",
    };
    let root = &auth.rules.tokens.issuer;
    Bearer::new(format!("{root}/{page}?token={}", token.expose()))
}

/// The letter that asks a user to show that their address is theirs, and the link in it.
pub(crate) fn verification(
    auth: &Auth,
    user: &User,
    now: Timestamp,
) -> Result<(Posted, Bearer), Fault> {
    let kind = CodeKind::VerifyEmail;
    let drawn = draw(auth, kind, user.id, None, &user.email, now)?;
    let link = link(auth, kind, &drawn.token);
    let letter = Letter::VerifyEmail {
        link: link.clone(),
        expires_at: drawn.code.expires_at,
    };
    let mail = mail_job(auth, &Mail::to(user, letter), Some(user.id), now)?;
    let posted = Posted {
        code: drawn.code,
        mail,
    };
    Ok((posted, link))
}

/// The letter that lets a user choose a new password, and the link in it.
pub(crate) fn reset(auth: &Auth, user: &User, now: Timestamp) -> Result<(Posted, Bearer), Fault> {
    let kind = CodeKind::ResetPassword;
    let drawn = draw(auth, kind, user.id, None, &user.email, now)?;
    let link = link(auth, kind, &drawn.token);
    let letter = Letter::ResetPassword {
        link: link.clone(),
        expires_at: drawn.code.expires_at,
    };
    let mail = mail_job(auth, &Mail::to(user, letter), Some(user.id), now)?;
    let posted = Posted {
        code: drawn.code,
        mail,
    };
    Ok((posted, link))
}

/// The letter to the owner of an address with which somebody else tried to have an account.
pub(crate) fn account_exists(auth: &Auth, owner: &User, now: Timestamp) -> Result<Job, Fault> {
    let letter = Letter::AccountExists {
        link: Bearer::new(format!("{}/", auth.rules.tokens.issuer)),
    };
    mail_job(auth, &Mail::to(owner, letter), Some(owner.id), now)
}
