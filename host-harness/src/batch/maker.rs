//! Who cuts out: engines of this process, or a fleet.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::Receiver;
use cutout::{Options, Output};

use super::fleet::{Fleet, Tell, Turn};
use super::no_result::NoResult;
use crate::engine::{BoxEngine, Timed};
use crate::{Error, Kind};

/// Who cuts out.
#[derive(Clone, Copy)]
pub(super) enum Maker<'a> {
    /// Engines, one for each worker; the model is made ready when the first one asks.
    Engines(&'a (dyn Fn() -> Result<BoxEngine, Error> + Sync)),
    Fleet(&'a Fleet),
}

/// A result, and the host of a fleet that made it.
pub(super) struct CutOut {
    pub(super) result: Timed<Output>,
    pub(super) host: Option<String>,
}

impl<'a> Maker<'a> {
    /// Waits until the fleet has a use for one more image, or `stop`.
    pub(super) fn turn(self, stop: &Receiver<()>) -> Option<Turn<'a>> {
        match self {
            Self::Engines(_) => None,
            Self::Fleet(fleet) => fleet.turn(stop),
        }
    }

    /// Images that workers of a fleet processed for nobody, since another worker was faster.
    pub(super) fn copies(self) -> u64 {
        match self {
            Self::Engines(_) => 0,
            Self::Fleet(fleet) => fleet.copies(),
        }
    }

    /// Cuts out `picture`, by `engine` if it is one of this process, which is made when there is none.
    pub(super) fn cut_out(
        self,
        engine: &mut Option<BoxEngine>,
        picture: &[u8],
        options: &Options,
        stop: &Receiver<()>,
        tell: Tell<'_>,
    ) -> Result<CutOut, NoResult> {
        match self {
            Self::Engines(source) => Ok(CutOut {
                result: cut_out_here(engine, source, picture, options)?,
                host: None,
            }),
            Self::Fleet(fleet) => {
                let made = fleet.remove(picture, options, stop, tell)?;
                Ok(CutOut {
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
fn cut_out_here(
    slot: &mut Option<BoxEngine>,
    source: impl Fn() -> Result<BoxEngine, Error>,
    picture: &[u8],
    options: &Options,
) -> Result<Timed<Output>, NoResult> {
    let mut engine = match slot.take() {
        Some(engine) => engine,
        None => source().map_err(NoResult::Fatal)?,
    };
    match catch_unwind(AssertUnwindSafe(|| engine.remove(picture, options))) {
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
