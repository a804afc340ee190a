//! Showing that an address is one's own (ACC-7).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::links::find;
use crate::flow::{Auth, LinkError};
use crate::model::{
    Client, CodeHash, CodeKind, EventKind, FoldedEmail, SecurityEvent, State, Timestamp, User,
    UserId,
};
use crate::store::{StoreError, Tx, Work};

/// Follows the link of a verification mail. Doing so again is no error.
#[derive(Debug)]
pub struct VerifyEmail {
    /// The token of the link.
    pub token: String,
    /// From where.
    pub client: Client,
}

impl VerifyEmail {
    /// Notes that the address was shown to be the user's.
    pub async fn run(self, auth: &Auth) -> Result<(), LinkError> {
        let kind = CodeKind::VerifyEmail;
        let Some(found) = find(auth, kind, &self.token).await? else {
            return Err(LinkError::Closed);
        };
        let now = auth.clock.now();
        if found.code.used_at.is_none() && !found.is_open(auth) {
            return Err(LinkError::Closed);
        }
        let user = found.code.user;
        let work = Verify {
            hash: found.code.hash,
            user,
            about: found.about.folded(),
            at: now,
            event: event(
                auth,
                EventKind::EmailVerified,
                now,
                Some(user),
                &self.client,
            ),
        };
        match auth.commit(work).await? {
            true => Ok(()),
            false => Err(LinkError::Closed),
        }
    }
}

struct Verify {
    hash: CodeHash,
    user: UserId,
    about: FoldedEmail,
    at: Timestamp,
    event: SecurityEvent,
}

impl Verify {
    fn is_theirs(&self, user: &User) -> bool {
        user.state(self.at) != State::Deleted && user.email.folded() == self.about
    }
}

#[async_trait]
impl Work for Verify {
    /// Whether the address is verified now, by this code.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let user = tx.users().by_id(self.user).await?;
        let Some(mut user) = user.filter(|user| self.is_theirs(user)) else {
            return Ok(Committed::plain(false));
        };
        if !tx
            .codes()
            .redeem(CodeKind::VerifyEmail, &self.hash, self.at)
            .await?
        {
            // It was used before, by this link: the same again. A code that was replaced is gone and finds nobody here.
            let code = tx
                .codes()
                .by_hash(CodeKind::VerifyEmail, &self.hash)
                .await?;
            let used = code.is_some_and(|code| code.used_at.is_some());
            return Ok(Committed::plain(used && user.email_verified_at.is_some()));
        }
        if user.email_verified_at.is_none() {
            user.verify_email(self.at);
            user.updated_at = self.at;
            if !tx.users().update(&user).await? {
                return Err(StoreError::Contention);
            }
            tx.events().append(&self.event).await?;
        }
        Ok(Committed::plain(true))
    }
}
