//! Who processes images: engines of this process, or a fleet.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use crossbeam_channel::Receiver;
use cutout::{Options, Output};

use super::fleet::{Fleet, Tell, Turn};
use super::no_result::NoResult;
use crate::engine::{BoxEngine, Engines, Timed};
use crate::{Error, Kind};

/// Engines of this process, made ready when the first image needs one.
type LazyEngines<'a> =
    LazyLock<Result<Engines, Error>, Box<dyn FnOnce() -> Result<Engines, Error> + Send + 'a>>;

/// Who processes the images of a batch.
pub enum Processor<'a> {
    /// Engines of this process, one for each worker.
    Engines(LazyEngines<'a>),
    /// Workers elsewhere.
    Fleet(&'a Fleet),
}

/// A result, and the host of a fleet that made it.
pub(super) struct Processed {
    pub(super) result: Timed<Output>,
    pub(super) host: Option<String>,
}

impl<'a> Processor<'a> {
    /// Engines of this process, which `start` makes ready when the first image needs one.
    pub fn engines(start: impl FnOnce() -> Result<Engines, Error> + Send + 'a) -> Self {
        Self::Engines(LazyLock::new(Box::new(start)))
    }

    /// Waits until the fleet has a use for one more image, or `stop`.
    pub(super) fn turn(&self, stop: &Receiver<()>) -> Option<Turn<'a>> {
        match self {
            Self::Engines(_) => None,
            Self::Fleet(fleet) => fleet.turn(stop),
        }
    }

    /// Images that workers of a fleet processed for nobody, since another worker was faster.
    pub(super) fn copies(&self) -> u64 {
        match self {
            Self::Engines(_) => 0,
            Self::Fleet(fleet) => fleet.copies(),
        }
    }

    /// Processes `image`, by `engine` if it is one of this process, which is made when there is none.
    pub(super) fn process(
        &self,
        engine: &mut Option<BoxEngine>,
        image: &[u8],
        options: &Options,
        stop: &Receiver<()>,
        tell: Tell<'_>,
    ) -> Result<Processed, NoResult> {
        match self {
            Self::Engines(engines) => Ok(Processed {
                result: process_here(engine, engines, image, options)?,
                host: None,
            }),
            Self::Fleet(fleet) => {
                let made = fleet.remove(image, options, stop, tell)?;
                Ok(Processed {
                    result: Timed {
                        foreground: made.output.foreground,
                        value: made.output,
                        stages: made.stages,
                    },
                    host: made.host,
                })
            }
        }
    }
}

/// An image that breaks its engine costs nobody else anything.
fn process_here(
    slot: &mut Option<BoxEngine>,
    engines: &LazyEngines<'_>,
    image: &[u8],
    options: &Options,
) -> Result<Timed<Output>, NoResult> {
    let mut engine = match slot.take() {
        Some(engine) => engine,
        None => {
            let engines = LazyLock::force(engines).as_ref().map_err(Clone::clone);
            engines.and_then(Engines::engine).map_err(NoResult::Fatal)?
        }
    };
    match catch_unwind(AssertUnwindSafe(|| engine.remove(image, options))) {
        Ok(result) => {
            *slot = Some(engine);
            Ok(result?)
        }
        Err(_) => {
            let text = "the engine panicked on this image; that is a defect of ours";
            Err(Error::new(Kind::Trap, text).into())
        }
    }
}
