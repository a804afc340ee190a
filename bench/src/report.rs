//! The report: a table on the terminal and a page.

mod grid;
mod page;
mod torture;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::latency::{Latency, Readable};
use crate::machine::Machine;
use crate::measure::Comparison;

pub(crate) use self::grid::Grid;
pub(crate) use self::page::Page;
pub(crate) use self::torture::torture;

/// One number beside its target.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The finding's name in the file of reasons.
    pub(crate) key: &'static str,
    /// The number's id.
    pub(crate) number: &'static str,
    /// What was measured.
    pub(crate) what: String,
    /// What ntt-auth did.
    pub(crate) ours: String,
    /// What it is compared with.
    pub(crate) beside: String,
    /// The comparison.
    pub(crate) result: String,
    /// What it should be.
    pub(crate) target: String,
    /// Whether it is; `None` for what is only told.
    pub(crate) reached: Option<bool>,
}

/// Everything that a run found, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    grids: Vec<Grid>,
    findings: Vec<Finding>,
    latencies: Vec<(String, Latency)>,
    processor_times: Vec<(String, Comparison)>,
    peers: Vec<String>,
}

impl Report {
    /// Adds a number.
    pub(crate) fn finding(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a table.
    pub(crate) fn grid(&mut self, grid: Grid) {
        self.grids.push(grid);
    }

    /// Adds latencies seen by the client.
    pub(crate) fn latency(&mut self, what: &str, latency: Latency) {
        self.latencies.push((what.to_owned(), latency));
    }

    /// Adds the processor time that one answer took on both sides.
    pub(crate) fn processor_time(&mut self, what: &str, comparison: &Comparison) {
        self.processor_times.push((what.to_owned(), *comparison));
    }

    /// Adds a row about a peer: name, what, its figure, ours, a remark.
    pub(crate) fn peer(&mut self, row: [&str; 4]) {
        self.peers.push(row_of(&row));
    }

    /// The page; `reasons` says of numbers that were not reached why, by key.
    pub(crate) fn page(
        &self,
        kind: Page,
        machine: &Machine,
        reasons: &Reasons,
        quick: bool,
    ) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_page(&mut page, kind, machine, reasons, quick);
        page
    }

    /// The table for the terminal.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for grid in &self.grids {
            // Writing to a String cannot fail.
            let _ = grid.write(&mut table);
        }
        for finding in &self.findings {
            let mark = verdict(finding.reached);
            let Finding {
                number,
                what,
                ours,
                beside,
                result,
                target,
                ..
            } = finding;
            // Writing to a String cannot fail.
            let _ = writeln!(
                table,
                "{number}  {mark:<11}  {result}  (target {target})\n       {what}\n       {ours}  |  {beside}"
            );
        }
        for row in &self.peers {
            let _ = writeln!(table, "{row}");
        }
        table
    }

    fn write_page(
        &self,
        page: &mut String,
        kind: Page,
        machine: &Machine,
        reasons: &Reasons,
        quick: bool,
    ) -> fmt::Result {
        writeln!(page, "# {}\n", kind.title())?;
        writeln!(
            page,
            "Written by `make bench`; do not edit. {}\n",
            kind.method(machine)
        )?;
        writeln!(page, "Measured on: {machine}.\n")?;
        if quick {
            writeln!(
                page,
                "**A quick run: it shows that the tool works, its figures mean nothing.**\n"
            )?;
        }
        for grid in &self.grids {
            grid.write(page)?;
        }
        if !self.grids.is_empty() {
            writeln!(page, "\n## Beside their targets\n")?;
        }
        writeln!(
            page,
            "{}",
            row_of(&[
                "",
                "what",
                "ntt-auth",
                "beside it",
                "result",
                "target",
                "reached"
            ])
        )?;
        writeln!(page, "{}", rule(7))?;
        for f in &self.findings {
            let mark = verdict(f.reached);
            writeln!(
                page,
                "{}",
                row_of(&[
                    f.number, &f.what, &f.ours, &f.beside, &f.result, &f.target, mark
                ])
            )?;
        }
        self.write_misses(page, reasons)?;
        if !self.latencies.is_empty() {
            self.write_latencies(page)?;
        }
        if !self.processor_times.is_empty() {
            self.write_processor_times(page)?;
        }
        if !self.peers.is_empty() {
            writeln!(page, "\n## Peers, in the same run\n")?;
            writeln!(page, "{}", row_of(&["what", "ntt-auth", "peer", "remark"]))?;
            writeln!(page, "{}", rule(4))?;
            for row in &self.peers {
                writeln!(page, "{row}")?;
            }
        }
        Ok(())
    }

    fn write_latencies(&self, page: &mut String) -> fmt::Result {
        writeln!(page, "\n## Latency at the client\n")?;
        writeln!(page, "{}", row_of(&["", "p50", "p99", "p99.9", "slowest"]))?;
        writeln!(page, "{}", rule(5))?;
        for (what, latency) in &self.latencies {
            let [p50, p99, p999, max] = [latency.p50, latency.p99, latency.p999, latency.max]
                .map(|duration| Readable(duration).to_string());
            writeln!(page, "{}", row_of(&[what, &p50, &p99, &p999, &max]))?;
        }
        Ok(())
    }

    fn write_processor_times(&self, page: &mut String) -> fmt::Result {
        writeln!(page, "\n## Processor time for one answer\n")?;
        writeln!(
            page,
            "User and system time of the server's process, and of the client's. Unlike a rate, it does not depend on how the cores are shared out.\n"
        )?;
        let head = [
            "",
            "ntt-auth",
            "bare",
            "bare ÷ ntt-auth",
            "client at ntt-auth",
            "client at bare",
        ];
        writeln!(page, "{}", row_of(&head))?;
        writeln!(page, "{}", rule(head.len()))?;
        for (what, Comparison { ours, bare, .. }) in &self.processor_times {
            let times = [
                ours.processor_time,
                bare.processor_time,
                ours.client_time,
                bare.client_time,
            ];
            let [our_micros, bare_micros, at_ours, at_bare] = times
                .map(|time| time.as_secs_f64() * 1e6)
                .map(|micros| format!("{micros:.1} µs"));
            let ratio = bare.processor_time.as_secs_f64() / ours.processor_time.as_secs_f64();
            let cells = [
                what,
                &our_micros,
                &bare_micros,
                &format!("{ratio:.2}"),
                &at_ours,
                &at_bare,
            ];
            writeln!(page, "{}", row_of(&cells.map(String::as_str)))?;
        }
        Ok(())
    }

    fn write_misses(&self, page: &mut String, reasons: &Reasons) -> fmt::Result {
        writeln!(page, "\n## Not reached\n")?;
        let mut none = true;
        for finding in self.findings.iter().filter(|f| f.reached == Some(false)) {
            none = false;
            let Finding {
                key,
                number,
                what,
                result,
                target,
                ..
            } = finding;
            let reason = reasons
                .0
                .get(*key)
                .map_or("The reason has not been looked into yet.", |reason| {
                    reason.trim()
                });
            writeln!(
                page,
                "- **{number}** {what}: {result}, target {target}. {reason}"
            )?;
        }
        if none {
            writeln!(page, "Nothing: every number measured here is reached.")?;
        }
        Ok(())
    }
}

/// Why numbers are not reached, by the findings' keys; kept by people.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Reasons(BTreeMap<String, String>);

impl Reasons {
    /// Reads the file of reasons.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(Failure::while_(format!("reading {}", path.display())))?;
        toml::from_str(&text).map_err(|error| {
            Failure::Unmet(format!(
                "{} is no table of reasons: {error}",
                path.display()
            ))
        })
    }
}

fn verdict(reached: Option<bool>) -> &'static str {
    match reached {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "–",
    }
}

fn row_of(cells: &[&str]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn rule(columns: usize) -> String {
    format!("|{}", "---|".repeat(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn report() -> Report {
        let mut report = Report::default();
        let finding = Finding {
            key: "storm",
            number: "NUM-3",
            what: "validation in a storm".to_owned(),
            ours: "p99 9 ms".to_owned(),
            beside: "idle p99 3 ms".to_owned(),
            result: "3.00 ×".to_owned(),
            target: "≤ 2 ×".to_owned(),
            reached: Some(false),
        };
        report.finding(Finding {
            key: "other",
            reached: Some(true),
            ..finding.clone()
        });
        report.finding(finding);
        report
    }

    #[test]
    fn a_missed_number_is_named_with_its_reason() {
        let machine = Machine::here(&PathBuf::from("."));
        let reasons: Reasons = toml::from_str("storm = \"The hashes share the cores.\"").unwrap();
        let page = report().page(Page::Server, &machine, &reasons, false);
        assert!(
            page.contains("3.00 ×, target ≤ 2 ×. The hashes share the cores."),
            "{page}"
        );
        assert_eq!(page.matches("target ≤").count(), 1);
        assert!(!page.contains("quick run"));
        let unexplained = report().page(Page::Server, &machine, &Reasons::default(), true);
        assert!(unexplained.contains("has not been looked into"));
        assert!(unexplained.contains("quick run"));
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_head() {
        let machine = Machine::here(&PathBuf::from("."));
        let page = report().page(Page::Server, &machine, &Reasons::default(), false);
        let rows: Vec<usize> = page
            .lines()
            .filter(|line| line.starts_with('|') && line.contains("NUM-"))
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(rows, [8, 8]);
    }
}
