//! The core, compiled for this machine.

mod allowance;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cutout::{Limits, Mark, Matte, Net, Options, Output, Pipeline, Quality, Segmenter, Stage};
use http::Request;

use super::interface::{Engine, Responded, Timed};
use super::runtime::{self, Runtime};
use super::settings::Settings;
use crate::models::Model;
use crate::{Error, Kind};
use allowance::Allowance;

/// The native engine: one model, one thread.
pub(super) struct Native {
    pipeline: Pipeline<Box<dyn Segmenter + Send>>,
    settings: Settings,
}

impl Native {
    /// Makes `model` ready to run.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use it.
    pub(super) fn new(model: &Model, runtime: Runtime, settings: Settings) -> Result<Self, Error> {
        let side = model.spec.side;
        let segmenter: Box<dyn Segmenter + Send> = match runtime {
            Runtime::Net | Runtime::NetF32 => {
                Box::new(Net::new(runtime::plan(model, runtime)?, side)?)
            }
            #[cfg(feature = "tract")]
            Runtime::Tract => Box::new(cutout_tract::Tract::load(&model.onnx, side)?),
            #[cfg(not(feature = "tract"))]
            Runtime::Tract => return Err(runtime::without_tract()),
        };
        Ok(Self {
            pipeline: Pipeline::new(model.spec.clone(), segmenter),
            settings,
        })
    }

    /// The output that `work` has the pipeline make, within what the settings allow. `work` gets what is to be called as each stage ends.
    fn output(
        &mut self,
        work: impl FnOnce(
            &mut Pipeline<Box<dyn Segmenter + Send>>,
            &mut dyn FnMut(Stage),
        ) -> Result<Output, cutout::Error>,
    ) -> Result<Timed<Output>, Error> {
        let (output, stages) = Allowance::spend(&self.settings, || {
            timed(|end| work(&mut self.pipeline, end))
        })?;
        Ok(Timed {
            foreground: output.foreground,
            value: output,
            stages,
        })
    }
}

impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn remove(&mut self, image: &[u8], options: &Options) -> Result<Timed<Output>, Error> {
        self.output(|pipeline, end| pipeline.remove(image, options, end))
    }

    fn refine(
        &mut self,
        image: &[u8],
        mask: Option<&[u8]>,
        marks: &[Mark<'_>],
        options: &Options,
    ) -> Result<Timed<Output>, Error> {
        self.output(|pipeline, end| pipeline.refine(image, mask, marks, options, end))
    }

    fn respond(&mut self, request: Request<Bytes>) -> Result<Responded, Error> {
        let limits = self.settings.limits.unwrap_or_default();
        let (mut response, stages) = Allowance::spend(&self.settings, || {
            timed(|end| {
                let pipeline = Some(&mut self.pipeline);
                Ok(cutout_http::respond(pipeline, limits, &request, end))
            })
        })?;
        cutout_http::add_timing(&mut response, &stages);
        Ok(Responded { response, stages })
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
        let (matte, stages) = Allowance::spend(&self.settings, || {
            timed(|end| self.pipeline.mask(image, quality, limits, end))
        })?;
        Ok(Timed {
            foreground: matte.mask.foreground(),
            value: matte,
            stages,
        })
    }
}

/// Does `work` and times its stages.
///
/// # Errors
/// Those of `work`; kind `trap` when it panics, as in the sandbox. What a pipeline keeps from one image to the next is its
/// working memory, which every image writes anew.
fn timed<T>(
    work: impl FnOnce(&mut dyn FnMut(Stage)) -> Result<T, cutout::Error>,
) -> Result<(T, Vec<(Stage, Duration)>), Error> {
    let mut stages = Vec::new();
    let mut last = Instant::now();
    let mut end = |stage| {
        let now = Instant::now();
        stages.push((stage, now - last));
        last = now;
    };
    let value =
        catch_unwind(AssertUnwindSafe(|| work(&mut end))).map_err(|cause| panicked(&*cause))??;
    Ok((value, stages))
}

fn panicked(cause: &dyn Any) -> Error {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or(cause.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("it said nothing");
    Error::new(
        Kind::Trap,
        format!(
            "the native engine panicked ({text}), a defect of Cutout; please report it with the image"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use cutout::{ModelSpec, OutputRule, Scaling};
    use image::{ImageFormat, RgbImage};

    use super::*;

    /// Panics at every second image.
    struct Moody {
        calls: u32,
        map: Vec<f32>,
    }

    impl Segmenter for Moody {
        fn segment(&mut self, input: &[f32]) -> Result<&[f32], cutout::Error> {
            self.calls += 1;
            assert!(self.calls.is_multiple_of(2), "call {}", self.calls);
            self.map = vec![0.5; input.len() / 3];
            Ok(&self.map)
        }
    }

    fn image() -> Vec<u8> {
        let image = RgbImage::from_fn(8, 8, |x, y| [x as u8 * 30, y as u8 * 30, 0].into());
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, ImageFormat::Png).unwrap();
        file.into_inner()
    }

    #[test]
    fn a_panic_is_an_error_and_the_next_image_is_made() {
        let spec = ModelSpec {
            name: "moody".into(),
            side: 8,
            mean: [0.0; 3],
            std: [1.0; 3],
            scaling: Scaling::None,
            output: OutputRule::Probability,
        };
        let moody = Moody {
            calls: 0,
            map: Vec::new(),
        };
        let mut engine = Native {
            pipeline: Pipeline::new(spec, Box::new(moody)),
            settings: Settings::default(),
        };
        let request = || {
            let request = Request::post("/v1/remove?quality=fast");
            request.body(Bytes::from(image())).unwrap()
        };
        let options = Options {
            quality: Quality::Fast,
            ..Options::default()
        };
        type Call<'a> = Box<dyn FnMut(&mut Native) -> Result<(), Error> + 'a>;
        let mut calls: [Call<'_>; 3] = [
            Box::new(|engine| engine.remove(&image(), &options).map(drop)),
            Box::new(|engine| engine.respond(request()).map(drop)),
            Box::new(|engine| {
                let made = engine.mask(&image(), Quality::Fast, &Limits::default());
                made.map(drop)
            }),
        ];
        for call in &mut calls {
            let error = call(&mut engine).unwrap_err();
            assert_eq!(error.kind(), Kind::Trap);
            assert!(error.to_string().contains("(call "), "{error}");
            call(&mut engine).unwrap();
        }
    }
}
