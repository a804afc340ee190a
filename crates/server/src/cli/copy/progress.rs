//! How far it is.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ntt_auth_core::flow::CopyStep;

use super::say;

/// How often a line tells how far it is, where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar at a terminal, a line now and then elsewhere.
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    place: Option<(&'static str, bool)>,
    told: Instant,
}

impl Shown {
    pub(super) fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template(
                "{msg:>28} {bar:32} {human_pos}/{human_len} ({per_sec}, {eta} left)",
            );
            // A template of ours is a good one; if not, the usual bar is shown.
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            place: None,
            told: Instant::now(),
        }
    }

    pub(super) fn show(&mut self, step: CopyStep) {
        let verb = match step.verifying {
            false => "copying",
            true => "comparing",
        };
        let place = Some((step.table, step.verifying));
        match &self.bar {
            Some(bar) => {
                if self.place != place {
                    bar.set_message(format!("{verb} {}", step.table));
                    bar.set_length(step.of);
                    bar.reset();
                }
                bar.set_position(step.rows);
            }
            None if self.told.elapsed() >= LINE_EVERY => {
                self.told = Instant::now();
                say(&format!(
                    "{verb} {}: {} of {} rows",
                    step.table, step.rows, step.of
                ));
            }
            None => {}
        }
        self.place = place;
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
