//! Cutting JSON into the objects that are its rows: lines, the elements of an array, or those of one member's array.
//!
//! Nothing is parsed here but the structure, so that a row that is broken is that row's mistake, and what is not a row (the
//! rest of a realm, say) costs no memory.

use super::rows::{Cut, MAX_ROW, Unreadable};

/// Where the rows are in a file whose first character is `{`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each line is a row (JSON Lines).
    Lines,
    /// They are the elements of this member.
    Member(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first character.
    Start,
    /// In a line.
    Line,
    /// Among the elements of the array.
    Elements,
    /// In an element.
    Element,
    /// In the object around the array.
    Around,
    /// Behind all rows.
    End,
}

/// Where in a text, which may hold what elsewhere is structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

/// Cuts what it is fed.
#[derive(Debug)]
pub(super) struct JsonCutter {
    layout: Layout,
    place: Place,
    /// Octets seen.
    seen: u64,
    row: Vec<u8>,
    too_long: bool,
    depth: usize,
    text: Text,
    /// The last text at the outermost level of the object around, and whether its colon has come.
    name: Vec<u8>,
    named: bool,
    /// Whether there is an object around the array.
    wrapped: bool,
}

impl JsonCutter {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            place: Place::Start,
            seen: 0,
            row: Vec::new(),
            too_long: false,
            depth: 0,
            text: Text::Outside,
            name: Vec::new(),
            named: false,
            wrapped: false,
        }
    }

    /// Cuts `bytes`; whole rows are put into `out`.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(Cut),
    ) -> Result<(), Unreadable> {
        for &byte in bytes {
            self.seen += 1;
            self.step(byte, out)?;
        }
        Ok(())
    }

    /// Says that there is no more.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Cut)) -> Result<(), Unreadable> {
        match self.place {
            Place::Line => {
                self.emit(out);
                Ok(())
            }
            Place::Start | Place::End => Ok(()),
            Place::Elements | Place::Element | Place::Around => Err(Unreadable::Truncated),
        }
    }

    fn step(&mut self, byte: u8, out: &mut impl FnMut(Cut)) -> Result<(), Unreadable> {
        match self.place {
            Place::Start => self.start(byte)?,
            Place::Line if byte == b'\n' => self.emit(out),
            Place::Line => self.keep(byte),
            Place::Elements => match byte {
                b']' => self.leave(),
                b',' => {}
                b'{' => {
                    self.place = Place::Element;
                    self.structure(byte);
                    self.keep(byte);
                }
                _ if byte.is_ascii_whitespace() => {}
                _ => return Err(self.unexpected("a list of objects")),
            },
            Place::Element => {
                self.structure(byte);
                self.keep(byte);
                if self.depth == 0 {
                    self.emit(out);
                    self.place = Place::Elements;
                }
            }
            Place::Around => self.around(byte),
            Place::End if byte.is_ascii_whitespace() => {}
            Place::End => return Err(self.unexpected("nothing more")),
        }
        Ok(())
    }

    fn start(&mut self, byte: u8) -> Result<(), Unreadable> {
        match (byte, self.layout) {
            // A byte order mark, or space.
            (0xef | 0xbb | 0xbf, _) if self.seen <= 3 => {}
            _ if byte.is_ascii_whitespace() => {}
            (b'[', _) => self.place = Place::Elements,
            (b'{', Layout::Member(_)) => {
                self.wrapped = true;
                self.place = Place::Around;
                self.depth = 1;
            }
            (_, Layout::Lines) => {
                self.place = Place::Line;
                self.keep(byte);
            }
            _ => return Err(self.unexpected("JSON")),
        }
        Ok(())
    }

    /// In the object around the rows: only names at its outermost level are looked at.
    fn around(&mut self, byte: u8) {
        let outermost = self.depth == 1;
        if self.text != Text::Outside {
            self.structure(byte);
            if outermost && self.text != Text::Outside && self.name.len() < 64 {
                self.name.push(byte);
            }
            return;
        }
        match byte {
            b'"' if outermost && !self.named => self.name.clear(),
            b':' if outermost => self.named = true,
            b',' if outermost => self.named = false,
            b'[' if outermost && self.named && self.is_the_member() => {
                self.named = false;
                self.depth = 0;
                self.place = Place::Elements;
                return;
            }
            _ => {}
        }
        self.structure(byte);
        if self.depth == 0 {
            self.place = Place::End;
        }
    }

    fn is_the_member(&self) -> bool {
        matches!(self.layout, Layout::Member(name) if self.name == name.as_bytes())
    }

    /// Behind the last element.
    fn leave(&mut self) {
        if self.wrapped {
            self.depth = 1;
            self.place = Place::Around;
        } else {
            self.place = Place::End;
        }
    }

    /// Follows texts and nesting.
    fn structure(&mut self, byte: u8) {
        match (self.text, byte) {
            (Text::Outside, _) => {}
            (Text::Escaped, _) => return self.text = Text::Inside,
            (Text::Inside, b'\\') => return self.text = Text::Escaped,
            (Text::Inside, b'"') => return self.text = Text::Outside,
            (Text::Inside, _) => return,
        }
        match byte {
            b'"' => self.text = Text::Inside,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.row.len() < MAX_ROW {
            self.row.push(byte);
        } else {
            self.too_long = true;
        }
    }

    fn emit(&mut self, out: &mut impl FnMut(Cut)) {
        let row = std::mem::take(&mut self.row);
        let too_long = std::mem::take(&mut self.too_long);
        if !row.iter().all(u8::is_ascii_whitespace) {
            // The next row is likely as long as this one.
            self.row.reserve(row.len().min(MAX_ROW));
            out(Cut {
                end: self.seen,
                bytes: (!too_long).then_some(row),
            });
        }
    }

    fn unexpected(&self, wanted: &'static str) -> Unreadable {
        Unreadable::Malformed {
            offset: self.seen.saturating_sub(1),
            wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(layout: Layout, text: &str, step: usize) -> Result<Vec<(u64, String)>, Unreadable> {
        let mut cutter = JsonCutter::new(layout);
        let mut rows = Vec::new();
        let mut out = |cut: Cut| {
            rows.push((cut.end, String::from_utf8(cut.bytes.unwrap()).unwrap()));
        };
        for piece in text.as_bytes().chunks(step) {
            cutter.feed(piece, &mut out)?;
        }
        cutter.finish(&mut out)?;
        Ok(rows)
    }

    fn texts(layout: Layout, text: &str) -> Vec<String> {
        let whole = cut(layout, text, usize::MAX).unwrap();
        // However the file arrives, it is cut at the same places.
        assert_eq!(cut(layout, text, 1).unwrap(), whole);
        assert_eq!(cut(layout, text, 7).unwrap(), whole);
        whole
            .into_iter()
            .map(|(_, text)| text.trim().to_owned())
            .collect()
    }

    #[test]
    fn lines_arrays_and_members_are_found() {
        assert_eq!(
            texts(Layout::Lines, "\u{feff}{\"a\":1}\r\n\n{\"b\":\n{\"c\":3}"),
            ["{\"a\":1}", "{\"b\":", "{\"c\":3}"]
        );
        assert_eq!(
            texts(Layout::Lines, " [ {\"a\":\"]}\\\"\"} ,{\"b\":[{}]}\n]\n"),
            ["{\"a\":\"]}\\\"\"}", "{\"b\":[{}]}"]
        );
        let realm = r#"{"realm":"users","x":{"users":[{"no":1}]},"y":["users",[{"no":2}]],"users":[{"a":1},{"b":"}"}],"z":[{"no":3}]}"#;
        assert_eq!(
            texts(Layout::Member("users"), realm),
            ["{\"a\":1}", "{\"b\":\"}\"}"]
        );
        assert_eq!(texts(Layout::Member("users"), "[{\"a\":1}]"), ["{\"a\":1}"]);
        assert!(texts(Layout::Lines, " \n ").is_empty());
    }

    #[test]
    fn a_file_that_was_cut_off_is_told() {
        for text in [
            "[{\"a\":1},",
            "[{\"a\":",
            "{\"users\":[{\"a\":1}]",
            "{\"users\"",
        ] {
            assert_eq!(
                cut(Layout::Member("users"), text, 3).unwrap_err(),
                Unreadable::Truncated,
                "{text}"
            );
        }
        for text in ["[1]", "[{}] x", "users"] {
            let refused = cut(Layout::Member("users"), text, 1).unwrap_err();
            assert!(matches!(refused, Unreadable::Malformed { .. }), "{text}");
        }
    }

    #[test]
    fn v5_2_1_an_endless_row_takes_no_memory() {
        let mut cutter = JsonCutter::new(Layout::Lines);
        let mut cuts = Vec::new();
        for _ in 0..5 {
            cutter
                .feed(&vec![b'x'; MAX_ROW], &mut |cut| cuts.push(cut))
                .unwrap();
        }
        assert!(cutter.row.capacity() <= 2 * MAX_ROW);
        cutter.feed(b"\n{}\n", &mut |cut| cuts.push(cut)).unwrap();
        assert_eq!(cuts.len(), 2);
        assert!(cuts[0].bytes.is_none() && cuts[1].bytes.is_some());
    }
}
