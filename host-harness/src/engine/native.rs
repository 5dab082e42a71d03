//! The core, compiled for this machine.

use std::time::{Duration, Instant};

use cutout::{Limits, Mask, Net, Options, Output, Pipeline, Segmenter, Stage};
use onnx::Tract;

use super::{Engine, Runtime, Timed};
use crate::Error;
use crate::models::Model;

/// The native engine: one model, one thread.
pub(super) struct Native {
    pipeline: Pipeline<Box<dyn Segmenter + Send>>,
}

impl Native {
    /// Makes `model` ready to run.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use it.
    pub(super) fn new(model: &Model, runtime: Runtime) -> Result<Self, Error> {
        let side = model.spec.side;
        let segmenter: Box<dyn Segmenter + Send> = match runtime {
            Runtime::Net => Box::new(Net::new(onnx::lower(&model.onnx, side)?, side)?),
            Runtime::Tract => Box::new(Tract::load(&model.onnx, side)?),
        };
        Ok(Self {
            pipeline: Pipeline::new(model.spec.clone(), segmenter),
        })
    }
}

impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn remove(&mut self, image: &[u8], options: &Options) -> Result<Timed<Output>, Error> {
        let (output, stages) = timed(|end| self.pipeline.remove(image, options, end))?;
        Ok(Timed {
            foreground: output.foreground,
            value: output,
            stages,
        })
    }

    fn peak_memory(&self) -> Option<usize> {
        None
    }

    fn start(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn stop(&mut self) {}

    fn mask(&mut self, image: &[u8], limits: &Limits) -> Result<Timed<Mask>, Error> {
        let (mask, stages) = timed(|end| self.pipeline.mask(image, limits, end))?;
        Ok(Timed {
            foreground: mask.foreground(),
            value: mask,
            stages,
        })
    }
}

fn timed<T>(
    work: impl FnOnce(&mut dyn FnMut(Stage)) -> Result<T, cutout::Error>,
) -> Result<(T, Vec<(Stage, Duration)>), Error> {
    let mut stages = Vec::new();
    let mut last = Instant::now();
    let value = work(&mut |stage| {
        let now = Instant::now();
        stages.push((stage, now - last));
        last = now;
    })?;
    Ok((value, stages))
}
