//! Plan of a run: figures, rows and processes.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cold::Copies;
use crate::error::Error;
use crate::probe::Question;
use crate::row::{Row, word};

/// A group of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Whole processes: time with the page cache warm and cold, and peak memory.
    Process,
    /// Loading, instantiating, first and later images.
    Times,
    /// Memory when idle and after a burst.
    Memory,
    /// Memory of more instances, and how many fit in 1 GiB.
    Density,
    /// Images per second by workers.
    Throughput,
    /// Memory through a long run with a fresh instance per image.
    LongRun,
}

/// The figures of a run, and how often each is measured.
pub struct Plan {
    /// The image's file.
    pub image: PathBuf,
    /// Flags that name the model.
    pub model: Vec<String>,
    /// Other programs, as they were given.
    pub peers: Vec<String>,
    /// The figures.
    pub groups: Vec<Group>,
    /// Processes per row and question.
    pub samples: usize,
    /// Workers at most.
    pub workers: u16,
    /// Images of the long run.
    pub images: u32,
    /// Seed of the order.
    pub seed: u64,
}

impl Plan {
    /// Refuses a plan by which no process would run.
    ///
    /// # Errors
    /// Kind `usage`.
    pub fn check(&self, rows: &[Row]) -> Result<(), Error> {
        if self.jobs(rows, 1, None).is_empty() {
            let text = "there is nothing to measure: peers have whole processes alone, and natively density is of net \
                 alone; name other rows, or other groups with --measure";
            return Err(Error::Usage(text.to_owned()));
        }
        Ok(())
    }

    /// All processes of a round, each with its row's index.
    pub(crate) fn jobs<'a>(
        &self,
        rows: &[Row],
        round: usize,
        cold: Option<&'a Copies>,
    ) -> Vec<(usize, Job<'a>)> {
        let mut jobs = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let mut ask = |question| jobs.push((index, Job::Ask(question)));
            for group in self.groups.iter().filter(|_| !row.is_peer()) {
                match group {
                    Group::Process => {}
                    Group::Times => {
                        ask(Question::Times);
                        if row.has_instances() {
                            ask(Question::Instantiate);
                        }
                    }
                    Group::Memory => ask(Question::Memory),
                    Group::Density => {
                        // Natively there is no such thing as an idle instance.
                        if row.has_instances() {
                            ask(Question::Idle);
                        }
                        if row.keeps_memory() {
                            ask(Question::Busy);
                        }
                    }
                    Group::Throughput => ask(Question::Throughput),
                    // Many images in one process are samples enough.
                    Group::LongRun if round == 1 => ask(Question::LongRun),
                    Group::LongRun => {}
                }
            }
            if self.groups.contains(&Group::Process) {
                jobs.push((index, Job::Warm));
                if let (Some(cold), false) = (cold, row.is_peer()) {
                    jobs.push((index, Job::Cold(cold)));
                }
            }
        }
        jobs
    }
}

/// One process to run.
#[derive(Clone, Copy)]
pub(crate) enum Job<'a> {
    /// A whole process, page cache warm.
    Warm,
    /// Processes of the copies, page cache cold.
    Cold(&'a Copies),
    /// A process of ours that answers a question about itself.
    Ask(Question),
}

impl Job<'_> {
    /// The job in a few words.
    pub(crate) fn title(self) -> String {
        match self {
            Job::Warm => "whole process".to_owned(),
            Job::Cold(_) => "whole process, page cache cold".to_owned(),
            Job::Ask(question) => word(&question),
        }
    }
}
