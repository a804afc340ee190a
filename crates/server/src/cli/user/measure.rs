//! What is done to accounts, to each alone: `ntt-auth user suspend` and its like.

use std::io::Write as _;

use clap::Args;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Actor, ManageUser, Measure};
use ntt_auth_core::model::{Client, Email, User, UserId};
use ntt_auth_core::store::UserSort;

use super::super::confirm::confirm;
use super::super::{Failure, open, print};
use super::find;
use super::found::{Filter, Pages};
use super::shown::json_of;
use crate::settings::Settings;

/// The accounts that something is done to.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// Email addresses, user names or ids
    #[arg(value_name = "USER")]
    users: Vec<String>,
    /// All accounts that fit the filter; how many they are is asked about first
    #[arg(long, conflicts_with = "users")]
    all: bool,
    #[command(flatten, next_help_heading = "Filter, with --all")]
    filter: Filter,
    /// Do not ask whether this is meant
    #[arg(long, requires = "all")]
    yes: bool,
    /// Print JSON, one account a line
    #[arg(long)]
    json: bool,
}

/// An account that is meant, and its address for what is told of it.
type Meant = (UserId, Email);

impl Whom {
    /// These.
    pub(crate) fn named(users: Vec<String>, json: bool) -> Self {
        Self {
            users,
            all: false,
            filter: Filter::default(),
            yes: false,
            json,
        }
    }

    /// Who is meant, each once. A name that is nobody's is told, and the others go on.
    async fn find(
        &self,
        auth: &Auth,
        measure: &Measure,
    ) -> Result<(Vec<Meant>, Option<Failure>), Failure> {
        if self.all {
            return Ok((self.matching(auth, measure).await?, None));
        }
        if !self.filter.is_empty() {
            return Err(Failure::Usage("a filter goes with --all"));
        }
        if self.users.is_empty() {
            return Err(Failure::Usage("name accounts, or give --all with a filter"));
        }
        let (mut found, mut missing) = (Vec::new(), None);
        for name in &self.users {
            match find(auth, name).await {
                Ok(user) if found.iter().any(|(id, _)| *id == user.id) => {}
                Ok(user) => found.push((user.id, user.email)),
                Err(failure @ Failure::NoSuchUser(_)) => told(&mut missing, failure),
                Err(failure) => return Err(failure),
            }
        }
        Ok((found, missing))
    }

    async fn matching(&self, auth: &Auth, measure: &Measure) -> Result<Vec<Meant>, Failure> {
        if self.filter.is_empty() {
            return Err(Failure::Usage("--all needs a filter, like --role guest"));
        }
        let deleted = matches!(measure, Measure::Restore);
        let filter = self.filter.parse(deleted)?;
        // Whoever is changed while the list is read neither leaves it nor comes twice.
        let mut pages = Pages::new(auth, filter, UserSort::CreatedAt, false);
        let mut found = Vec::new();
        while let Some(users) = pages.next().await? {
            let now = auth.now();
            let fitting = users.into_iter().filter(|user| {
                self.filter.fits(user, now) && (!deleted || user.standing.deleted_at.is_some())
            });
            found.extend(fitting.map(|user| (user.id, user.email)));
        }
        Ok(found)
    }
}

/// Does something to each account and tells of each; fails, at its end, as the first did that failed.
pub(crate) async fn on_each(
    whom: Whom,
    measure: Measure,
    settings: &Settings,
) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let (users, mut failed) = whom.find(&auth, &measure).await?;
    if whom.all && users.is_empty() {
        let _ = writeln!(std::io::stderr(), "No account fits.");
    } else if whom.all && !whom.yes {
        let many = users.len();
        confirm(&format!("{many} accounts fit. Do it to all of them?")).map_err(|failure| {
            match failure {
                Failure::Refused(why) => Failure::Refused(format!("{many} accounts fit; {why}")),
                other => other,
            }
        })?;
    }
    for (user, email) in users {
        let manage = ManageUser {
            actor: Actor::Operator,
            user,
            measure: measure.clone(),
            client: Client::default(),
        };
        match manage.run(&auth).await {
            Ok(user) => print(&done(&user, &measure, &auth, whom.json))?,
            Err(error) => told(
                &mut failed,
                Failure::OfUser(user, email, Box::new(error.into())),
            ),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Keeps the first failure to fail by, and tells the others at once.
fn told(first: &mut Option<Failure>, failure: Failure) {
    match first {
        None => *first = Some(failure),
        Some(_) => {
            let _ = writeln!(std::io::stderr(), "ntt-auth: {failure}");
        }
    }
}

fn done(user: &User, measure: &Measure, auth: &Auth, json: bool) -> String {
    if json {
        return format!("{}\n", json_of(user, auth.now()));
    }
    let (id, email) = (user.id, user.email.as_str());
    match measure {
        Measure::ChangeRole(role) => format!("{id} {email} is {role}.\n"),
        Measure::Suspend {
            until: Some(until), ..
        } => format!("{id} {email} is suspended until {until}.\n"),
        Measure::Suspend { until: None, .. } => format!("{id} {email} is suspended.\n"),
        Measure::Reactivate => format!("{id} {email} is active.\n"),
        Measure::Unlock => format!("{id} {email} can be signed in to from everywhere.\n"),
        Measure::VerifyEmail => format!("{id} {email} is verified.\n"),
        Measure::Delete => format!("{id} {email} is deleted and can be restored.\n"),
        Measure::Restore => format!("{id} {email} is restored.\n"),
        Measure::EndSessions => format!("{id} {email}: every session ended.\n"),
        Measure::SetPassword(_) => format!("{id} {email} has another password.\n"),
    }
}
