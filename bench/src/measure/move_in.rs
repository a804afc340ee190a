//! ACC-12: accounts of another system moved in, and out again.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::plan::Bench;
use crate::report::{Finding, Report};

/// The fewest accounts in a second.
const LEAST: f64 = 5000.0;
const FOLDER: &str = "moved";
/// As another system made it; it is taken as it is.
const HASH: &str = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

/// Times the command over a file of accounts, and back.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let count = bench.scale.moved;
    bench.say(&format!("ACC-12: moving {count} accounts in"));
    // The server makes the tables.
    bench.start_ours(FOLDER, &[])?.stop()?;
    let folder = bench.folder(FOLDER)?;
    let source = folder.join("accounts.jsonl");
    write(&source, count).map_err(Failure::while_(format!("writing {}", source.display())))?;
    let source = source.display().to_string();
    let moved_in = run(bench, &["import", "--from", &source, "--format", "jsonl"])?;
    tell(
        report,
        "move-in",
        "accounts with bcrypt hashes moved in from JSON Lines, each batch on disk before the next",
        moved_in,
        count,
        Some(LEAST),
    );
    let target = folder.join("moved-out.jsonl").display().to_string();
    let moved_out = run(bench, &["export", "--to", &target, "--format", "jsonl"])?;
    let what = "accounts moved out to JSON Lines";
    tell(report, "move-out", what, moved_out, count, None);
    Ok(())
}

fn write(path: &Path, count: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..count {
        let row = serde_json::json!({
            "email": format!("person.{number}@mail-{}.example", number % 20),
            "emailVerifiedAt": "2024-05-06T07:08:09Z",
            "username": format!("person_{number}"),
            "firstName": "Ada",
            "lastName": format!("Lovelace-{}", number % 997),
            "createdAt": "2023-01-02T03:04:05Z",
            "passwordHash": HASH,
        });
        writeln!(file, "{row}")?;
    }
    file.flush()
}

/// How long a command took that had to succeed.
fn run(bench: &Bench, arguments: &[&str]) -> Result<Duration> {
    let mut command = bench.command_of_ours(FOLDER, &[])?;
    command.args(arguments).stdout(Stdio::null());
    command.stderr(Stdio::null());
    let begun = Instant::now();
    let name = || format!("running ntt-auth {}", arguments.join(" "));
    let status = command.status().map_err(Failure::while_(name()))?;
    let took = begun.elapsed();
    if status.success() {
        Ok(took)
    } else {
        Err(Failure::Unmet(format!("{} failed: {status}", name())))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate of some thousands in a second"
)]
fn tell(
    report: &mut Report,
    key: &'static str,
    what: &str,
    took: Duration,
    count: usize,
    least: Option<f64>,
) {
    let rate = count as f64 / took.as_secs_f64();
    report.finding(Finding {
        key,
        number: "ACC-12",
        what: format!("{count} {what}"),
        ours: format!("{:.1} s", took.as_secs_f64()),
        beside: "–".to_owned(),
        result: format!("{rate:.0}/s"),
        target: least.map_or_else(|| "told".to_owned(), |least| format!("≥ {least:.0}/s")),
        reached: least.map(|least| rate >= least),
    });
}
