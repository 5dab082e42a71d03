//! What the tests have in common.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

#[cfg(feature = "wasm")]
use host_harness::engine::Cache;
use host_harness::engine::{Engine, Engines, Runtime, Settings};
use host_harness::models;
use tempfile::TempDir;

#[cfg(feature = "wasm")]
pub(crate) const ENGINES: [&str; 2] = ["wasm", "native"];
#[cfg(not(feature = "wasm"))]
pub(crate) const ENGINES: [&str; 1] = ["native"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn fixture(path: &str) -> PathBuf {
    root().join("fixtures").join(path)
}

/// The path of the tiny model, as `--model` takes it.
pub(crate) fn tiny() -> String {
    fixture("tiny/tiny.onnx").display().to_string()
}

/// Data that a user's clone does not have; `None`, and a visible line, where it is missing.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skip: {} is not here", path.display());
    None
}

/// One cache for this whole test program, so that each model is baked once.
pub(crate) fn cache() -> &'static Path {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The program, with the tests' own cache.
pub(crate) fn cutout() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutout"));
    command.env("CUTOUT_CACHE", cache());
    command
}

/// Runs to the end; what was printed on standard error as text.
pub(crate) fn finish(command: &mut Command) -> (Output, String) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

/// An engine of the library itself, over `model`.
pub(crate) fn engine(name: &str, runtime: Runtime, model: &str) -> Box<dyn Engine + Send> {
    match name {
        "native" => {
            let model = Arc::new(models::find(model).unwrap());
            Engines::Native(model, runtime, Settings::default())
                .engine()
                .unwrap()
        }
        #[cfg(feature = "wasm")]
        _ => wasm(runtime, model, Settings::default()),
        #[cfg(not(feature = "wasm"))]
        _ => panic!("this build has no engine {name}"),
    }
}

#[cfg(feature = "wasm")]
pub(crate) fn wasm(runtime: Runtime, model: &str, settings: Settings) -> Box<dyn Engine + Send> {
    let model = models::find(model).unwrap();
    let cache = Cache::at(cache().to_owned()).unwrap();
    let engines = Engines::wasm(&cache, &model, runtime, settings, &|text| {
        println!("{text}");
    });
    engines.unwrap().engine().unwrap()
}

/// How long a test waits for what must come. A minute is many times what anything here takes on a machine of the usual
/// speed; it is as much longer as a fixed piece of work takes longer here and now, other tests included.
pub(crate) fn patience() -> Duration {
    const STEPS: u64 = 50_000_000;
    const USUAL: Duration = Duration::from_millis(100);
    static PATIENCE: OnceLock<Duration> = OnceLock::new();
    *PATIENCE.get_or_init(|| {
        let begun = Instant::now();
        black_box((0..STEPS).fold(black_box(1_u64), |x, step| {
            (x ^ (x >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ step
        }));
        let times = begun.elapsed().as_secs_f64() / USUAL.as_secs_f64();
        Duration::from_secs(60).mul_f64(times.max(1.0))
    })
}

/// For what is to be done however slow the machine is.
pub(crate) const NO_DEADLINE: [&str; 2] = ["--timeout", "86400"];

/// A grey PNG's pixels.
pub(crate) fn read_mask(path: &Path) -> (u32, u32, Vec<u8>) {
    let image = image::open(path).unwrap().into_luma8();
    (image.width(), image.height(), image.into_raw())
}

/// How far two masks are apart: share of pixels within 2 levels, largest difference, mean in 0…1.
pub(crate) fn difference(a: &[u8], b: &[u8]) -> (f64, u8, f64) {
    assert_eq!(a.len(), b.len());
    let differences: Vec<u8> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).collect();
    let near = differences.iter().filter(|d| **d <= 2).count() as f64 / a.len() as f64;
    let largest = differences.iter().copied().max().unwrap_or(0);
    let mean = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / a.len() as f64 / 255.0;
    (near, largest, mean)
}
