//! `cutout:matting`, in terms of the core.

use cutout::{ErrorKind, Pipeline};

use crate::bindings::exports::cutout::matting::{lifecycle, matting, types};
use crate::clock::StageClock;
use crate::conversions;
use crate::{Actor, PIPELINE, RUNTIME, Runtime};

impl lifecycle::Guest for Actor {
    fn load(mut model: Vec<u8>, spec: types::ModelSpec) -> Result<(), types::Error> {
        let spec = conversions::spec_from(spec);
        let runtime = Runtime::load(&model, spec.side).map_err(error)?;
        PIPELINE.set(Some(Pipeline::new(spec, runtime)));
        // What is freed stays in the memory, and a snapshot would carry it along.
        // Looked at once more, or the zeroes would be left out as nobody reads them.
        model.fill(0);
        std::hint::black_box(&model);
        Ok(())
    }
}

impl matting::Guest for Actor {
    fn remove(image: Vec<u8>, options: types::Options) -> Result<types::Output, types::Error> {
        let options = conversions::options(options);
        let mut clock = StageClock::start();
        let output = with_pipeline(|pipeline| {
            pipeline.remove(&image, &options, &mut |stage| clock.end(stage))
        })?;
        Ok(conversions::output(output, &clock))
    }

    fn refine(
        image: Vec<u8>,
        mask: Option<Vec<u8>>,
        marks: Vec<types::Mark>,
        options: types::Options,
    ) -> Result<types::Output, types::Error> {
        let options = conversions::options(options);
        let marks: Vec<_> = marks.iter().map(conversions::mark).collect();
        let mut clock = StageClock::start();
        let output = with_pipeline(|pipeline| {
            let observe = &mut |stage| clock.end(stage);
            pipeline.refine(&image, mask.as_deref(), &marks, &options, observe)
        })?;
        Ok(conversions::output(output, &clock))
    }

    fn matte(
        image: Vec<u8>,
        quality: types::Quality,
        limit: types::Limits,
    ) -> Result<types::Mask, types::Error> {
        let mut clock = StageClock::start();
        let matte = with_pipeline(|pipeline| {
            let quality = conversions::quality(quality);
            let limits = conversions::limits(limit);
            pipeline.mask(&image, quality, &limits, &mut |stage| clock.end(stage))
        })?;
        Ok(types::Mask {
            width: matte.mask.width,
            height: matte.mask.height,
            foreground: matte.mask.foreground().map(conversions::bounding_box),
            data: matte.mask.data,
            uncertainty: matte.uncertainty,
            stages: conversions::stages(&clock),
        })
    }

    fn describe() -> types::Description {
        types::Description {
            version: env!("CARGO_PKG_VERSION").into(),
            runtime: RUNTIME.into(),
            model: PIPELINE.with_borrow(|p| p.as_ref().map(|p| conversions::spec_to(p.spec()))),
        }
    }
}

fn with_pipeline<T>(
    work: impl FnOnce(&mut Pipeline<Runtime>) -> Result<T, cutout::Error>,
) -> Result<T, types::Error> {
    PIPELINE.with_borrow_mut(|pipeline| match pipeline {
        Some(pipeline) => work(pipeline).map_err(error),
        None => Err(types::Error::Model(
            "no model is loaded; call lifecycle.load first, or use a component made by `cutout bake`".into(),
        )),
    })
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn error(error: cutout::Error) -> types::Error {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::UnsupportedFormat => types::Error::UnsupportedFormat(text),
        ErrorKind::Undecodable => types::Error::Undecodable(text),
        ErrorKind::TooManyBytes => types::Error::TooManyBytes(text),
        ErrorKind::TooManyPixels => types::Error::TooManyPixels(text),
        ErrorKind::Correction => types::Error::Correction(text),
        ErrorKind::Model => types::Error::Model(text),
        // Time and memory are limited by the host, from outside: the core has neither of their kinds in here.
        ErrorKind::Encode | ErrorKind::Timeout | ErrorKind::OutOfMemory => {
            types::Error::Encode(text)
        }
    }
}
