//! The same done to several accounts at one time.

use std::collections::HashSet;

use crate::flow::{Actor, Auth, ManageUser, ManageUserError, Measure};
use crate::model::{Client, FieldErrors, Invalid, User, UserId};

/// Does one thing to several accounts. Each is judged, and done in a transaction of its own, as [`ManageUser`] would: what
/// is refused for one leaves the others as they are.
#[derive(Debug)]
pub struct ManageUsers {
    /// Who does it.
    pub actor: Actor,
    /// To whom; each once, in this order.
    pub users: Vec<UserId>,
    /// What.
    pub measure: Measure,
    /// From where.
    pub client: Client,
}

/// Why nothing was done to anybody.
#[derive(Debug, thiserror::Error)]
pub enum ManageUsersError {
    /// The actor may do this to nobody but themselves.
    #[error("this role may not do that")]
    Forbidden,
    /// There are no users, too many, or one twice.
    #[error("the list of users is not acceptable")]
    Invalid(FieldErrors),
}

/// What became of one account.
pub type Managed = (UserId, Result<User, ManageUserError>);

impl ManageUsers {
    /// Accounts at one time.
    pub const MOST: usize = 200;

    /// Does it, and tells what became of each, in the order in which they were named. If the caller goes away, those
    /// not reached yet are left as they are.
    pub async fn run(self, auth: &Auth) -> Result<Vec<Managed>, ManageUsersError> {
        if !self.measure.action().reaches_others(self.actor.role()) {
            return Err(ManageUsersError::Forbidden);
        }
        check(&self.users)?;
        let mut done = Vec::with_capacity(self.users.len());
        for user in self.users {
            let manage = ManageUser {
                actor: self.actor,
                user,
                measure: self.measure.clone(),
                client: self.client.clone(),
            };
            done.push((user, manage.run(auth).await));
        }
        Ok(done)
    }
}

fn check(users: &[UserId]) -> Result<(), ManageUsersError> {
    let mut errors = FieldErrors::new();
    if users.is_empty() || users.len() > ManageUsers::MOST {
        errors.add(
            "/userIds",
            Invalid::with(
                "out_of_range",
                format!("Name 1 to {} users.", ManageUsers::MOST),
            ),
        );
    }
    let mut seen = HashSet::new();
    for (index, user) in users.iter().enumerate() {
        if !seen.insert(user) {
            errors.add(
                format!("/userIds/{index}"),
                Invalid::new("repeated", "This user is named before."),
            );
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ManageUsersError::Invalid(errors))
    }
}
