//! `ntt-auth jobs`

use std::fmt::Write as _;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ntt_auth_core::flow::{Actor, JobMeasure, ListJobs, ManageJob};
use ntt_auth_core::model::{Client, Job, JobId, JobState, Timestamp};
use serde_json::json;

use super::{Failure, open, print, wait};
use crate::settings::Settings;

/// Jobs read from the store at one time.
const PAGE: u32 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List jobs, newest first: mails that wait, that were sent in the last day, and that were given up
    List {
        /// Only those in this state
        #[arg(long, value_parser = state())]
        state: Option<JobState>,
        /// Print JSON, one job a line
        #[arg(long)]
        json: bool,
    },
    /// Try a job again that was given up
    Retry {
        /// Its id
        job: String,
    },
    /// Forget a job, whatever its state
    Remove {
        /// Its id
        job: String,
    },
}

/// Reads a state, and shows all of them in the help.
fn state() -> impl TypedValueParser<Value = JobState> {
    PossibleValuesParser::new(JobState::ALL.iter().map(|state| state.as_str()))
        .try_map(|name| name.parse::<JobState>().map_err(|()| "no such state"))
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        match command {
            Command::List { state, json } => list(state, json, settings).await,
            Command::Retry { job } => manage(&job, JobMeasure::Retry, settings).await,
            Command::Remove { job } => manage(&job, JobMeasure::Remove, settings).await,
        }
    })
}

async fn list(state: Option<JobState>, json: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    if !json {
        print(&format!(
            "{:<36} {:<7} {:<20} {:>8} {:<24} {:<24} {}\n",
            "ID", "STATE", "WHAT", "ATTEMPTS", "CREATED", "DUE", "LAST ERROR"
        ))?;
    }
    let mut cursor = None;
    loop {
        let page = ListJobs {
            actor: Actor::Operator,
            state,
            cursor: cursor.take(),
            limit: PAGE,
        }
        .run(&auth)
        .await?;
        print(
            &page
                .jobs
                .iter()
                .map(|job| line(job, json))
                .collect::<String>(),
        )?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn line(job: &Job, json: bool) -> String {
    let mut line = String::new();
    let _ = if json {
        let object = json!({
            "jobId": job.id,
            "kind": job.kind.as_str(),
            "topic": job.topic,
            "state": job.state.as_str(),
            "userId": job.subject,
            "attempts": job.attempts,
            "lastError": job.last_error,
            "createdAt": job.created_at,
            "dueAt": job.due_at,
            "expiresAt": job.expires_at,
            "leasedBy": job.leased_by,
            "finishedAt": job.finished_at,
        });
        writeln!(line, "{object}")
    } else {
        writeln!(
            line,
            "{} {:<7} {:<20} {:>8} {:<24} {:<24} {}",
            job.id,
            job.state.as_str(),
            job.topic,
            job.attempts,
            job.created_at.to_string(),
            job.due_at
                .map(|at| Timestamp::to_string(&at))
                .unwrap_or_default(),
            job.last_error.as_deref().unwrap_or_default()
        )
    };
    line
}

async fn manage(job: &str, measure: JobMeasure, settings: &Settings) -> Result<(), Failure> {
    let id: JobId = job.parse().map_err(|_| {
        Failure::NotFound(format!("`{job}` is no id of a job (`ntt-auth jobs list`)"))
    })?;
    let auth = open(settings).await?.auth;
    ManageJob {
        actor: Actor::Operator,
        job: id,
        measure,
        client: Client::default(),
    }
    .run(&auth)
    .await?;
    print(&match measure {
        JobMeasure::Retry => format!("{id} waits for its next attempt.\n"),
        JobMeasure::Remove => format!("{id} is forgotten.\n"),
    })
}
