//! `ntt-auth user`

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{
    Actor, CreateUser, EraseUser, ListUsers, ManageUser, Measure, RawRegistration,
};
use ntt_auth_core::model::{
    Client, Email, FieldErrors, Role, State, Timestamp, User, UserId, Username,
};
use ntt_auth_core::password::{Hasher as _, Plain};
use ntt_auth_core::store::{UserFilter, UserSort};
use serde_json::json;

use super::confirm::confirm;
use super::password::new_password;
use super::{Failure, open, print, wait};
use crate::settings::Settings;

/// Users read from the store at one time.
const PAGE: u32 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account; its password is asked for
    Create(Create),
    /// List accounts, oldest first
    List(List),
    /// Give an account another role
    SetRole {
        /// Email address, user name or id
        user: String,
        /// What they may do from now on
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Give an account another password and end its sessions; the password is asked for
    SetPassword {
        /// Email address, user name or id
        user: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Erase an account and everything held on its owner, for good: nothing brings them back
    Erase {
        /// Email address, user name or id
        user: String,
        /// Do not ask whether this is meant
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
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
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those of this role
    #[arg(long, value_parser = role())]
    role: Option<Role>,
    /// Also deleted ones
    #[arg(long)]
    deleted: bool,
    /// Print JSON, one account a line
    #[arg(long)]
    json: bool,
}

/// Reads a role, and shows all of them in the help.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|name| name.parse::<Role>())
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        match command {
            Command::Create(given) => create(given, settings).await,
            Command::List(which) => list(&which, settings).await,
            Command::SetRole { user, role } => set_role(&user, role, settings).await,
            Command::SetPassword {
                user,
                password_stdin,
            } => set_password(&user, password_stdin, settings).await,
            Command::Erase { user, yes } => erase(&user, yes, settings).await,
        }
    })
}

async fn create(given: Create, settings: &Settings) -> Result<(), Failure> {
    let password = new_password(given.password_stdin)?;
    let auth = open(settings).await?.auth;
    let create = CreateUser {
        actor: Actor::Operator,
        raw: RawRegistration {
            email: given.email,
            password: Some(password.to_string()),
            username: given.username,
            first_name: given.first_name,
            last_name: given.last_name,
            ..RawRegistration::default()
        },
        role: given.role,
        client: Client::default(),
    };
    let user = create.run(&auth).await?;
    print(&format!(
        "{} {} is {}.\n",
        user.id,
        user.email.as_str(),
        user.role
    ))
}

async fn list(which: &List, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    if !which.json {
        print(&format!(
            "{:<36} {:<11} {:<9} {:<24} {}\n",
            "ID", "ROLE", "STATE", "CREATED", "EMAIL"
        ))?;
    }
    let mut cursor = None;
    loop {
        let page = ListUsers {
            actor: Actor::Operator,
            filter: UserFilter {
                role: which.role,
                include_deleted: which.deleted,
                ..UserFilter::default()
            },
            sort: UserSort::CreatedAt,
            descending: false,
            cursor: cursor.take(),
            limit: PAGE,
        }
        .run(&auth)
        .await?;
        let now = auth.now();
        print(
            &page
                .users
                .iter()
                .map(|user| line(user, now, which.json))
                .collect::<String>(),
        )?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn line(user: &User, now: Timestamp, json: bool) -> String {
    let state = match user.state(now) {
        State::Active => "active",
        State::Suspended => "suspended",
        State::Deleted => "deleted",
    };
    let mut line = String::new();
    let _ = if json {
        let object = json!({
            "userId": user.id,
            "email": user.email.as_str(),
            "username": user.username.as_ref().map(Username::as_str),
            "role": user.role,
            "state": state,
            "createdAt": user.created_at,
            "lastLoginAt": user.last_login_at,
        });
        writeln!(line, "{object}")
    } else {
        let created = user.created_at.to_string();
        writeln!(
            line,
            "{} {:<11} {state:<9} {created:<24} {}",
            user.id,
            user.role.as_str(),
            user.email.as_str()
        )
    };
    line
}

async fn set_role(name: &str, role: Role, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let user = manage(
        &auth,
        find(&auth, name).await?.id,
        Measure::ChangeRole(role),
    )
    .await?;
    print(&format!(
        "{} {} is {}.\n",
        user.id,
        user.email.as_str(),
        user.role
    ))
}

async fn set_password(name: &str, from_stdin: bool, settings: &Settings) -> Result<(), Failure> {
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
    let hash = installation
        .hasher
        .hash(password)
        .await
        .map_err(ntt_auth_core::flow::Fault::from)?;
    let user = manage(auth, user.id, Measure::SetPassword(hash)).await?;
    print(&format!(
        "{} {} has another password; every session ended.\n",
        user.id,
        user.email.as_str()
    ))
}

async fn erase(name: &str, yes: bool, settings: &Settings) -> Result<(), Failure> {
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

async fn manage(auth: &Auth, user: UserId, measure: Measure) -> Result<User, Failure> {
    let manage = ManageUser {
        actor: Actor::Operator,
        user,
        measure,
        client: Client::default(),
    };
    Ok(manage.run(auth).await?)
}

/// The user whom an operator names by email address, user name or id.
async fn find(auth: &Auth, name: &str) -> Result<User, Failure> {
    let mut read = auth.store().read();
    let found = if let Ok(id) = name.parse::<UserId>() {
        read.users().by_id(id).await?
    } else if let Ok(email) = Email::parse(name) {
        read.users().by_email(&email.folded()).await?
    } else if let Ok(username) = Username::parse(name) {
        read.users().by_username(&username.folded()).await?
    } else {
        None
    };
    found.ok_or_else(|| Failure::NoSuchUser(name.to_owned()))
}
