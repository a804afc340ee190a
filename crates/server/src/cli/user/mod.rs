//! `ntt-auth user`: accounts without the API, by the same flows.

mod create;
mod erase;
mod export;
mod found;
mod list;
mod measure;
mod reset_password;
mod set_password;
mod shown;
mod update;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use ntt_auth_core::flow::Measure;
use ntt_auth_core::model::Role;

use super::{Failure, open, wait};
use crate::settings::Settings;

pub(super) use found::find;
pub(super) use measure::{Whom, on_each};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account; its password is asked for
    Create(create::Create),
    /// List accounts
    List(list::List),
    /// Show everything about an account
    Show {
        #[command(flatten)]
        user: Named,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change the profile of an account; what is not given stays, an empty text clears
    Update(Box<update::Update>),
    /// Give accounts another role; their access tokens with the old one are refused at once
    SetRole {
        /// Email addresses, user names or ids
        #[arg(required = true, num_args = 1.., value_name = "USER")]
        users: Vec<String>,
        /// What they may do from now on
        #[arg(required = true, value_parser = role())]
        role: Role,
        /// Print JSON, one account a line
        #[arg(long)]
        json: bool,
    },
    /// Give an account another password and end its sessions; the password is asked for
    SetPassword {
        #[command(flatten)]
        user: Named,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Have a mail sent by which the owner of an account chooses a new password
    ResetPassword {
        #[command(flatten)]
        user: Named,
        /// Print the link instead, to be handed over by other means
        #[arg(long)]
        link: bool,
    },
    /// Say that the addresses of accounts are their owners'
    VerifyEmail {
        #[command(flatten)]
        whom: Whom,
    },
    /// Suspend accounts: nobody signs in to them, and their sessions end
    Suspend {
        #[command(flatten)]
        whom: Whom,
        /// When the suspension lifts by itself, like 2030-01-01T00:00:00Z; open-ended if left out
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Why, for administrators
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Lift the suspension of accounts
    Reactivate {
        #[command(flatten)]
        whom: Whom,
    },
    /// Lift the locks that wrong passwords brought upon accounts
    Unlock {
        #[command(flatten)]
        whom: Whom,
    },
    /// Delete accounts; they can be restored for a while, then they are erased
    Delete {
        #[command(flatten)]
        whom: Whom,
    },
    /// Restore deleted accounts
    Restore {
        #[command(flatten)]
        whom: Whom,
    },
    /// Print everything that is held on the owner of an account, as JSON
    Export {
        #[command(flatten)]
        user: Named,
    },
    /// Erase an account and everything held on its owner, for good: nothing brings them back
    Erase {
        #[command(flatten)]
        user: Named,
        /// Do not ask whether this is meant
        #[arg(long)]
        yes: bool,
    },
}

/// One account.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Email address, user name or id
    #[arg(value_name = "USER")]
    name: String,
}

/// Reads a role, and shows all of them in the help.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|name| name.parse::<Role>())
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        match command {
            Command::Create(given) => create::run(given, settings).await,
            Command::List(which) => list::run(which, settings).await,
            Command::Show { user, json } => shown::run(&user.name, json, settings).await,
            Command::Update(given) => update::run(*given, settings).await,
            Command::SetRole { users, role, json } => {
                let whom = Whom::named(users, json);
                on_each(whom, Measure::ChangeRole(role), settings).await
            }
            Command::SetPassword {
                user,
                password_stdin,
            } => set_password::run(&user.name, password_stdin, settings).await,
            Command::ResetPassword { user, link } => {
                reset_password::run(&user.name, link, settings).await
            }
            Command::VerifyEmail { whom } => on_each(whom, Measure::VerifyEmail, settings).await,
            Command::Suspend {
                whom,
                until,
                reason,
            } => {
                let now = open(settings).await?.auth.now();
                let measure =
                    Measure::suspend(until.as_deref(), reason, now).map_err(Failure::Invalid)?;
                on_each(whom, measure, settings).await
            }
            Command::Reactivate { whom } => on_each(whom, Measure::Reactivate, settings).await,
            Command::Unlock { whom } => on_each(whom, Measure::Unlock, settings).await,
            Command::Delete { whom } => on_each(whom, Measure::Delete, settings).await,
            Command::Restore { whom } => on_each(whom, Measure::Restore, settings).await,
            Command::Export { user } => export::run(&user.name, settings).await,
            Command::Erase { user, yes } => erase::run(&user.name, yes, settings).await,
        }
    })
}
