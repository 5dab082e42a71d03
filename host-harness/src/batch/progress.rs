//! Progress of a batch on the terminal.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::path_text::PathText;
use super::report_line::{Cause, ReportLine, Status};

/// A bar on a terminal, a line for every image elsewhere, or nothing but errors.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    quiet: bool,
    total: Option<u64>,
    start: Instant,
    done: u64,
    skipped: u64,
    /// Images whose last attempt failed.
    failed: HashSet<PathText>,
    /// Images that each host of a fleet has made.
    hosts: BTreeMap<String, u64>,
}

impl Progress {
    /// For `total` images, or as many as come.
    pub(super) fn new(total: Option<u64>, quiet: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        Self {
            bar: (terminal && !quiet).then(|| bar(total)),
            lines: !terminal && !quiet,
            quiet,
            total,
            start: Instant::now(),
            done: 0,
            skipped: 0,
            failed: HashSet::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// Something that people should know and that is no error.
    pub(super) fn tell(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("cutout: {text}"));
        }
    }

    /// One image came to its end.
    pub(super) fn show(&mut self, record: &ReportLine) {
        let word = match record.status {
            Status::Done => {
                self.done += 1;
                if let Some(host) = &record.host {
                    *self.hosts.entry(host.clone()).or_default() += 1;
                }
                "done"
            }
            Status::Skipped => {
                self.skipped += 1;
                "skipped"
            }
            Status::Failed => "failed",
        };
        let input = &record.input;
        if let Some(Cause { kind, message }) = &record.error {
            self.failed.insert(input.clone());
            self.say(&format!("cutout: error[{kind}]: {input}: {message}"));
        } else {
            self.failed.remove(input);
            if self.lines {
                let total = self.total.map(|total| format!("/{total}"));
                let number = self.all();
                self.say(&format!(
                    "{number}{} {word} {input}",
                    total.unwrap_or_default()
                ));
            }
        }
        if let Some(output) = &record.output
            && record.moved
            && record.error.is_none()
        {
            self.tell(&format!(
                "{input} became {output}: its usual name belongs to another image's result, or to a file that this batch did not make"
            ));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} failed", self.failed()));
            bar.inc(1);
        }
    }

    /// Images without a result.
    pub(super) fn failed(&self) -> u64 {
        self.failed.len() as u64
    }

    /// Images that each host of a fleet has made.
    pub(super) fn hosts(&self) -> &BTreeMap<String, u64> {
        &self.hosts
    }

    fn all(&self) -> u64 {
        self.done + self.skipped + self.failed()
    }

    /// The last words. `copies` are images that workers of a fleet processed for nobody.
    pub(super) fn finish(&self, interrupted: bool, copies: u64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let (done, skipped, failed) = (self.done, self.skipped, self.failed());
        let time = self.start.elapsed();
        let rate = if time > Duration::ZERO {
            done as f64 / time.as_secs_f64()
        } else {
            0.0
        };
        let mut text = format!(
            "{done} done, {skipped} skipped, {failed} failed in {:.1} s ({rate:.2} images/s)",
            time.as_secs_f64()
        );
        if interrupted {
            let left = self
                .total
                .map_or(0, |total| total.saturating_sub(self.all()));
            text.push_str(&format!(
                "; stopped with {left} left, the same command goes on with them"
            ));
        }
        self.tell(&text);
        if !self.hosts.is_empty() {
            let hosts = self.hosts.iter();
            let hosts: Vec<_> = hosts.map(|(host, done)| format!("{host} {done}")).collect();
            self.tell(&format!("done by host: {}", hosts.join(", ")));
        }
        if copies > 0 {
            self.tell(&format!(
                "handed to two hosts, and answered by the other first: {copies}"
            ));
        }
    }

    fn say(&self, text: &str) {
        // Nobody may be there to hear it any more; the images are made all the same.
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
            "{spinner} {human_pos} images {msg}, watching; Ctrl-C ends",
        ),
    };
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
