//! `cutout:matting`, in terms of the core.

use std::time::Duration;

use cutout::{ErrorKind, ModelSpec, OutputRule, Pipeline, Scaling};

use crate::bindings::exports::cutout::matting::{lifecycle, matting, types};
use crate::clock::StageClock;
use crate::{Actor, PIPELINE, RUNTIME, Runtime};

impl lifecycle::Guest for Actor {
    fn load(mut model: Vec<u8>, spec: types::ModelSpec) -> Result<(), types::Error> {
        let spec = spec_from(spec);
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
        let options = cutout::Options {
            output: match options.output {
                types::OutputKind::Cutout => cutout::OutputKind::Cutout,
                types::OutputKind::Mask => cutout::OutputKind::Mask,
            },
            limits: limits(options.limits),
            ..cutout::Options::default()
        };
        let mut clock = StageClock::start();
        let output = with_pipeline(|pipeline| {
            pipeline.remove(&image, &options, &mut |stage| clock.end(stage))
        })?;
        Ok(types::Output {
            bytes: output.bytes,
            width: output.width,
            height: output.height,
            foreground: output.foreground.map(bounding_box),
            stages: stages(&clock),
        })
    }

    fn matte(image: Vec<u8>, limit: types::Limits) -> Result<types::Mask, types::Error> {
        let mut clock = StageClock::start();
        let mask = with_pipeline(|pipeline| {
            pipeline.mask(&image, &limits(limit), &mut |stage| clock.end(stage))
        })?;
        Ok(types::Mask {
            width: mask.width,
            height: mask.height,
            foreground: mask.foreground().map(bounding_box),
            data: mask.data,
            stages: stages(&clock),
        })
    }

    fn describe() -> types::Description {
        types::Description {
            version: env!("CARGO_PKG_VERSION").into(),
            runtime: RUNTIME.into(),
            model: PIPELINE.with_borrow(|p| p.as_ref().map(|p| spec_to(p.spec()))),
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
        ErrorKind::Model => types::Error::Model(text),
        ErrorKind::Encode => types::Error::Encode(text),
    }
}

fn limits(limits: types::Limits) -> cutout::Limits {
    cutout::Limits {
        max_bytes: limits.max_bytes,
        max_side: limits.max_side,
        max_pixels: limits.max_pixels,
    }
}

fn bounding_box(b: cutout::BoundingBox) -> types::BoundingBox {
    types::BoundingBox {
        left: b.left,
        top: b.top,
        width: b.width,
        height: b.height,
    }
}

fn stages(clock: &StageClock) -> Vec<types::StageTime> {
    let time = |&(stage, time): &(cutout::Stage, Duration)| types::StageTime {
        stage: stage_to(stage),
        nanoseconds: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
    };
    clock.stages.iter().map(time).collect()
}

fn stage_to(stage: cutout::Stage) -> types::Stage {
    match stage {
        cutout::Stage::Decode => types::Stage::Decode,
        cutout::Stage::Preprocess => types::Stage::Preprocess,
        cutout::Stage::Segment => types::Stage::Segment,
        cutout::Stage::Matte => types::Stage::Matte,
        cutout::Stage::Colour => types::Stage::Colour,
        cutout::Stage::Encode => types::Stage::Encode,
    }
}

fn spec_from(spec: types::ModelSpec) -> ModelSpec {
    ModelSpec {
        name: spec.name,
        side: spec.side,
        mean: spec.mean.into(),
        std: spec.std.into(),
        scaling: match spec.scaling {
            types::Scaling::PictureMax => Scaling::PictureMax,
        },
        output: match spec.output {
            types::OutputRule::MinMax => OutputRule::MinMax,
        },
    }
}

fn spec_to(spec: &ModelSpec) -> types::ModelSpec {
    types::ModelSpec {
        name: spec.name.clone(),
        side: spec.side,
        mean: spec.mean.into(),
        std: spec.std.into(),
        scaling: match spec.scaling {
            Scaling::PictureMax => types::Scaling::PictureMax,
        },
        output: match spec.output {
            OutputRule::MinMax => types::OutputRule::MinMax,
        },
    }
}
