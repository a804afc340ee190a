//! `ntt-auth user erase`

use ntt_auth_core::flow::{Actor, EraseUser};
use ntt_auth_core::model::Client;

use super::super::confirm::confirm;
use super::super::{Failure, open, print};
use super::find;
use crate::settings::Settings;

pub(super) async fn run(name: &str, yes: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let user = find(&auth, name).await?;
    if !yes {
        confirm(&format!(
            "Erase {} {}, with everything held on them? Nothing brings them back.",
            user.id,
            user.email.as_str()
        ))?;
    }
    EraseUser {
        actor: Actor::Operator,
        user: user.id,
        password: None,
        client: Client::default(),
    }
    .run(&auth)
    .await?;
    print(&format!("{} was erased.\n", user.id))
}
