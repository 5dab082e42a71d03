//! `cutout doctor`: whether this machine has what Cutout needs, and the way out where it has not.

#[cfg(feature = "wasm")]
use std::cell::RefCell;
use std::io::{self, Cursor, Write};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use cutout::{Limits, Mask, Quality};
use cutout_net::Simd;
use image::{ImageFormat, Rgb, RgbImage};

use super::command::Command;
use super::model::ModelFlags;
#[cfg(feature = "wasm")]
use crate::engine::{Cache, Source};
use crate::engine::{Engines, Runtime, Settings, WASMTIME};
use crate::models::{self, Model};
use crate::{Error, Kind};

/// Check this machine: program, processor, model, cache, and both engines on a small image.
#[derive(Args, Clone, Debug)]
pub struct Doctor {
    #[command(flatten)]
    model: ModelFlags,
}

/// Sides of the small image, and its disc: centre and radius.
const SIZE: (u32, u32) = (160, 120);
const DISC: (f32, f32, f32) = (90.0, 62.0, 34.0);
/// The smallest side of a network that has to find the disc.
const LEAST_SIDE: u32 = 256;

impl Command for Doctor {
    fn execute(self) -> Result<u8, Error> {
        let mut report = Checks { failed: false };
        report.line("program", Ok(program()));
        report.line("processor", Ok(processor()));
        let model = self.model.find();
        report.line("model", model.as_ref().map(describe).map_err(Clone::clone));
        engines(model.ok(), &mut report);
        Ok(u8::from(report.failed))
    }
}

/// Lines about both engines, and whether they agree.
#[cfg_attr(
    not(feature = "wasm"),
    expect(clippy::redundant_clone, reason = "the sandbox takes the model too")
)]
fn engines(model: Option<Model>, report: &mut Checks) {
    let Some(model) = model.map(Arc::new) else {
        return;
    };
    // Other models need not find a drawn disc, nor one that sees it small.
    let is_known = model.path.is_none() && model.spec.side >= LEAST_SIDE;
    let native = Engines::Native(model.clone(), Runtime::Net, Settings::default());
    let native = self_test(&native, is_known);
    report.line("engine native", told(&native));
    #[cfg(feature = "wasm")]
    {
        let wasm = sandbox(&model, report).and_then(|engines| self_test(&engines, is_known));
        report.line("engine wasm", told(&wasm));
        if let (Ok(native), Ok(wasm)) = (&native, &wasm) {
            report.line("agreement", agreement(native, wasm));
        }
    }
    #[cfg(not(feature = "wasm"))]
    report.line(
        "engine wasm",
        Ok("not in this program (--no-default-features)".to_owned()),
    );
}

/// The engine `wasm`, as other verbs start it, and a line about the cache, or the host images made ahead in its place.
#[cfg(feature = "wasm")]
fn sandbox(model: &Model, report: &mut Checks) -> Result<Engines, Error> {
    let said = RefCell::new(Vec::new());
    let started = Instant::now();
    let announce = |text: &str| said.borrow_mut().push(text.to_owned());
    let engines = Engines::of_user(model, Runtime::Net, Settings::default(), &announce);
    let seconds = started.elapsed().as_secs_f64();
    let source = match &engines {
        Ok(_) => Source::check(model, Runtime::Net),
        Err(_) => match Cache::of_user() {
            Err(error) => Err(error),
            // That the sandbox cannot start has a line of its own.
            Ok(_) => return engines,
        },
    };
    let mapped = format!("mapped in {:.0} ms", seconds * 1e3);
    let found = source.map(|source| match source {
        Source::Ahead(folder) => {
            format!(
                "not needed; made ahead in {}; model {mapped}",
                folder.display()
            )
        }
        Source::Cache(folder, unused) => {
            let prepares = said.into_inner().iter().any(|text| !unused.contains(text));
            let time = match prepares {
                true => format!("prepared in {seconds:.1} s (once)"),
                false => mapped,
            };
            let unused: String = unused.iter().map(|text| format!("; {text}")).collect();
            format!("{}; model {time}{unused}", folder.display())
        }
    });
    report.line("cache", found);
    engines
}

struct Checks {
    failed: bool,
}

impl Checks {
    fn line(&mut self, what: &str, found: Result<String, Error>) {
        let (word, text) = match found {
            Ok(text) => ("ok  ", text),
            Err(error) => {
                self.failed = true;
                ("FAIL", format!("error[{}]: {error}", error.kind().as_str()))
            }
        };
        // Nobody may be there to read it; the exit code tells as well.
        let _ = writeln!(io::stdout(), "{word}  {what:<14} {text}");
    }
}

fn program() -> String {
    format!(
        "cutout {} for {}, rustc {}, wasmtime {}",
        env!("CARGO_PKG_VERSION"),
        env!("CUTOUT_TARGET"),
        env!("CUTOUT_RUSTC"),
        if cfg!(feature = "wasm") {
            WASMTIME
        } else {
            "not in it"
        },
    )
}

fn processor() -> String {
    let levels: Vec<_> = Simd::available().into_iter().map(Simd::name).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores; vectors: {}", levels.join(", "))
}

fn describe(model: &Model) -> String {
    let digest = models::sha256(&model.onnx);
    let place = match &model.path {
        Some(path) => path.display().to_string(),
        None => "inside the program".to_owned(),
    };
    let side = model.spec.side;
    format!(
        "{} at {side} × {side}, sha256 {digest}, {place}",
        model.spec.name
    )
}

/// A mask of the small image, and the seconds that it took.
type Tested = (Mask, f64);

/// Makes the mask of the small image; where `is_known`, it has to be the disc.
fn self_test(engines: &Engines, is_known: bool) -> Result<Tested, Error> {
    let image = small_image()?;
    let mut engine = engines.engine()?;
    let started = Instant::now();
    let made = engine.mask(&image, Quality::default(), &Limits::default())?;
    let seconds = started.elapsed().as_secs_f64();
    let mask = made.value.mask;
    let wrong = (0..SIZE.1)
        .flat_map(|y| (0..SIZE.0).map(move |x| (x, y)))
        .zip(&mask.data)
        .filter(|((x, y), level)| (**level >= 128) != is_disc(*x, *y))
        .count();
    if is_known && wrong * 20 > mask.data.len() {
        let text = format!(
            "the mask of the built-in image is wrong in {wrong} of {} pixels; please report it with this output",
            mask.data.len()
        );
        return Err(Error::new(Kind::Engine, text));
    }
    Ok((mask, seconds))
}

fn told(tested: &Result<Tested, Error>) -> Result<String, Error> {
    let text = |(_, seconds): &Tested| {
        format!(
            "cut out a built-in image of {} × {} in {seconds:.2} s",
            SIZE.0, SIZE.1
        )
    };
    tested.as_ref().map(text).map_err(Clone::clone)
}

#[cfg(feature = "wasm")]
fn agreement((native, _): &Tested, (wasm, _): &Tested) -> Result<String, Error> {
    let pairs = native.data.iter().zip(&wasm.data);
    let largest = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    if largest > 1 {
        let text =
            format!("the engines' masks are {largest} of 255 levels apart; please report it");
        return Err(Error::new(Kind::Engine, text));
    }
    Ok(format!(
        "the engines' masks are {largest} of 255 levels apart at most"
    ))
}

fn is_disc(x: u32, y: u32) -> bool {
    let (dx, dy) = (x as f32 - DISC.0, y as f32 - DISC.1);
    dx.hypot(dy) <= DISC.2
}

/// A shaded orange disc on a pale ground, as a PNG.
fn small_image() -> Result<Vec<u8>, Error> {
    let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let shade = (x * 40 / SIZE.0) as u8;
        match is_disc(x, y) {
            true => Rgb([235 - shade, 110, 30 + shade]),
            false => Rgb([205 + shade, 215 + shade / 2, 225]),
        }
    });
    let mut png = Cursor::new(Vec::new());
    image
        .write_to(&mut png, ImageFormat::Png)
        .map_err(Error::io("encode the built-in image"))?;
    Ok(png.into_inner())
}
