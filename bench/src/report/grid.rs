//! A table with a column for each engine.

use std::fmt::{self, Write};

use super::{row_of, rule};

/// A table under a heading of its own.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    title: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Grid {
    /// An empty one with these columns.
    pub(crate) fn new(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it must have as many cells as there are columns.
    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        cells: impl IntoIterator<Item = impl Into<String>>,
    ) {
        self.rows
            .push((what.into(), cells.into_iter().map(Into::into).collect()));
    }

    /// Writes it into the page.
    pub(super) fn write(&self, page: &mut String) -> fmt::Result {
        writeln!(page, "\n## {}\n", self.title)?;
        let line = |first: &str, rest: &[String]| {
            let cells: Vec<&str> = std::iter::once(first)
                .chain(rest.iter().map(String::as_str))
                .collect();
            row_of(&cells)
        };
        writeln!(page, "{}", line("", &self.columns))?;
        writeln!(page, "{}", rule(self.columns.len() + 1))?;
        for (what, cells) in &self.rows {
            writeln!(page, "{}", line(what, cells))?;
        }
        Ok(())
    }
}
