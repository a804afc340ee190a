//! Handing out everything that is held on somebody (ACC-11).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::{
    Actor, AuditEvent, AuditSearch, Auth, Fault, ListAuditEvents, ListAuditEventsError,
    ReadUserError,
};
use crate::model::{
    Client, Consent, EventKind, Job, SecurityEvent, Session, SessionId, Timestamp, User, UserId,
};
use crate::policy::Action;
use crate::store::{StoreError, Tx, Work};

/// Rows read at one time.
const PAGE: u32 = 200;
/// Jobs of one person: they are few, and go soon.
const JOBS: u32 = 1000;

/// Hands out everything that is held on a user: themselves, or any for a super admin or the operator.
#[derive(Debug)]
pub struct ExportUser {
    /// Who asks.
    pub actor: Actor,
    /// Of whom.
    pub user: UserId,
    /// From where.
    pub client: Client,
}

/// An export that is read part by part, so that it needs little memory however much there is.
#[derive(Debug)]
pub struct Export {
    user: UserId,
    next: Next,
}

/// A part. They come in this order; of sessions and events there are as many parts as are needed.
#[derive(Debug)]
pub enum ExportPart {
    /// The account, and what they agreed to.
    About {
        /// When it was asked for.
        at: Timestamp,
        /// The account.
        user: Box<User>,
        /// What they agreed to, and withdrew.
        consents: Vec<Consent>,
        /// Mails and other jobs that concern them.
        jobs: Vec<Job>,
    },
    /// Sessions, ended ones too, oldest first.
    Sessions(Vec<Session>),
    /// Events that concern them, newest first; after them those that they caused to others.
    Events(Vec<AuditEvent>),
}

#[derive(Debug)]
enum Next {
    About(Timestamp, Box<User>),
    Sessions(Option<SessionId>),
    Events { own: bool, cursor: Option<String> },
    End,
}

impl ExportUser {
    /// Begins an export, and notes that it was made.
    pub async fn run(self, auth: &Auth) -> Result<Export, ReadUserError> {
        let reaches_others = Action::ExportUser.reaches_others(self.actor.role());
        let user = auth.store.read().users().by_id(self.user).await?;
        let Some(user) = user else {
            return Err(match reaches_others {
                true => ReadUserError::NotFound,
                false => ReadUserError::Forbidden,
            });
        };
        let own = self.actor.is(user.id);
        if !Action::ExportUser.allows(self.actor.role(), user.role, own) {
            return Err(ReadUserError::Forbidden);
        }
        let now = auth.clock.now();
        let told = event(
            auth,
            EventKind::DataExported,
            now,
            Some(user.id),
            &self.client,
        )
        .by_actor(self.actor);
        auth.commit(Note(told)).await?;
        Ok(Export {
            user: user.id,
            next: Next::About(now, Box::new(user)),
        })
    }
}

struct Note(SecurityEvent);

#[async_trait]
impl Work for Note {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.events().append(&self.0).await?;
        Ok(Committed::plain(()))
    }
}

impl Export {
    /// The next part; `None` after the last.
    pub async fn next(&mut self, auth: &Auth) -> Result<Option<ExportPart>, Fault> {
        match std::mem::replace(&mut self.next, Next::End) {
            Next::About(at, user) => {
                let mut read = auth.store.read();
                let consents = read.consents().of_user(self.user).await?;
                let jobs = read.jobs().of_subject(self.user, JOBS).await?;
                self.next = Next::Sessions(None);
                Ok(Some(ExportPart::About {
                    at,
                    user,
                    consents,
                    jobs,
                }))
            }
            Next::Sessions(after) => {
                let mut read = auth.store.read();
                let sessions = read.sessions().of_user(self.user, after, PAGE).await?;
                self.next = match sessions.last() {
                    Some(last) => Next::Sessions(Some(last.id)),
                    None => Next::Events {
                        own: true,
                        cursor: None,
                    },
                };
                Ok(Some(ExportPart::Sessions(sessions)))
            }
            Next::Events { own, cursor } => self.events(auth, own, cursor).await.map(Some),
            Next::End => Ok(None),
        }
    }

    async fn events(
        &mut self,
        auth: &Auth,
        own: bool,
        cursor: Option<String>,
    ) -> Result<ExportPart, Fault> {
        let list = ListAuditEvents {
            actor: Actor::Operator,
            search: AuditSearch {
                subject: own.then_some(self.user),
                actor: (!own).then_some(self.user),
                ..AuditSearch::default()
            },
            cursor,
            limit: PAGE,
        };
        let page = list.run(auth).await.map_err(|error| match error {
            ListAuditEventsError::Fault(fault) => fault,
            other => StoreError::corrupt(format_args!("an export: {other}")).into(),
        })?;
        self.next = match (page.next, own) {
            (Some(cursor), own) => Next::Events {
                own,
                cursor: Some(cursor),
            },
            (None, true) => Next::Events {
                own: false,
                cursor: None,
            },
            (None, false) => Next::End,
        };
        let mut events = page.events;
        // Those that they caused to themselves were told already.
        events.retain(|event| own || event.subject != Some(self.user));
        Ok(ExportPart::Events(events))
    }
}
