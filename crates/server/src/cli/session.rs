//! `ntt-auth session`: who is signed in, and ending that.

use clap::Subcommand;
use ntt_auth_core::flow::{Actor, EndSessionOf, ManageUserError, Measure, sessions_of};
use ntt_auth_core::model::{Client, Session, SessionId};
use serde_json::{Value, json};

use super::table::{Column, Table};
use super::user::{Whom, find, on_each};
use super::{Failure, open, print, wait};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the open sessions of an account, last used first
    List {
        /// Email address, user name or id
        user: String,
        /// Print JSON, one session a line
        #[arg(long)]
        json: bool,
    },
    /// End sessions; their access tokens are refused at once
    End {
        /// Ids, as `session list` shows them
        #[arg(required = true, value_name = "SESSION")]
        sessions: Vec<String>,
    },
    /// End every session of accounts
    EndAll {
        #[command(flatten)]
        whom: Whom,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        match command {
            Command::List { user, json } => list(&user, json, settings).await,
            Command::End { sessions } => end(sessions, settings).await,
            Command::EndAll { whom } => on_each(whom, Measure::EndSessions, settings).await,
        }
    })
}

const TABLE: Table<5> = Table([
    Column("ID", 36),
    Column("SINCE", 24),
    Column("LAST USED", 24),
    Column("ADDRESS", 15),
    Column("DEVICE", 0),
]);

async fn list(name: &str, json: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let user = find(&auth, name).await?;
    let sessions = sessions_of(&auth, Actor::Operator, user.id).await?;
    let mut text = if json { String::new() } else { TABLE.head() };
    for session in &sessions {
        let line = if json {
            format!("{}\n", json_of(session))
        } else {
            row(session)
        };
        text.push_str(&line);
    }
    print(&text)
}

fn row(session: &Session) -> String {
    let client = &session.client;
    let device = client
        .device_name
        .as_deref()
        .or(client.user_agent.as_deref());
    TABLE.row([
        &session.id.to_string(),
        &session.created_at.to_string(),
        &session.last_used_at.to_string(),
        &client
            .ip_address
            .map_or_else(|| "-".to_owned(), |address| address.to_string()),
        device.unwrap_or("-"),
    ])
}

fn json_of(session: &Session) -> Value {
    json!({
        "sessionId": session.id,
        "userId": session.user_id,
        "createdAt": session.created_at,
        "lastUsedAt": session.last_used_at,
        "expiresAt": session.expires_at.min(session.idle_expires_at),
        "deviceName": session.client.device_name,
        "userAgent": session.client.user_agent,
        "ipAddress": session.client.ip_address,
    })
}

/// Ends each; fails, at its end, if one was not there.
async fn end(sessions: Vec<String>, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let mut missing = None;
    for name in sessions {
        let ended = match name.parse::<SessionId>() {
            Ok(session) => {
                let end = EndSessionOf {
                    actor: Actor::Operator,
                    session,
                    client: Client::default(),
                };
                end.run(&auth).await
            }
            Err(_) => Err(ManageUserError::NotFound),
        };
        match ended {
            Ok(()) => print(&format!("{name} has ended.\n"))?,
            Err(ManageUserError::NotFound) => missing = Some(Failure::NoSuchSession(name)),
            Err(error) => return Err(error.into()),
        }
    }
    missing.map_or(Ok(()), Err)
}
