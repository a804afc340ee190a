//! `ntt-auth user set-password`

use ntt_auth_core::flow::{Actor, ManageUser, Measure, NewPasswordError, hash_new};
use ntt_auth_core::model::{Client, FieldErrors};
use ntt_auth_core::password::Plain;

use super::super::password::new_password;
use super::super::{Failure, open, print};
use super::find;
use crate::settings::Settings;

pub(super) async fn run(name: &str, from_stdin: bool, settings: &Settings) -> Result<(), Failure> {
    let text = new_password(from_stdin)?;
    let installation = open(settings).await?;
    let auth = &installation.auth;
    let user = find(auth, name).await?;
    let mut errors = FieldErrors::new();
    let password = errors.take("/password", Plain::parse(&text));
    if let Some(plain) = &password
        && let Err(broken) = auth.rules().password.check(plain, &user.context_words())
    {
        for rule in broken {
            errors.add("/password", rule);
        }
    }
    let Some(password) = password.filter(|_| errors.is_empty()) else {
        return Err(Failure::Invalid(errors));
    };
    let hash = match hash_new(auth, "/password", password).await {
        Ok(hash) => hash,
        Err(NewPasswordError::Invalid(errors)) => return Err(Failure::Invalid(errors)),
        Err(NewPasswordError::Fault(fault)) => return Err(fault.into()),
    };
    let manage = ManageUser {
        actor: Actor::Operator,
        user: user.id,
        measure: Measure::SetPassword(hash),
        client: Client::default(),
    };
    let user = manage.run(auth).await?;
    print(&format!(
        "{} {} has another password; every session ended.\n",
        user.id,
        user.email.as_str()
    ))
}
