//! The core, compiled for this machine.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cutout::{Limits, Matte, Net, Options, Output, Pipeline, Quality, Segmenter, Stage};
use http::{Request, Response};

use super::{Engine, Runtime, Timed};
use crate::Error;
use crate::models::Model;

/// The native engine: one model, one thread.
pub(super) struct Native {
    pipeline: Pipeline<Box<dyn Segmenter + Send>>,
    /// What a picture may ask for when it comes by HTTP.
    limits: Limits,
}

impl Native {
    /// Makes `model` ready to run.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use it.
    pub(super) fn new(model: &Model, runtime: Runtime, limits: Limits) -> Result<Self, Error> {
        let side = model.spec.side;
        let segmenter: Box<dyn Segmenter + Send> = match runtime {
            Runtime::Net | Runtime::NetF32 => {
                Box::new(Net::new(super::plan(model, runtime)?, side)?)
            }
            #[cfg(feature = "tract")]
            Runtime::Tract => Box::new(cutout_tract::Tract::load(&model.onnx, side)?),
            #[cfg(not(feature = "tract"))]
            Runtime::Tract => return Err(super::without_tract()),
        };
        Ok(Self {
            pipeline: Pipeline::new(model.spec.clone(), segmenter),
            limits,
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

    fn respond(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let (mut response, stages) = timed(|end| {
            let pipeline = Some(&mut self.pipeline);
            Ok(cutout_http::respond(pipeline, self.limits, &request, end))
        })?;
        cutout_http::add_timing(&mut response, &stages);
        Ok(response)
    }

    fn peak_memory(&self) -> Option<usize> {
        None
    }

    fn start(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn stop(&mut self) {}

    fn mask(
        &mut self,
        image: &[u8],
        quality: Quality,
        limits: &Limits,
    ) -> Result<Timed<Matte>, Error> {
        let (matte, stages) = timed(|end| self.pipeline.mask(image, quality, limits, end))?;
        Ok(Timed {
            foreground: matte.mask.foreground(),
            value: matte,
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
