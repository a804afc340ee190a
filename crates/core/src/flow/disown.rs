//! "This was not me": the link in the mail about a new device signs out everywhere and leads to a new password.

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::letters::draw;
use crate::flow::links::find;
use crate::flow::sign_out::EndAll;
use crate::flow::void_links::void_with_sessions;
use crate::flow::{Auth, LinkError};
use crate::model::{
    Client, Code, CodeHash, CodeKind, EndReason, EventKind, FoldedEmail, Revocation, Revoked,
    SessionId, State, Timestamp, User,
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

/// What came of it.
#[derive(Debug)]
pub enum Disowned {
    /// Every session has ended, and by this token a new password can be chosen, for as long as by any that is sent.
    Reset(Bearer),
    /// Every session has ended. The password is another one than at that sign-in, and whoever signed in may have changed
    /// it: a new one is asked for by mail.
    OtherPassword,
    /// That session has ended, and no other: the account has moved since to an address to which the link was not sent, and
    /// who holds it need not be its owner any more.
    Moved,
}

impl Disown {
    /// Ends the sessions. The link is closed when all sessions of its time have ended with another password: then there is
    /// nothing left for it to do.
    pub async fn run(self, auth: &Auth) -> Result<Disowned, LinkError> {
        let found = find(auth, CodeKind::NotMe, &self.token).await?;
        let found = found
            .filter(|found| found.is_open(auth))
            .ok_or(LinkError::Closed)?;
        let session = found.code.session.ok_or(LinkError::Closed)?;
        let now = auth.clock.now();
        let user = found.code.user;
        let reset = draw(auth, CodeKind::ResetPassword, user, None, &found.about, now)?;
        let told = event(
            auth,
            EventKind::SignInDisowned,
            now,
            Some(user),
            &self.client,
        );
        let work = End {
            code: found.code.hash,
            sent_at: found.code.created_at,
            about: found.about.folded(),
            session,
            reset: reset.code,
            all: EndAll {
                user,
                except: None,
                at: now,
                reason: EndReason::Disowned,
                expires_at: auth.revocation_expiry(now),
                event: told.session(session),
            },
        };
        match auth.commit(work).await? {
            Ended::Not => Err(LinkError::Closed),
            Ended::AndReset => Ok(Disowned::Reset(reset.token)),
            Ended::All => Ok(Disowned::OtherPassword),
            Ended::One => Ok(Disowned::Moved),
        }
    }
}

enum Ended {
    Not,
    One,
    All,
    AndReset,
}

struct End {
    code: CodeHash,
    sent_at: Timestamp,
    about: FoldedEmail,
    session: SessionId,
    reset: Code,
    all: EndAll,
}

impl End {
    /// Whether the account got another password after the link was sent.
    fn is_outdated(&self, user: &User) -> bool {
        user.password_changed_at
            .is_some_and(|changed_at| self.sent_at < changed_at)
    }

    async fn end_one(&self, tx: &mut dyn Tx) -> Result<Revocation, StoreError> {
        let all = &self.all;
        // It may have ended by itself; then there is nothing left to revoke but what was issued just before.
        tx.sessions().end(self.session, all.at, all.reason).await?;
        revoke(tx, Revoked::Session(self.session), all.at, all.expires_at).await
    }
}

#[async_trait]
impl Work for End {
    type Output = Committed<Ended>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let at = self.all.at;
        let Some(user) = tx.users().by_id(self.all.user).await? else {
            return Ok(Committed::plain(Ended::Not));
        };
        let outdated = self.is_outdated(&user);
        let session = tx.sessions().by_id(self.session).await?;
        if outdated && session.is_none_or(|session| !session.is_open(at)) {
            return Ok(Committed::plain(Ended::Not));
        }
        if !tx.codes().redeem(CodeKind::NotMe, &self.code, at).await? {
            return Ok(Committed::plain(Ended::Not));
        }
        let mut revocations = vec![self.end_one(tx).await?];
        if user.email.folded() != self.about {
            tx.events().append(&self.all.event).await?;
            return Ok(Committed {
                output: Ended::One,
                revocations,
            });
        }
        void_with_sessions(tx, user.id).await?;
        revocations.extend(self.all.within(tx).await?);
        let may_reset = !outdated && user.state(at) == State::Active;
        if may_reset {
            // Of this and another password that is set at the same time one comes first.
            if !tx.users().update(&user).await? {
                return Err(StoreError::Contention);
            }
            tx.codes().put(&self.reset).await?;
        }
        Ok(Committed {
            output: match may_reset {
                true => Ended::AndReset,
                false => Ended::All,
            },
            revocations,
        })
    }
}
