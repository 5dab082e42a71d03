//! `cutout bench-probe`: one question of `cutout bench`, answered by a process of its own. Not for people.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::Args;
use cutout::Options;
use cutout_measure::{self as measure, Probe, Question};

use super::command::Command;
use super::sandbox::{EngineName, Sandbox};
use crate::Error;
use crate::engine::{BoxEngine, Engines, Settings};
use crate::files::{self, Place};

/// Answer one question of `cutout bench` in JSON.
#[derive(Args, Clone, Debug)]
pub struct BenchProbe {
    question: Question,

    image: PathBuf,

    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,

    #[arg(long, alias = "pictures", default_value_t = 1000)]
    images: u32,

    /// BLAKE3 of the result, in hexadecimal.
    #[arg(long)]
    expected: Option<blake3::Hash>,

    #[command(flatten)]
    sandbox: Sandbox,
}

impl Command for BenchProbe {
    fn execute(self) -> Result<u8, Error> {
        let limits = self.sandbox.limits();
        let image = files::read(&Place::from(&*self.image), limits.max_bytes)?;
        let probe = Probe {
            subject: &self.sandbox,
            image: &image,
            workers: self.workers,
            images: self.images,
            expected: self.expected.map(OnceLock::from).unwrap_or_default(),
        };
        let found = probe.answer(self.question)?;
        let text = serde_json::to_vec(&found).map_err(Error::io("write the answer"))?;
        files::write(&Place::Stream, &text)?;
        Ok(0)
    }
}

impl measure::Subject for Sandbox {
    type Error = Error;

    fn has_instances(&self) -> bool {
        self.engine == EngineName::Wasm
    }

    fn start(
        &self,
        instances: u32,
        reuse: NonZeroU32,
    ) -> Result<Box<dyn measure::MeasuredEngines<Error>>, Error> {
        let settings = Settings {
            instances,
            reuse,
            kept_memory: usize::MAX,
            ..self.settings()?
        };
        let (_, engines) = self.start(settings)?;
        let options = Options {
            limits: self.limits(),
            ..Options::default()
        };
        Ok(Box::new(WithOptions {
            inner: engines,
            options,
        }))
    }
}

/// Engines, or one of them, that make cut-outs by `options`.
struct WithOptions<E> {
    inner: E,
    options: Options,
}

impl measure::MeasuredEngines<Error> for WithOptions<Engines> {
    fn engine(&self) -> Result<Box<dyn measure::MeasuredEngine<Error> + Send>, Error> {
        Ok(Box::new(WithOptions {
            inner: self.inner.engine()?,
            options: self.options.clone(),
        }))
    }
}

impl measure::MeasuredEngine<Error> for WithOptions<BoxEngine> {
    fn remove(&mut self, image: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.inner.remove(image, &self.options)?.value.bytes)
    }

    fn peak_memory(&self) -> Option<usize> {
        self.inner.peak_memory()
    }

    fn start(&mut self) -> Result<(), Error> {
        self.inner.start()
    }

    fn stop(&mut self) {
        self.inner.stop();
    }
}
