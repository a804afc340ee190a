//! `ntt-auth backup` and `ntt-auth restore`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use ntt_auth_core::flow::{Actor, note_backup};
use ntt_auth_core::model::Client;
use ntt_auth_core::port::{BackupMade, Backups as _, Clock as _};
use ntt_auth_store_sql::SqlStore;
use serde_json::json;

use super::confirm::confirm;
use super::table::counted;
use super::{Failure, open, print, wait};
use crate::backup::{BY_THEIR_OWN_TOOLS, BackupFolder, Codes, Restored, back_up, restore};
use crate::ports::SystemClock;
use crate::settings::{Database, Settings};
use crate::start::{existing_master_keys, open_store};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to make; a manifest is written beside it [default: a new file in backup.directory]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The backup; its manifest lies beside it
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Replace the database that is there; it is kept beside the restored one
    #[arg(long)]
    force: bool,
    /// Do not ask whether this is meant
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn back_up_now(given: &BackupArgs, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        // Not brought up to date first: before an upgrade is when a backup is wanted most.
        if settings.database.is_elsewhere() {
            return Err(Failure::Refused(BY_THEIR_OWN_TOOLS.to_owned()));
        }
        let is_there = matches!(&settings.database, Database::File(path) if path.exists());
        let keys = existing_master_keys(settings)?.filter(|_| is_there);
        let keys = keys.ok_or_else(|| {
            Failure::Refused("there is no installation yet, and nothing to back up".to_owned())
        })?;
        let codes = Codes::Sealed(keys);
        let store = open_store(settings)
            .await?
            .embedded
            .ok_or_else(|| Failure::Refused("there is no file to back up".to_owned()))?;
        let (name, made) = if let Some(to) = &given.to {
            let made = back_up(&store, &codes, to, SystemClock.now(), bar()).await?;
            (to.display().to_string(), made)
        } else {
            let folder = BackupFolder::new(
                Some(Arc::clone(&store)),
                codes,
                Arc::new(SystemClock),
                &settings.backup,
            );
            let made = folder.make().await.map_err(Failure::from)?;
            (made.name.clone(), made)
        };
        let BackupMade {
            at, size, users, ..
        } = made;
        print(&if given.json {
            format!(
                "{}\n",
                json!({ "name": name, "createdAt": at, "size": size, "users": users })
            )
        } else {
            format!(
                "{name}: {}, {size} bytes, checked.\nKeep the master key as well, and apart from it.\n",
                counted(users, "user", "users")
            )
        })?;
        note(settings, &store, &made).await
    })
}

/// Has the audit trail tell who took a copy of everything. The backup is there by now, and stays whatever comes of this.
async fn note(settings: &Settings, store: &SqlStore, made: &BackupMade) -> Result<(), Failure> {
    if store.pending_steps().await? > 0 {
        let _ = writeln!(
            std::io::stderr(),
            "The database is of an older version, so its audit trail does not tell of this backup."
        );
        return Ok(());
    }
    let auth = open(settings).await?.auth;
    Ok(note_backup(&auth, made, Some(Actor::Operator), &Client::default()).await?)
}

pub(super) fn restore_now(given: &RestoreArgs, settings: &Settings) -> Result<(), Failure> {
    if given.force && !given.yes {
        confirm(
            "Replace the database by the backup? Everything since then is lost, and everybody has to sign in again.",
        )?;
    }
    let now = SystemClock.now();
    let restored = wait(async {
        restore(settings, &given.from, given.force, now)
            .await
            .map_err(Failure::from)
    })?;
    print(&told(&restored, given.json))
}

fn told(restored: &Restored, json: bool) -> String {
    let Restored {
        manifest,
        invalidated,
        reconciled,
        replaced,
    } = restored;
    let users = manifest.rows.get("users").copied().unwrap_or(0);
    let replaced = replaced.as_ref().map(|path| path.display().to_string());
    if json {
        let answer = json!({
            "createdAt": manifest.created_at,
            "users": users,
            "sessionsEnded": invalidated.sessions,
            "keysForgotten": invalidated.keys,
            "jobsForgotten": invalidated.jobs,
            "erasedAgain": reconciled.erased_again,
            "replaced": replaced,
        });
        return format!("{answer}\n");
    }
    let mut text = format!(
        "Restored: {}, as of {}.\n\
         Ended: {}. Forgotten: {}. Everybody has to sign in again.\n",
        counted(users, "user", "users"),
        manifest.created_at,
        counted(invalidated.sessions, "session", "sessions"),
        counted(invalidated.keys, "signing key", "signing keys")
    );
    if reconciled.erased_again > 0 {
        let _ = writeln!(
            text,
            "{} erased since then, and now erased again.",
            counted(reconciled.erased_again, "account was", "accounts were")
        );
    }
    if let Some(replaced) = replaced {
        let _ = writeln!(
            text,
            "What was there before is {replaced}; remove it when you do not need it any more, for it holds people's data."
        );
    }
    text
}

/// Draws how far it is, where somebody looks on.
fn bar() -> impl Fn(u64, u64) + Send + 'static {
    let bar = ProgressBar::new(1);
    move |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        if done == of {
            bar.finish_and_clear();
        }
    }
}
