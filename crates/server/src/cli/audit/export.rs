//! `ntt-auth audit export`

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use ntt_auth_core::Auth;
use ntt_auth_core::audit::checkpoint_text;
use ntt_auth_core::flow::{AuditEvent, audit_events_after, checkpoint_key, note_export};
use ntt_auth_core::model::{AuditHead, Mark, Outcome, Timestamp};
use ntt_auth_core::transfer::write_cell;
use serde_json::{Value, json};

use super::super::new_file::new_file;
use super::super::{Failure, open};
use super::list::json_of;
use super::{bar, time};
use crate::settings::Settings;

/// Events read from the store at one time.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(in super::super) struct Export {
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// File to write, readable for its owner alone; it must not be there yet [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only events at or after this time; what is left out cannot be verified by an outsider
    #[arg(long, value_name = "TIME", value_parser = time)]
    after: Option<Timestamp>,
    /// Only events before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// JSON, one object a line, with everything that hashes cover, and the checkpoints
    Jsonl,
    /// A table for a spreadsheet
    Csv,
}

pub(super) async fn run(how: &Export, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let out: Box<dyn Write> = match &how.output {
        Some(path) => Box::new(new_file(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let format = match how.format {
        Format::Jsonl => "jsonl",
        Format::Csv => "csv",
    };
    note_export(&auth, format!("operator, {format}")).await?;
    let head = auth.store().read().audit().head().await?;
    let written = match how.format {
        Format::Jsonl => {
            let mut lines = Lines(BufWriter::new(out));
            lines.begin(&auth, &head)?;
            each(&auth, how, &head, |event| lines.event(event)).await?;
            lines.end(&auth, &head).await
        }
        Format::Csv => {
            let mut table = BufWriter::new(out);
            let titles = COLUMNS.map(str::to_owned);
            table.write_all(&row(&titles)).map_err(Failure::Output)?;
            each(&auth, how, &head, |event| {
                table
                    .write_all(&row(&cells(event)))
                    .map_err(Failure::Output)
            })
            .await?;
            table.flush().map_err(Failure::Output)
        }
    };
    match written {
        // Whoever closes the pipe early has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Every event up to the end that the chain had, in constant memory.
async fn each(
    auth: &Auth,
    how: &Export,
    head: &AuditHead,
    mut write: impl FnMut(&AuditEvent) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = bar("Exporting");
    bar.set_length(u64::try_from(head.latest - head.cut).unwrap_or(0));
    let mut position = head.cut;
    while position < head.latest {
        let page = audit_events_after(auth, position, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = last.sequence;
        for event in page.iter().filter(|event| event.sequence <= head.latest) {
            let late = how.before.is_some_and(|before| event.at >= before);
            let early = how.after.is_some_and(|after| event.at < after);
            if !late && !early {
                write(event)?;
            }
        }
        bar.set_position(u64::try_from(position - head.cut).unwrap_or(0));
    }
    bar.finish_and_clear();
    Ok(())
}

/// JSON, one object a line.
struct Lines<W: Write>(BufWriter<W>);

impl<W: Write> Lines<W> {
    /// Where the chain begins, and by which key its checkpoints are signed.
    fn begin(&mut self, auth: &Auth, head: &AuditHead) -> Result<(), Failure> {
        let key = checkpoint_key(auth)?;
        self.line(&json!({
            "type": "trail",
            "version": 1,
            "beginning": { "sequence": head.cut, "hash": base64(&head.cut_hash) },
            "key": { "kty": "OKP", "crv": "Ed25519", "kid": key.id(), "x": key.public() },
        }))
    }

    fn event(&mut self, event: &AuditEvent) -> Result<(), Failure> {
        let record = &event.record;
        let mark = |mark: Option<Mark>| mark.map(|mark| base64(mark.bytes()));
        let mut line = json_of(event);
        if let Some(members) = line.as_object_mut() {
            members.insert("type".to_owned(), json!("event"));
            members.insert(
                "chain".to_owned(),
                json!({
                    "millis": record.at.millis(),
                    "actorMark": mark(record.actor_mark),
                    "subjectMark": mark(record.subject_mark),
                    "sessionMark": mark(record.session_mark),
                    "sealed": record.sealed.as_deref().map(base64),
                    "hash": base64(&record.hash),
                }),
            );
        }
        self.line(&line)
    }

    async fn end(&mut self, auth: &Auth, head: &AuditHead) -> Result<(), Failure> {
        let mut after = i64::MIN;
        loop {
            let page = auth.store().read().audit().checkpoints(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for checkpoint in page.iter().filter(|it| it.sequence <= head.latest) {
                let text = checkpoint_text(checkpoint);
                self.line(&json!({ "type": "checkpoint", "checkpoint": text }))?;
            }
        }
        self.0.flush().map_err(Failure::Output)
    }

    fn line(&mut self, line: &Value) -> Result<(), Failure> {
        writeln!(self.0, "{line}").map_err(Failure::Output)
    }
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const COLUMNS: [&str; 13] = [
    "sequence",
    "eventId",
    "occurredAt",
    "kind",
    "result",
    "actorId",
    "subjectId",
    "sessionId",
    "ipAddress",
    "userAgent",
    "requestId",
    "detail",
    "erased",
];

fn cells(event: &AuditEvent) -> [String; 13] {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    [
        event.sequence.to_string(),
        event.id.to_string(),
        event.at.to_string(),
        event.kind.clone(),
        text(event.outcome().map(Outcome::as_str)),
        text(event.actor),
        text(event.subject),
        text(event.session),
        text(event.ip_address),
        text(event.user_agent.as_deref()),
        text(event.request_id.as_deref()),
        text(event.detail.as_deref()),
        event.erased.to_string(),
    ]
}

/// A row as RFC 4180 says, without a cell that a spreadsheet would take for a formula.
fn row(cells: &[String]) -> Vec<u8> {
    let mut row = Vec::new();
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            row.push(b',');
        }
        write_cell(&mut row, cell);
    }
    row.extend(b"\r\n");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e48_v1_2_10_cells_are_quoted_and_begin_no_formula() {
        let cells = ["=cmd|' /C calc'!A0", "a,b", "say \"x\"", "two\r\nlines"].map(str::to_owned);
        assert_eq!(
            String::from_utf8(row(&cells)).unwrap(),
            "\"'=cmd|' /C calc'!A0\",\"a,b\",\"say \"\"x\"\"\",\"two\r\nlines\"\r\n"
        );
    }
}
