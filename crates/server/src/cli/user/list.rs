//! `ntt-auth user list`

use clap::{Args, ValueEnum};
use ntt_auth_core::store::UserSort;

use super::super::table::{Column, Table};
use super::super::{Failure, open, print};
use super::found::{Filter, Pages};
use super::shown::{json_of, state_of};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// Also deleted ones
    #[arg(long)]
    deleted: bool,
    /// By what to sort
    #[arg(long, value_enum, default_value = "created")]
    sort: Sort,
    /// Greatest first
    #[arg(long)]
    reverse: bool,
    /// At most so many
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// Print JSON, one account a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    /// When the account was made
    Created,
    /// Email address
    Email,
    /// Last sign-in; those who never signed in come first
    LastLogin,
}

impl From<Sort> for UserSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => Self::CreatedAt,
            Sort::Email => Self::Email,
            Sort::LastLogin => Self::LastLoginAt,
        }
    }
}

const TABLE: Table<5> = Table([
    Column("ID", 36),
    Column("ROLE", 11),
    Column("STATE", 9),
    Column("CREATED", 24),
    Column("EMAIL", 0),
]);

pub(super) async fn run(which: List, settings: &Settings) -> Result<(), Failure> {
    let filter = which.filter.parse(which.deleted)?;
    let auth = open(settings).await?.auth;
    if !which.json {
        print(&TABLE.head())?;
    }
    let mut left = which.limit.unwrap_or(usize::MAX);
    let mut pages = Pages::new(&auth, filter, which.sort.into(), which.reverse);
    while left > 0
        && let Some(users) = pages.next().await?
    {
        let now = auth.now();
        let mut text = String::new();
        for user in users
            .iter()
            .filter(|user| which.filter.fits(user, now))
            .take(left)
        {
            left -= 1;
            let line = if which.json {
                format!("{}\n", json_of(user, now))
            } else {
                TABLE.row([
                    &user.id.to_string(),
                    user.role.as_str(),
                    state_of(user, now),
                    &user.created_at.to_string(),
                    user.email.as_str(),
                ])
            };
            text.push_str(&line);
        }
        print(&text)?;
    }
    Ok(())
}
