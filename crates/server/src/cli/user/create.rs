//! `ntt-auth user create`

use clap::Args;
use ntt_auth_core::flow::{Actor, CreateUser, RawRegistration};
use ntt_auth_core::model::{Client, Role};

use super::super::password::new_password;
use super::super::{Failure, open, print};
use super::role;
use super::shown::json_of;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Email address
    email: String,
    /// What they may do
    #[arg(long, default_value = "user", value_parser = role())]
    role: Role,
    /// User name
    #[arg(long)]
    username: Option<String>,
    /// Given name
    #[arg(long)]
    first_name: Option<String>,
    /// Family name
    #[arg(long)]
    last_name: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Give the account no password: its owner chooses one by "forgot password"
    #[arg(long, conflicts_with = "password_stdin")]
    no_password: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(given: Create, settings: &Settings) -> Result<(), Failure> {
    let password = match given.no_password {
        true => None,
        false => Some(new_password(given.password_stdin)?.to_string()),
    };
    let auth = open(settings).await?.auth;
    let create = CreateUser {
        actor: Actor::Operator,
        raw: RawRegistration {
            email: given.email,
            password,
            username: given.username,
            first_name: given.first_name,
            last_name: given.last_name,
            ..RawRegistration::default()
        },
        role: given.role,
        client: Client::default(),
    };
    let user = create.run(&auth).await?;
    print(&if given.json {
        format!("{}\n", json_of(&user, auth.now()))
    } else {
        format!("{} {} is {}.\n", user.id, user.email.as_str(), user.role)
    })
}
