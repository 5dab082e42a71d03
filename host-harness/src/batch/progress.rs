//! What people see while a batch runs, and at its end.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::record::{Cause, Record, Status};

/// How many pictures came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) done: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
}

impl Counts {
    pub(super) fn all(self) -> u64 {
        self.done + self.skipped + self.failed
    }
}

/// A bar on a terminal, a line for every picture elsewhere, or nothing but errors.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    quiet: bool,
    total: Option<u64>,
    start: Instant,
    pub(super) counts: Counts,
}

impl Progress {
    /// For `total` pictures, or as many as come.
    pub(super) fn new(total: Option<u64>, quiet: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        Self {
            bar: (terminal && !quiet).then(|| bar(total)),
            lines: !terminal && !quiet,
            quiet,
            total,
            start: Instant::now(),
            counts: Counts::default(),
        }
    }

    /// Something that people should know and that is no error.
    pub(super) fn tell(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("cutout: {text}"));
        }
    }

    /// One picture came to its end.
    pub(super) fn show(&mut self, record: &Record) {
        let word = match record.status {
            Status::Done => {
                self.counts.done += 1;
                "done"
            }
            Status::Skipped => {
                self.counts.skipped += 1;
                "skipped"
            }
            Status::Failed => {
                self.counts.failed += 1;
                "failed"
            }
        };
        let input = PathBuf::from(record.input.clone());
        let input = input.display();
        if let Some(Cause { kind, message }) = &record.error {
            self.say(&format!("cutout: error[{kind}]: {input}: {message}"));
        } else if self.lines {
            let number = self.counts.all();
            let of = self
                .total
                .map(|total| format!("/{total}"))
                .unwrap_or_default();
            self.say(&format!("{number}{of} {word} {input}"));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} failed", self.counts.failed));
            bar.inc(1);
        }
    }

    /// The last words.
    pub(super) fn finish(&self, interrupted: bool) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let Counts {
            done,
            skipped,
            failed,
        } = self.counts;
        let time = self.start.elapsed();
        let rate = if time > Duration::ZERO {
            done as f64 / time.as_secs_f64()
        } else {
            0.0
        };
        let mut text = format!(
            "{done} done, {skipped} skipped, {failed} failed in {:.1} s ({rate:.2} pictures/s)",
            time.as_secs_f64()
        );
        if interrupted {
            let left = self
                .total
                .map_or(0, |total| total.saturating_sub(self.counts.all()));
            text.push_str(&format!(
                "; stopped with {left} left, the same command goes on with them"
            ));
        }
        self.tell(&text);
    }

    fn say(&self, text: &str) {
        // Nobody may be there to hear it any more; the pictures are made all the same.
        let say = || drop(writeln!(io::stderr(), "{text}"));
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{wide_bar} {human_pos}/{human_len} {per_sec} ETA {eta} {msg}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {human_pos} pictures {msg}, watching; Ctrl-C ends",
        ),
    };
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
