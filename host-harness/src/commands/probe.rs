//! `cutout bench-probe`: one question of `cutout bench`, answered by a process of its own. Not for people.

use std::path::PathBuf;
use std::sync::OnceLock;

use clap::Args;

use super::command::Command;
use super::sandbox::Sandbox;
use crate::Error;
use crate::bench::probe::{self, Question};
use crate::files::{self, Place};

/// Answer one question of `cutout bench` in JSON.
#[derive(Args, Clone, Debug)]
pub struct Probe {
    question: Question,

    picture: PathBuf,

    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,

    #[arg(long, default_value_t = 1000)]
    pictures: u32,

    /// BLAKE3 of the result, in hexadecimal.
    #[arg(long)]
    expected: Option<blake3::Hash>,

    #[command(flatten)]
    sandbox: Sandbox,
}

impl Command for Probe {
    fn execute(self) -> Result<u8, Error> {
        let limits = self.sandbox.limits();
        let picture = files::read(&Place::from(&*self.picture), limits.max_bytes)?;
        let probe = probe::Probe {
            sandbox: &self.sandbox,
            picture: &picture,
            workers: self.workers,
            pictures: self.pictures,
            expected: self.expected.map(OnceLock::from).unwrap_or_default(),
        };
        let found = probe.answer(self.question)?;
        let text = serde_json::to_vec(&found).map_err(Error::io("write the answer"))?;
        files::write(&Place::Stream, &text)?;
        Ok(0)
    }
}
