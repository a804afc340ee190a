//! Tables for a terminal: plain text, without colours, so that a pipe gets the same.

/// A column: its title and its width; the last one's is 0.
pub(super) struct Column(pub(super) &'static str, pub(super) usize);

/// The columns of a table.
pub(super) struct Table<const N: usize>(pub(super) [Column; N]);

impl<const N: usize> Table<N> {
    /// The line of titles.
    pub(super) fn head(&self) -> String {
        self.line(self.0.iter().map(|column| column.0.to_owned()))
    }

    /// A row.
    pub(super) fn row(&self, cells: [&str; N]) -> String {
        self.line(cells.into_iter().map(cell))
    }

    fn line(&self, cells: impl Iterator<Item = String>) -> String {
        use std::fmt::Write as _;

        let mut line = String::new();
        for (Column(_, width), cell) in self.0.iter().zip(cells) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:<width$} ");
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

/// A text for a terminal: what somebody else chose moves no cursor and changes no colour.
pub(super) fn cell(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// "1 row", "2 rows".
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_escapes() {
        let table = Table([Column("A", 4), Column("B", 0)]);
        assert_eq!(table.head(), "A    B\n");
        assert_eq!(
            table.row(["x", "y\u{1b}[31m\nz"]),
            "x    y\u{fffd}[31m\u{fffd}z\n"
        );
        assert_eq!(table.row(["longer", ""]), "longer\n");
    }
}
