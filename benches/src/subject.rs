//! Subjects of a measurement: an engine with a runtime, asked for the mask of an image.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use cutout::{Limits, Mask, Options, Output, Pipeline, Quality, Segmenter, Stage};
use cutout_net::Simd;
use cutout_net::float::Executor;
use host_harness::commands::Sandbox;
use host_harness::engine::{Engine, Runtime};
use host_harness::{Error, Kind};

/// Which subject: the flags of `cutout run`, and the level of the kernels.
#[derive(Args, Clone, Debug)]
pub struct Choice {
    /// Engine, runtime, model and limits.
    #[command(flatten)]
    pub sandbox: Sandbox,

    /// Level of the kernels; goes with `--engine native --runtime net`, where unset means the best.
    #[arg(long, value_name = "LEVEL", value_parser = netrun::level)]
    pub simd: Option<Simd>,
}

/// An engine that is ready for images.
pub struct Subject {
    runner: Runner,
    limits: Limits,
}

enum Runner {
    Harness(Box<dyn Engine + Send>),
    AtLevel(Box<Pipeline<AtLevel>>),
}

/// A result, and how long it took.
#[derive(Clone, Debug)]
pub struct Sample<T> {
    /// The stage `segment`: the network alone.
    pub segment: Duration,
    /// The whole call, seen from outside.
    pub total: Duration,
    /// The result.
    pub value: T,
}

impl Subject {
    /// Makes the engine ready; the wasm engine keeps its host image in the user's cache.
    ///
    /// # Errors
    /// Kind `usage` for `--simd` with anything but the native engine and the runtime `net`, and whatever
    /// the engine answers.
    pub fn start(choice: &Choice) -> Result<Self, Error> {
        let sandbox = &choice.sandbox;
        let runner = match choice.simd {
            None => Runner::Harness(sandbox.start(sandbox.settings()?)?.1.engine()?),
            Some(level) if takes_levels(sandbox) => {
                Runner::AtLevel(Box::new(at_level(sandbox, level)?))
            }
            Some(_) => {
                let text = "--simd goes with --engine native --runtime net only; leave it out";
                return Err(Error::new(Kind::Usage, text));
            }
        };
        Ok(Self {
            runner,
            limits: sandbox.limits(),
        })
    }

    /// The mask of an encoded image, by the plain recipe.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn mask(&mut self, image: &[u8]) -> Result<Sample<Mask>, Error> {
        let limits = &self.limits;
        match &mut self.runner {
            Runner::Harness(engine) => timed(|segment| {
                let made = engine.mask(image, Quality::Rembg, limits)?;
                *segment = segment_of(&made.stages);
                Ok(made.value.mask)
            }),
            Runner::AtLevel(pipeline) => timed(|segment| {
                let observe = &mut stopwatch(segment);
                Ok((pipeline.mask(image, Quality::Rembg, limits, observe)?).mask)
            }),
        }
    }

    /// The cut-out of an encoded image: the whole pipeline.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn remove(&mut self, image: &[u8]) -> Result<Sample<Output>, Error> {
        let options = &Options {
            limits: self.limits,
            ..Options::default()
        };
        match &mut self.runner {
            Runner::Harness(engine) => timed(|segment| {
                let made = engine.remove(image, options)?;
                *segment = segment_of(&made.stages);
                Ok(made.value)
            }),
            Runner::AtLevel(pipeline) => {
                timed(|segment| Ok(pipeline.remove(image, options, &mut stopwatch(segment))?))
            }
        }
    }

    /// The largest linear memory so far in bytes; of the wasm engine only.
    pub fn peak_memory(&self) -> Option<usize> {
        match &self.runner {
            Runner::Harness(engine) => engine.peak_memory(),
            Runner::AtLevel(_) => None,
        }
    }
}

fn takes_levels(sandbox: &Sandbox) -> bool {
    let engine = sandbox.engine.to_possible_value();
    engine.is_some_and(|value| value.get_name() == "native") && sandbox.runtime == Runtime::Net
}

fn at_level(sandbox: &Sandbox, level: Simd) -> Result<Pipeline<AtLevel>, Error> {
    let model = sandbox.model.find()?;
    let plan = cutout_onnx::lower(&model.onnx, model.spec.side)?;
    let executor = Executor::new(plan, level).map_err(|e| failed(&e))?;
    Ok(Pipeline::new(model.spec, AtLevel(executor)))
}

/// The runtime `net` at a level that was asked for; the engine itself always takes the best.
struct AtLevel(Executor);

impl Segmenter for AtLevel {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], cutout::Error> {
        self.0.run(input).map_err(|e| failed(&e))
    }
}

fn failed(error: &cutout_net::Error) -> cutout::Error {
    cutout::Error::new(cutout::ErrorKind::Model, error.to_string())
}

fn timed<T>(work: impl FnOnce(&mut Duration) -> Result<T, Error>) -> Result<Sample<T>, Error> {
    let mut segment = Duration::ZERO;
    let start = Instant::now();
    let value = work(&mut segment)?;
    Ok(Sample {
        segment,
        total: start.elapsed(),
        value,
    })
}

fn segment_of(stages: &[(Stage, Duration)]) -> Duration {
    let segment = stages.iter().filter(|(stage, _)| *stage == Stage::Segment);
    segment.map(|(_, time)| *time).sum()
}

/// An observer that leaves the time of the stage `segment` in its argument.
fn stopwatch(segment: &mut Duration) -> impl FnMut(Stage) {
    let mut last = Instant::now();
    move |stage| {
        let now = Instant::now();
        if stage == Stage::Segment {
            *segment = now - last;
        }
        last = now;
    }
}
