//! `cutout quantize`: ranges for a model, by which it is computed in whole numbers.

use std::path::PathBuf;

use clap::Args;
use cutout::{ErrorKind, Limits, ModelSpec, Pipeline, Quality, Scaling, Segmenter};
use cutout_net::float::Executor;
use cutout_net::{Simd, int};
use cutout_onnx::Ranges;

use super::command::{Command, announce};
use super::model::ModelFlags;
use crate::files::{self, Place};
use crate::{Error, Kind};

/// Add ranges to a model, measured on images, so that the network is computed in whole numbers: twice as fast, in half the memory,
/// and with the same result on every machine.
///
/// The images should be like those that the model is for; fifty are enough. The result is an ONNX file for all programs, with one
/// more entry of metadata.
#[derive(Args, Clone, Debug)]
pub struct Quantize {
    #[command(flatten)]
    model: ModelFlags,

    /// The images.
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// Where the model with ranges goes (`.onnx`).
    #[arg(short, long)]
    output: PathBuf,
}

impl Command for Quantize {
    fn execute(self) -> Result<u8, Error> {
        let output = Place::of_output(&self.output);
        files::refuse_terminal(&output, "model.onnx")?;
        let model = self.model.find()?;
        let plan = cutout_onnx::lower(&model.onnx, model.spec.side)?;
        let steps = input_steps(&model.spec);
        // Before the images: whether there is anything to measure for.
        int::Plan::quantise(&plan, &vec![1.0; plan.ops().len()], steps)
            .map_err(|e| unusable(&e))?;
        let mut measuring = Measuring {
            most: vec![0.0; plan.ops().len()],
            executor: Executor::new(plan.clone(), Simd::Best).map_err(|e| unusable(&e))?,
        };
        let limits = Limits::default();
        let mut pipeline = Pipeline::new(model.spec.clone(), &mut measuring);
        for path in &self.images {
            let place = Place::from(&**path);
            let image = files::read(&place, limits.max_bytes)?;
            pipeline
                .mask(&image, Quality::Fast, &limits, &mut |_| {})
                .map_err(|e| Error::new(Kind::Core(e.kind()), format!("{place}: {e}")))?;
        }
        let ranges = Ranges {
            input_steps: steps,
            most: measuring.most,
        };
        let made = cutout_onnx::with_ranges(&model.onnx, &plan, &ranges)?;
        files::write(&output, &made)?;
        if output != Place::Stream {
            announce(&format!(
                "wrote {output}, ranges of {} images",
                self.images.len()
            ));
        }
        Ok(0)
    }
}

/// The runtime `net` in f32, which keeps the largest magnitude of each operator's result.
struct Measuring {
    executor: Executor,
    most: Vec<f32>,
}

impl Segmenter for &mut Measuring {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], cutout::Error> {
        let Measuring { executor, most } = self;
        executor
            .run_measured(input, most)
            .map_err(|e| cutout::Error::new(ErrorKind::Model, e.to_string()))
    }
}

fn unusable(error: &cutout_net::Error) -> Error {
    Error::new(Kind::Core(ErrorKind::Model), error.to_string())
}

/// The largest power of two of steps in one unit of the input with which no value leaves 12 bits: with it, inputs that are whole
/// numbers over a power of two are exact.
fn input_steps(spec: &ModelSpec) -> f32 {
    let brightest = match spec.scaling {
        Scaling::PictureMax => 1.0,
        Scaling::None => 255.0,
    };
    let channels = spec.mean.iter().zip(spec.std);
    let ends = channels.flat_map(|(mean, std)| [-mean / std, (brightest - mean) / std]);
    let most = ends.fold(0.0, |most: f32, end| most.max(end.abs()));
    (2047.0 / most).log2().floor().exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn steps_of_the_input_keep_whole_levels_exact_where_the_model_allows_it() {
        for (model, expected) in [("cutnet", 1024.0), ("u2netp", 512.0)] {
            let spec = models::find(model).unwrap().spec;
            assert!((input_steps(&spec) - expected).abs() < 1e-6, "{model}");
        }
    }
}
