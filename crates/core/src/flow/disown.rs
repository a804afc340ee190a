//! "This was not me": the link in the mail about a new device ends its session and leads to a new password.

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::letters::draw;
use crate::flow::links::find;
use crate::flow::{Auth, LinkError};
use crate::model::{
    Client, Code, CodeHash, CodeKind, EndReason, EventKind, FoldedEmail, Revoked, SecurityEvent,
    SessionId, State, Timestamp, UserId,
};
use crate::secret::Bearer;
use crate::store::{StoreError, Tx, Work};

/// Says that a sign-in was somebody else's.
#[derive(Debug)]
pub struct Disown {
    /// The token of the link.
    pub token: String,
    /// From where.
    pub client: Client,
}

impl Disown {
    /// Ends the session, and gives the token by which a new password can be chosen at once. There is none if the account
    /// has moved to another address since: the link was sent to one that need not be its owner's any more.
    pub async fn run(self, auth: &Auth) -> Result<Option<Bearer>, LinkError> {
        let found = find(auth, CodeKind::NotMe, &self.token).await?;
        let found = found
            .filter(|found| found.is_open(auth))
            .ok_or(LinkError::Closed)?;
        let session = found.code.session.ok_or(LinkError::Closed)?;
        let now = auth.clock.now();
        let user = found.code.user;
        let reset = draw(auth, CodeKind::ResetPassword, user, None, &found.about, now)?;
        let work = End {
            code: found.code.hash,
            user,
            about: found.about.folded(),
            session,
            reset: reset.code,
            at: now,
            expires_at: auth.revocation_expiry(now),
            event: event(
                auth,
                EventKind::SignInDisowned,
                now,
                Some(user),
                &self.client,
            )
            .session(session),
        };
        match auth.commit(work).await? {
            Ended::Not => Err(LinkError::Closed),
            Ended::AndReset => Ok(Some(reset.token)),
            Ended::Only => Ok(None),
        }
    }
}

enum Ended {
    Not,
    Only,
    AndReset,
}

struct End {
    code: CodeHash,
    user: UserId,
    about: FoldedEmail,
    session: SessionId,
    reset: Code,
    at: Timestamp,
    expires_at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for End {
    type Output = Committed<Ended>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        if !tx
            .codes()
            .redeem(CodeKind::NotMe, &self.code, self.at)
            .await?
        {
            return Ok(Committed::plain(Ended::Not));
        }
        tx.events().append(&self.event).await?;
        let mut revocations = Vec::new();
        // It may have ended by itself; then there is nothing left to revoke but what was issued just before.
        tx.sessions()
            .end(self.session, self.at, EndReason::Disowned)
            .await?;
        revocations
            .push(revoke(tx, Revoked::Session(self.session), self.at, self.expires_at).await?);
        let user = tx.users().by_id(self.user).await?;
        let may_reset = user.is_some_and(|user| {
            user.state(self.at) == State::Active && user.email.folded() == self.about
        });
        if may_reset {
            tx.codes().put(&self.reset).await?;
        }
        Ok(Committed {
            output: if may_reset {
                Ended::AndReset
            } else {
                Ended::Only
            },
            revocations,
        })
    }
}
