//! A table as `pg_dump` writes it: `COPY auth.users (id, …) FROM stdin;`, a row a line, `\.` at the end.

use super::rows::{Cut, MAX_ROW, Unreadable};

/// Cuts the rows of `auth.users` out of a dump. A cut's octets are its cells, each with its length before it, as those of CSV.
#[derive(Debug)]
pub(super) struct CopyCutter {
    line: Vec<u8>,
    too_long: bool,
    seen: u64,
    inside: bool,
}

impl CopyCutter {
    pub(super) fn new() -> Self {
        Self {
            line: Vec::new(),
            too_long: false,
            seen: 0,
            inside: false,
        }
    }

    /// Whether a file that begins like this is a dump. A CSV file begins with the names of its columns.
    pub(super) fn recognises(begun: &[u8]) -> bool {
        let text = String::from_utf8_lossy(begun);
        text.lines().any(|line| {
            ["--", "SET ", "COPY ", "SELECT ", "\\restrict"]
                .iter()
                .any(|word| line.starts_with(word))
        })
    }

    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(Cut),
    ) -> Result<(), Unreadable> {
        for &byte in bytes {
            self.seen += 1;
            if byte == b'\n' {
                self.end_line(out)?;
            } else if self.line.len() < MAX_ROW {
                self.line.push(byte);
            } else {
                self.too_long = true;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Unreadable> {
        if self.inside {
            Err(Unreadable::Truncated)
        } else {
            Ok(())
        }
    }

    fn end_line(&mut self, out: &mut impl FnMut(Cut)) -> Result<(), Unreadable> {
        let line = std::mem::take(&mut self.line);
        let too_long = std::mem::take(&mut self.too_long);
        if !self.inside {
            if let Some(columns) = columns(&line) {
                self.inside = true;
                out(Cut {
                    end: self.seen,
                    bytes: Some(packed(columns.into_iter().map(str::as_bytes))),
                });
            } else if line.starts_with(b"INSERT INTO") {
                return Err(Unreadable::Malformed {
                    offset: self.seen,
                    wanted: "a dump with COPY and not with INSERT (pg_dump without --inserts, supabase db dump with --use-copy)",
                });
            }
            return Ok(());
        }
        if line == b"\\." {
            self.inside = false;
            return Ok(());
        }
        let cells: Vec<Vec<u8>> = line.split(|byte| *byte == b'\t').map(unescaped).collect();
        out(Cut {
            end: self.seen,
            bytes: (!too_long).then(|| packed(cells.iter().map(Vec::as_slice))),
        });
        Ok(())
    }
}

/// The columns, if the line begins the rows of `auth.users`.
fn columns(line: &[u8]) -> Option<Vec<&str>> {
    let line = std::str::from_utf8(line).ok()?;
    let rest = line
        .strip_prefix("COPY auth.users (")
        .or_else(|| line.strip_prefix("COPY \"auth\".\"users\" ("))?;
    let (names, _) = rest.split_once(") FROM stdin;")?;
    Some(
        names
            .split(',')
            .map(|name| name.trim().trim_matches('"'))
            .collect(),
    )
}

fn packed<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut packed = Vec::new();
    for cell in cells {
        packed.extend(u32::try_from(cell.len()).unwrap_or(0).to_be_bytes());
        packed.extend(cell);
    }
    packed
}

/// `\N` is null, which is nothing here; the other escapes are PostgreSQL's.
fn unescaped(cell: &[u8]) -> Vec<u8> {
    if cell == b"\\N" {
        return Vec::new();
    }
    let mut out = Vec::with_capacity(cell.len());
    let mut bytes = cell.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(other) => other,
            None => b'\\',
        });
    }
    out
}
