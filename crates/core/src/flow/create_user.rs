//! An account made by an administrator or the operator.

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::letters::verification;
use crate::flow::manage_user::present_role;
use crate::flow::new_password::hash_new;
use crate::flow::register::{AddUser, taken_errors};
use crate::flow::{Actor, Auth, Fault, RawRegistration, Registration};
use crate::model::{Client, EventKind, FieldErrors, Role, User};
use crate::policy::Action;
use crate::store::{StoreError, Tx, Work};

/// Makes an account of any role the actor may grant. Without a password the account cannot sign in by one yet.
#[derive(Debug)]
pub struct CreateUser {
    /// Who makes it.
    pub actor: Actor,
    /// What they gave.
    pub raw: RawRegistration,
    /// The new user's role.
    pub role: Role,
    /// From where.
    pub client: Client,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// What was given is not acceptable, or is taken.
    #[error("the account is not acceptable")]
    Invalid(FieldErrors),
    /// The actor may not create users of that role.
    #[error("this role may not create users of that role")]
    Forbidden,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(CreateUserError);

impl CreateUser {
    /// Makes the account.
    pub async fn run(self, auth: &Auth) -> Result<User, CreateUserError> {
        if !Action::CreateUser.grants(self.actor.role(), self.role) {
            return Err(CreateUserError::Forbidden);
        }
        let mut registration =
            Registration::parse(self.raw, auth).map_err(CreateUserError::Invalid)?;
        let password = match registration.password.take() {
            Some(plain) => Some(hash_new(auth, "/password", plain).await?),
            None => None,
        };
        let now = auth.clock.now();
        let user = registration.into_user(auth, self.role, password, now);
        let registered = event(
            auth,
            EventKind::Registered,
            now,
            Some(user.id),
            &self.client,
        )
        .by_actor(self.actor);
        // Who is given power is told, here as in an import.
        let registered = match self.role > Role::default() {
            true => registered.detail(self.role.as_str()),
            false => registered,
        };
        // Accounts that the operator makes are theirs to look after; `ntt-auth user verify-email` says that one is good.
        let letter = match self.actor {
            Actor::Caller(_) => Some(verification(auth, &user, now)?.0),
            Actor::Operator => None,
        };
        auth.commit(AddByActor {
            actor: self.actor,
            add: AddUser {
                letter,
                // Whoever may make accounts is trusted with addresses.
                mailbox: None,
                told_to_owner: None,
                names: auth.throttle_names.clone(),
                user: user.clone(),
                event: registered,
            },
        })
        .await??;
        Ok(user)
    }
}

/// Adds a user if the actor's role as it is now may grant theirs.
struct AddByActor {
    actor: Actor,
    add: AddUser,
}

#[async_trait]
impl Work for AddByActor {
    type Output = Committed<Result<(), CreateUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let user = &self.add.user;
        let role = present_role(tx, self.actor, user.created_at).await?;
        if !role.is_some_and(|role| Action::CreateUser.grants(role, user.role)) {
            return Ok(Committed::plain(Err(CreateUserError::Forbidden)));
        }
        let Committed {
            output,
            revocations,
        } = self.add.apply(tx).await?;
        Ok(Committed {
            output: output.map_err(|taken| CreateUserError::Invalid(taken_errors(&taken))),
            revocations,
        })
    }
}
