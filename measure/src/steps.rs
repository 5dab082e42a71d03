//! Progress of a session, on standard error.

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// A bar on a terminal; elsewhere a line for each round.
pub(crate) struct Steps<'a> {
    announce: &'a dyn Fn(&str),
    /// Hidden where standard error is not a terminal.
    bar: ProgressBar,
}

impl<'a> Steps<'a> {
    /// For `total` processes.
    pub(crate) fn new(total: usize, announce: &'a dyn Fn(&str)) -> Self {
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { announce, bar }
    }

    /// Something that people should know.
    pub(crate) fn tell(&self, text: &str) {
        self.bar.suspend(|| (self.announce)(text));
    }

    /// A round begins.
    pub(crate) fn round(&self, round: usize, rounds: usize) {
        if self.bar.is_hidden() {
            self.tell(&format!("round {round} of {rounds}{}", self.left()));
        }
    }

    /// A process begins.
    pub(crate) fn step(&self, what: &str) {
        self.bar.set_message(format!("{what}{}", self.left()));
    }

    /// A process has ended.
    pub(crate) fn end_step(&self) {
        self.bar.inc(1);
    }

    /// The time that the rest takes if its processes take as long as those that ended; nothing before the first.
    fn left(&self) -> String {
        // The bar's own estimate follows the latest processes, which differ by what they measure.
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        if done == 0 {
            return String::new();
        }
        let left = self
            .bar
            .elapsed()
            .mul_f64(total.saturating_sub(done) as f64 / done as f64);
        format!(", about {} left", HumanDuration(left))
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
