//! Comma-separated values (RFC 4180): cutting them into records, and writing cells that no spreadsheet runs.

use std::borrow::Cow;
use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader};

use super::rows::{Cut, MAX_ROW, Unreadable};

/// Most columns of a file.
const MAX_COLUMNS: usize = 256;

/// The columns of a file, from its first record.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(Arc<Vec<String>>);

/// One record with the names of its columns.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    columns: &'a Columns,
    cells: Vec<&'a str>,
}

impl Columns {
    pub(super) fn new(names: Vec<String>) -> Self {
        Self(Arc::new(names))
    }
}

impl<'a> Cells<'a> {
    pub(super) fn new(columns: &'a Columns, cells: Vec<&'a str>) -> Self {
        Self { columns, cells }
    }

    /// Whether there are as many cells as columns.
    pub(super) fn fits(&self) -> bool {
        self.cells.len() == self.columns.0.len()
    }

    /// What stands in a column; nothing if it is empty.
    pub(super) fn get(&self, column: &str) -> Option<&'a str> {
        let at = self.columns.0.iter().position(|name| name == column)?;
        self.cells.get(at).copied().filter(|cell| !cell.is_empty())
    }

    pub(super) fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }
}

/// Cuts what it is fed. A cut's octets are its cells, each with its length before it.
#[derive(Debug)]
pub(super) struct CsvCutter {
    reader: Reader,
    seen: u64,
    cells: Vec<u8>,
    ends: Vec<usize>,
    used: usize,
    columns: usize,
    too_long: bool,
    anything: bool,
}

impl CsvCutter {
    pub(super) fn new() -> Self {
        Self {
            reader: Reader::new(),
            seen: 0,
            cells: vec![0; 4096],
            ends: vec![0; MAX_COLUMNS],
            used: 0,
            columns: 0,
            too_long: false,
            anything: false,
        }
    }

    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(Cut),
    ) -> Result<(), Unreadable> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let read = self.step(rest, out)?;
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// An open quotation mark at the end swallows what was behind it: the file was cut off, or was never CSV.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Cut)) -> Result<(), Unreadable> {
        // csv-core takes empty input for the end.
        while self.anything {
            self.step(&[], out)?;
        }
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut impl FnMut(Cut)) -> Result<usize, Unreadable> {
        let (free, ends) = (
            self.cells.get_mut(self.used..).unwrap_or_default(),
            self.ends.get_mut(self.columns..).unwrap_or_default(),
        );
        let (result, read, written, ended) = self.reader.read_record(input, free, ends);
        self.seen += u64::try_from(read).unwrap_or(0);
        self.used += written;
        self.columns += ended;
        self.anything = self.anything || read > 0;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull if self.cells.len() < MAX_ROW => {
                let more = (self.cells.len() * 2).min(MAX_ROW);
                self.cells.resize(more, 0);
            }
            ReadRecordResult::OutputFull => {
                // What is too long is read on and thrown away.
                self.too_long = true;
                self.used = 0;
            }
            ReadRecordResult::OutputEndsFull => {
                return Err(Unreadable::Malformed {
                    offset: self.seen,
                    wanted: "at most 256 columns",
                });
            }
            ReadRecordResult::Record => {
                let bytes = (!self.too_long).then(|| self.packed());
                out(Cut {
                    end: self.seen,
                    bytes,
                });
                (self.used, self.columns, self.too_long, self.anything) = (0, 0, false, false);
            }
            ReadRecordResult::End => self.anything = false,
        }
        Ok(read)
    }

    fn packed(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.used + 4 * self.columns);
        let mut from = 0;
        for &end in self.ends.iter().take(self.columns) {
            let cell = self.cells.get(from..end).unwrap_or_default();
            packed.extend(u32::try_from(cell.len()).unwrap_or(0).to_be_bytes());
            packed.extend(cell);
            from = end;
        }
        packed
    }
}

/// The cells of a cut; `None` if one is not UTF-8.
pub(super) fn unpacked(mut packed: &[u8]) -> Option<Vec<&str>> {
    let mut cells = Vec::new();
    while let Some((length, rest)) = packed.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (cell, rest) = rest.split_at_checked(length)?;
        cells.push(std::str::from_utf8(cell).ok()?);
        packed = rest;
    }
    Some(cells)
}

/// Characters with which a spreadsheet begins a formula, also in their full-width forms, and those it skips before one.
const FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// A cell as it is written: quoted, and with an apostrophe before what a spreadsheet would run (CSV injection). Where the text
/// itself begins with such an apostrophe it is given another, so that [`armed`] finds every text again.
pub fn write_cell(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if is_armed(text)
        || text
            .strip_prefix('\'')
            .is_some_and(|rest| rest.starts_with('\'') || is_armed(rest))
    {
        out.push(b'\'');
    }
    out.extend(text.replace('"', "\"\"").bytes());
    out.push(b'"');
}

/// A cell as it was before [`write_cell`].
pub(super) fn armed(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with('\'') || is_armed(rest) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(cell),
    }
}

fn is_armed(text: &str) -> bool {
    text.starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], step: usize) -> Vec<(u64, Vec<String>)> {
        let mut cutter = CsvCutter::new();
        let mut rows = Vec::new();
        let mut out = |cut: Cut| {
            let bytes = cut.bytes.unwrap();
            let cells = unpacked(&bytes)
                .unwrap()
                .into_iter()
                .map(str::to_owned)
                .collect();
            rows.push((cut.end, cells));
        };
        for piece in text.chunks(step) {
            cutter.feed(piece, &mut out).unwrap();
        }
        cutter.finish(&mut out).unwrap();
        rows
    }

    #[test]
    fn records_are_cut_wherever_the_file_is() {
        let text = b"a,b\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\n\r\n,z";
        let whole = cut(text, usize::MAX);
        assert_eq!(
            whole
                .iter()
                .map(|(_, cells)| cells.clone())
                .collect::<Vec<_>>(),
            [vec!["a", "b"], vec!["x\r\ny", "say \"hi\""], vec!["", "z"]]
        );
        for step in 1..9 {
            let cells: Vec<_> = cut(text, step)
                .into_iter()
                .map(|(_, cells)| cells)
                .collect();
            let expected: Vec<_> = whole.iter().map(|(_, cells)| cells.clone()).collect();
            assert_eq!(cells, expected, "{step}");
        }
    }

    #[test]
    fn v5_2_1_an_open_quotation_mark_takes_no_memory() {
        let mut cutter = CsvCutter::new();
        let mut cuts = Vec::new();
        cutter.feed(b"a,\"", &mut |cut| cuts.push(cut)).unwrap();
        for _ in 0..4 {
            cutter
                .feed(&vec![b'x'; MAX_ROW], &mut |cut| cuts.push(cut))
                .unwrap();
        }
        cutter.finish(&mut |cut| cuts.push(cut)).unwrap();
        assert!(cutter.cells.len() <= MAX_ROW);
        assert!(cuts.len() == 1 && cuts[0].bytes.is_none());
    }

    #[test]
    fn e48_no_cell_begins_a_formula() {
        for text in ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'=x", "＝1"] {
            let mut out = Vec::new();
            write_cell(&mut out, text);
            assert!(out.starts_with(b"\"'"), "{text}");
        }
        let mut out = Vec::new();
        write_cell(&mut out, "'t Hooft");
        assert_eq!(out, b"\"'t Hooft\"");
    }

    proptest! {
        #[test]
        fn v1_2_10_every_text_comes_back_from_a_cell(text in "['=+@\t\r\n\",a＝-]{0,6}|\\PC*") {
            let mut out = Vec::new();
            write_cell(&mut out, &text);
            let rows = cut(&[&out[..], b",\"\"\n"].concat(), 3);
            prop_assert_eq!(rows.len(), 1);
            let cell = &rows[0].1[0];
            prop_assert!(!is_armed(cell));
            prop_assert_eq!(armed(cell).into_owned(), text);
        }
    }
}
