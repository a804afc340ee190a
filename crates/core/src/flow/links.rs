//! Links in mails: whether one would be honoured, and why one is not.

use crate::flow::fault::faults;
use crate::flow::letters::about;
use crate::flow::{Auth, Fault};
use crate::model::{Code, CodeKind, Email};
use crate::token::parse_code;

/// Why a link did nothing.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It was used, replaced, has expired, or never was one.
    #[error("this link is not good any more")]
    Closed,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(LinkError);

/// Whether a link with this token would be honoured now, so that nobody fills in a form in vain. Looking changes
/// nothing: programs that look at mails follow their links.
pub async fn link_is_open(auth: &Auth, kind: CodeKind, token: &str) -> Result<bool, Fault> {
    let found = find(auth, kind, token).await?;
    Ok(found.is_some_and(|found| found.is_open(auth)))
}

/// A code as it was found, and the address it holds for.
pub(crate) struct Found {
    pub(crate) code: Code,
    pub(crate) about: Email,
}

impl Found {
    /// Whether it could be used now, as far as can be told before it is.
    pub(crate) fn is_open(&self, auth: &Auth) -> bool {
        self.code.used_at.is_none() && auth.clock.now() < self.code.expires_at
    }
}

/// The code of a link, whatever its state.
pub(crate) async fn find(auth: &Auth, kind: CodeKind, token: &str) -> Result<Option<Found>, Fault> {
    let Ok(hash) = parse_code(kind, token) else {
        return Ok(None);
    };
    match auth.store.read().codes().by_hash(kind, &hash).await? {
        Some(code) => Ok(Some(Found {
            about: about(auth, &code)?,
            code,
        })),
        None => Ok(None),
    }
}
