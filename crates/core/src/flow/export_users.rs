//! Exporting every account (ACC-12).

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Fault};
use crate::model::{Client, EventKind, SecurityEvent, Timestamp, User};
use crate::policy::Action;
use crate::store::{StoreError, Tx, UserPlace, UserQuery, Work};
use crate::transfer::Export;

/// Users read at one time.
const PAGE: u32 = 200;

/// Reads all accounts, page by page, the oldest first, deleted ones too. An account that is made meanwhile may be missing; none comes twice.
#[derive(Debug)]
pub struct ExportUsers {
    after: Option<UserPlace>,
    over: bool,
    now: Timestamp,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportUsersError {
    /// Only super admins export; hashes are for the operator alone.
    #[error("this role may not export users")]
    Forbidden,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ExportUsersError);

impl ExportUsers {
    /// Begins, and notes in the events that everything left the house.
    pub async fn begin(
        auth: &Auth,
        actor: Actor,
        client: &Client,
        export: Export,
    ) -> Result<Self, ExportUsersError> {
        let permitted = Action::OperateSystem.reach(actor.role()).is_some();
        if !permitted || (export.with_hashes && actor != Actor::Operator) {
            return Err(ExportUsersError::Forbidden);
        }
        let now = auth.clock.now();
        let hashes = if export.with_hashes {
            " with password hashes"
        } else {
            ""
        };
        let told = event(auth, EventKind::UsersExported, now, None, client)
            .by_actor(actor)
            .detail(format!("{}{hashes}", export.format));
        auth.commit(Tell(told)).await?;
        Ok(Self {
            after: None,
            over: false,
            now,
        })
    }

    /// The next users; none when all have been given.
    pub async fn page(&mut self, auth: &Auth) -> Result<Vec<User>, Fault> {
        if self.over {
            return Ok(Vec::new());
        }
        let query = UserQuery {
            after: self.after.take(),
            ..UserQuery::everybody(PAGE, self.now)
        };
        let users = auth.store.read().users().page(&query).await?;
        self.after = users
            .last()
            .map(|user| UserPlace::Time(user.created_at, user.id));
        self.over = users.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        Ok(users)
    }
}

struct Tell(SecurityEvent);

#[async_trait::async_trait]
impl Work for Tell {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.events().append(&self.0).await.map(Committed::plain)
    }
}
