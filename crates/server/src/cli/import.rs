//! `ntt-auth import`

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ntt_auth_core::flow::{
    Actor, ImportTerms, ImportUsers, ImportUsersError, OnConflict, OnInvalid, RowProblem,
};
use ntt_auth_core::model::{Client, ImportCounts, ImportDigest, Role};
use ntt_auth_core::transfer::{FirebaseConfig, Format, Hints, Reading, Row, Rows};
use serde_json::json;
use tokio::sync::mpsc;

use super::table::counted;
use super::{Failure, open, print, wait};
use crate::settings::Settings;

/// Octets read at one time.
const PIECE: usize = 256 * 1024;
/// How often a line tells how far it is, where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Import {
    /// File to read; - reads standard input, which cannot be resumed
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// What the file is
    #[arg(long, value_parser = format())]
    format: Format,
    /// Judge every row and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write what is wrong with rows to this file, JSON Lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Go on where an import of the same file stopped; without one, begin
    #[arg(long, conflicts_with = "dry_run")]
    resume: bool,
    /// What to do with accounts that are there already
    #[arg(long, value_enum, default_value_t = Conflict::Skip)]
    on_conflict: Conflict,
    /// What to do with rows whose profile or password hash is not acceptable
    #[arg(long, value_enum, default_value_t = Unfit::Reject)]
    on_invalid: Unfit,
    /// Give whoever has this role or group in the source this role here; may be given again
    #[arg(long = "role", value_name = "NAME=ROLE", value_parser = mapping)]
    roles: Vec<(String, Role)>,
    /// Role of everybody else
    #[arg(long, default_value = "user", value_parser = super::user::role())]
    default_role: Role,
    /// Firebase: file with the hash parameters that the console shows
    #[arg(long, value_name = "FILE")]
    firebase_config: Option<PathBuf>,
    /// Django: the model that holds the users
    #[arg(long, value_name = "APP.MODEL", default_value = "auth.user")]
    django_model: String,
    /// Also keep, in the metadata, what only administrators could change in the source; here people may change it
    #[arg(long)]
    keep_app_metadata: bool,
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

/// What to do with accounts that are there already.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Conflict {
    /// Leave them as they are
    Skip,
    /// Complete their profile, and their password if they have none; role and suspension stay
    Update,
    /// Stop before the first
    Fail,
}

/// What to do with rows that are acceptable in part.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unfit {
    /// Make no account
    Reject,
    /// Make the account without that part
    Drop,
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str))
        .try_map(|name| name.parse().map_err(|()| "not a format"))
}

fn mapping(text: &str) -> Result<(String, Role), String> {
    let (name, role) = text
        .rsplit_once('=')
        .ok_or_else(|| "write NAME=ROLE, like editors=moderator".to_owned())?;
    let role = role.parse::<Role>().map_err(|error| error.to_string())?;
    Ok((name.to_owned(), role))
}

pub(super) fn run(given: Import, settings: &Settings) -> Result<(), Failure> {
    let hints = Hints {
        firebase: given.firebase_config.as_deref().map(firebase).transpose()?,
        django_model: Some(given.django_model),
        keep_app_metadata: given.keep_app_metadata,
    };
    let terms = ImportTerms {
        format: given.format,
        on_conflict: match given.on_conflict {
            Conflict::Skip => OnConflict::Skip,
            Conflict::Update => OnConflict::Update,
            Conflict::Fail => OnConflict::Fail,
        },
        on_invalid: match given.on_invalid {
            Unfit::Reject => OnInvalid::Reject,
            Unfit::Drop => OnInvalid::Drop,
        },
        roles: given.roles.into_iter().collect(),
        default_role: given.default_role,
        dry_run: given.dry_run,
    };
    let source = Source::open(&given.from)?;
    let mut report = given
        .report
        .as_deref()
        .map(|path| Report::open(path, given.resume))
        .transpose()?;
    let dry_run = terms.dry_run;
    let (counts, stopped) = wait(async {
        let auth = open(settings).await?.auth;
        let digest = source.digest;
        let mut import = ImportUsers::begin(
            &auth,
            Actor::Operator,
            Client::default(),
            terms,
            digest,
            given.resume,
        )
        .await?;
        let behind = import.import().counts.rows;
        let mut progress = Progress::new(source.length, import.import().offset);
        if import.import().finished_at.is_none() {
            let (batches, mut arriving) = mpsc::channel(2);
            let rows = Rows::new(given.format, hints);
            let reader =
                tokio::task::spawn_blocking(move || read(source.file, rows, behind, &batches));
            while let Some(batch) = arriving.recv().await {
                let problems = import.take(&auth, batch).await?;
                if let Some(report) = &mut report {
                    report.write(&problems)?;
                }
                progress.show(import.import().offset, import.import().counts);
                if import.has_stopped() {
                    break;
                }
            }
            drop(arriving);
            let read = reader
                .await
                .map_err(|error| Failure::File(error.to_string()))?;
            if !import.has_stopped() {
                read.map_err(|why| {
                    let counts = import.import().counts;
                    Failure::File(format!(
                        "{}: {why}; {}",
                        given.from.display(),
                        line(counts, dry_run)
                    ))
                })?;
            }
        }
        progress.end();
        let stopped = import.has_stopped();
        Ok((import.finish(&auth).await?.counts, stopped))
    })?;
    print(&match given.json {
        true => format!("{}\n", object(counts, dry_run, stopped)),
        false => format!("{}.\n", line(counts, dry_run)),
    })?;
    let told = match &given.report {
        Some(path) => format!("{} tells why", path.display()),
        None => "--report FILE tells why".to_owned(),
    };
    if stopped {
        Err(Failure::Refused(format!(
            "row {} is there already, and the import stopped before it; {told}",
            counts.rows + 1
        )))
    } else if counts.rejected > 0 {
        Err(Failure::Rows(format!(
            "{} made no account; {told}",
            counted(counts.rejected, "row", "rows")
        )))
    } else {
        Ok(())
    }
}

/// Reads the file to its end, or until nobody takes what is read.
fn read(
    mut file: Box<dyn Read + Send>,
    mut rows: Rows,
    behind: u64,
    batches: &mpsc::Sender<Vec<(Row, Reading)>>,
) -> Result<(), String> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = match file.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let fed = match length {
            0 => rows.finish(),
            _ => rows.feed(piece.get(..length).unwrap_or_default()),
        };
        while let Some(batch) = rows.batch(behind, length == 0) {
            if batches.blocking_send(batch).is_err() {
                return Ok(());
            }
        }
        fed.map_err(|error| error.to_string())?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// What is read.
struct Source {
    file: Box<dyn Read + Send>,
    length: Option<u64>,
    digest: Option<ImportDigest>,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self {
                file: Box::new(io::stdin()),
                length: None,
                digest: None,
            });
        }
        let failed = |error| unreadable(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let mut context = digest::Context::new(&digest::SHA256);
        let (mut piece, mut length) = (vec![0; PIECE], 0);
        loop {
            let read = file.read(&mut piece).map_err(failed)?;
            if read == 0 {
                break;
            }
            length += u64::try_from(read).unwrap_or(0);
            context.update(piece.get(..read).unwrap_or_default());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Ok(Self {
            file: Box::new(File::open(path).map_err(failed)?),
            length: Some(length),
            digest: Some(ImportDigest::new(digest)),
        })
    }
}

fn firebase(path: &Path) -> Result<FirebaseConfig, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    FirebaseConfig::parse(&text)
        .map_err(|error| Failure::File(format!("{}: {error}", path.display())))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::File(format!("{} cannot be read: {error}", path.display()))
}

/// The file that tells what is wrong with rows. It names people by the ids of the source, so it is for its owner only.
struct Report {
    file: io::BufWriter<File>,
}

impl Report {
    fn open(path: &Path, append: bool) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Failure::File(format!("{} cannot be written: {error}", path.display()))
        })?;
        Ok(Self {
            file: io::BufWriter::new(file),
        })
    }

    fn write(&mut self, problems: &[RowProblem]) -> Result<(), Failure> {
        for problem in problems {
            let line = json!({
                "row": problem.row,
                "id": problem.id,
                "outcome": problem.outcome.as_str(),
                "field": problem.error.field,
                "code": problem.error.code,
                "message": problem.error.message,
            });
            writeln!(self.file, "{line}").map_err(Failure::Output)?;
        }
        self.file.flush().map_err(Failure::Output)
    }
}

/// Tells how far it is: a bar at a terminal, a line now and then elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    length: Option<u64>,
    begun: Instant,
    first: Option<u64>,
    told: Instant,
}

impl Progress {
    fn new(length: Option<u64>, offset: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let target = ProgressDrawTarget::stderr();
            let (bar, style) = match length {
                Some(length) => (
                    ProgressBar::with_draw_target(Some(length), target),
                    "{bar:40} {percent} % · {msg} · {eta} left",
                ),
                None => (
                    ProgressBar::with_draw_target(None, target),
                    "{spinner} {bytes} · {msg}",
                ),
            };
            // A template of ours is a good one; if not, the usual bar is shown.
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.set_position(offset);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            length,
            begun: now,
            first: None,
            told: now,
        }
    }

    fn show(&mut self, offset: u64, counts: ImportCounts) {
        let first = *self.first.get_or_insert(counts.rows);
        let seconds = self.begun.elapsed().as_secs().max(1);
        let rate = (counts.rows - first) / seconds;
        match &self.bar {
            Some(bar) => {
                bar.set_position(offset);
                bar.set_message(format!(
                    "{} rows, {rate} rows/s, {} rejected",
                    counts.rows, counts.rejected
                ));
            }
            None if self.told.elapsed() >= LINE_EVERY => {
                self.told = Instant::now();
                let part = match self.length {
                    Some(length) => format!(", {} %", offset * 100 / length.max(1)),
                    None => String::new(),
                };
                let _ = writeln!(
                    io::stderr(),
                    "{} rows{part}, {rate} rows/s, {} rejected",
                    counts.rows,
                    counts.rejected
                );
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(counts: ImportCounts, dry_run: bool) -> String {
    let ImportCounts {
        rows,
        added,
        updated,
        skipped,
        ignored,
        rejected,
    } = counts;
    let before = if dry_run {
        "Dry run, nothing was written: "
    } else {
        ""
    };
    format!(
        "{before}{rows} rows: {added} added, {updated} updated, {skipped} were there already, {rejected} rejected, {ignored} were no accounts"
    )
}

fn object(counts: ImportCounts, dry_run: bool, stopped: bool) -> serde_json::Value {
    json!({
        "dryRun": dry_run,
        "stopped": stopped,
        "rows": counts.rows,
        "added": counts.added,
        "updated": counts.updated,
        "skipped": counts.skipped,
        "ignored": counts.ignored,
        "rejected": counts.rejected,
    })
}

impl From<ImportUsersError> for Failure {
    fn from(error: ImportUsersError) -> Self {
        match error {
            ImportUsersError::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other.to_string()),
        }
    }
}
