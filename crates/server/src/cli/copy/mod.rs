//! `ntt-auth copy`

mod place;
mod progress;
mod report;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use ntt_auth_core::flow::{Actor, CopyError, CopyStore, note_backup};
use ntt_auth_core::model::{Client, Timestamp};
use ntt_auth_core::port::{BackupMade, Clock as _, random};
use ntt_auth_core::store::ManagedStore;

use super::confirm::confirm;
use super::{Failure, open, print, wait};
use crate::ports::{SystemClock, SystemEntropy};
use crate::settings::{Database, Inputs, Settings};
use crate::start::{existing_master_keys, open_database};
use crate::telemetry::Chain;
use place::Place;
use progress::Shown;
use report::Report;

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    /// The database to copy, written as in database.url [default: the configured one]
    #[arg(long, value_name = "URL", conflicts_with = "from_file")]
    from: Option<String>,
    /// A file that holds the URL of the database to copy; one with a password is better not seen by others [env: `NTT_AUTH_COPY_FROM`, the URL itself]
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// The new, empty database to copy to [default: the configured one]
    #[arg(long, value_name = "URL", conflicts_with = "to_file")]
    to: Option<String>,
    /// A file that holds the URL of the database to copy to [env: `NTT_AUTH_COPY_TO`, the URL itself]
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
    /// Forget what an unfinished copy has written to the target, and begin anew
    #[arg(long)]
    restart: bool,
    /// Do not ask whether --restart is meant
    #[arg(long, requires = "restart")]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(given: &CopyArgs, inputs: &Inputs, settings: &Settings) -> Result<(), Failure> {
    let from = place::FROM.given(given.from.as_ref(), given.from_file.as_deref(), inputs)?;
    let to = place::TO.given(given.to.as_ref(), given.to_file.as_deref(), inputs)?;
    if from.is_none() && to.is_none() {
        return Err(Failure::Usage(
            "say where to copy to with --to, or what to copy with --from",
        ));
    }
    let from = Place::new(&place::FROM, from, settings)?;
    let to = Place::new(&place::TO, to, settings)?;
    if from.is(&to) {
        return Err(Failure::Usage("--from and --to are the same database"));
    }
    wait(copy(given, &from, &to, settings))
}

async fn copy(
    given: &CopyArgs,
    from: &Place,
    to: &Place,
    settings: &Settings,
) -> Result<(), Failure> {
    if let Database::File(path) = &from.database
        && !path.exists()
    {
        return Err(Failure::NotFound(format!(
            "the source {} is not there",
            path.display()
        )));
    }
    let source = opened(from, settings).await?;
    let target = opened(to, settings).await?;
    let [from_engine, to_engine] = [source.engine(), target.engine()];
    prepare(&*source, &*target).await?;
    let (old, new) = (source.portable(), target.portable());
    if given.restart {
        if new.copying().await?.is_none() {
            return Err(Failure::Refused(
                "no unfinished copy is in the target, and nothing else is forgotten; leave --restart out".to_owned(),
            ));
        }
        if !given.yes {
            confirm("Forget what the unfinished copy has written to the target?")?;
        }
        target.reset().await?;
    }
    let entropy = SystemEntropy::default();
    let copy = CopyStore {
        source: old,
        target: new,
        run: random(&entropy),
        now: SystemClock.now(),
    };
    let begun = copy.begun().await.map_err(|error| explained(&error))?;
    match &begun {
        Some(begun) => say(&format!(
            "The copy begun at {} goes on: {} rows of {} are there.",
            begun.begun_at, begun.progress.rows, begun.progress.table
        )),
        None => note(from, to_engine, copy.now, settings).await?,
    }
    let mut shown = Shown::new();
    let outcome = copy.run(&mut |step| shown.show(step)).await;
    shown.end();
    let report = Report {
        from: from_engine,
        to: to_engine,
        resumed: begun.is_some(),
    };
    match outcome {
        Ok(proofs) => print(&report.told(&proofs, given.json)),
        Err(error) => {
            if let CopyError::Differs(proofs) = &error {
                print(&report.told(proofs, given.json))?;
            }
            Err(explained(&error))
        }
    }
}

async fn opened(place: &Place, settings: &Settings) -> Result<Arc<dyn ManagedStore>, Failure> {
    match open_database(&place.database, settings, Arc::new(SystemClock)).await {
        Ok(opened) => Ok(opened.store),
        Err(error) => Err(Failure::Copy(format!("{}: {}", place.name, Chain(&error)))),
    }
}

/// Both sides have to have the tables of this program. Those of the target are made, if there are none at all.
async fn prepare(source: &dyn ManagedStore, target: &dyn ManagedStore) -> Result<(), Failure> {
    if source.is_new().await? {
        return Err(explained(&CopyError::SourceIsNew));
    }
    for (name, store) in [("source", source), ("target", target)] {
        if !store.is_new().await? && store.pending_steps().await? > 0 {
            return Err(Failure::Refused(format!(
                "the {name} is of an older version of this program: bring it up to date with `ntt-auth migrate` first"
            )));
        }
    }
    if target.is_new().await? {
        target.migrate().await?;
    }
    Ok(())
}

/// Has the audit trail of the source, and with it that of the copy, tell who took a copy of everything.
async fn note(from: &Place, to: &str, now: Timestamp, settings: &Settings) -> Result<(), Failure> {
    let mut settings = settings.clone();
    settings.database = from.database.clone();
    if existing_master_keys(&settings)?.is_none() {
        say("There is no master key here, so the audit trail does not tell of this copy.");
        return Ok(());
    }
    let installation = open(&settings).await?;
    let made = BackupMade {
        name: format!("copy to {to}"),
        at: now,
        size: 0,
        sha256: String::new(),
        users: 0,
    };
    note_backup(
        &installation.auth,
        &made,
        Some(Actor::Operator),
        &Client::default(),
    )
    .await?;
    installation.close().await;
    Ok(())
}

fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// What happened, and what is to be done about it.
fn explained(error: &CopyError) -> Failure {
    let what = Chain(error).to_string();
    match error {
        CopyError::SourceIsNew => Failure::Refused(format!(
            "{what}; name the database that the servers use in --from"
        )),
        CopyError::SourceIsUnfinished => Failure::Refused(format!(
            "{what}; finish that one first, or copy from where it came"
        )),
        CopyError::TargetIsNotEmpty(_) => Failure::Refused(format!(
            "{what}, and nothing is ever overwritten; name a new database in --to"
        )),
        CopyError::OtherSource => Failure::Refused(format!(
            "{what}; name that one in --from, or begin anew with --restart"
        )),
        CopyError::SourceMoved | CopyError::Differs(_) => Failure::Copy(format!(
            "{what}: stop every server and command that uses the source, and begin anew with --restart; \
             until then no server starts on the target"
        )),
        CopyError::TakenOver => Failure::Copy(what),
        CopyError::Table { .. } | CopyError::Store(_) => Failure::Copy(format!(
            "{what}; the copy goes on where it stopped when the command is run again"
        )),
    }
}
