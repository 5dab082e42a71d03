//! Circumstances of a run.

use std::path::PathBuf;
use std::time::SystemTime;

use procfs::{CpuInfo, Current, KernelVersion};

use crate::error::Error;
use crate::plan::Plan;
use crate::record::About;

/// The program that is measured, `cutout`.
pub struct Program {
    /// The file that starts it.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
    /// Version of the compiler that made it.
    pub rustc: String,
    /// Version of its wasmtime.
    pub wasmtime: String,
    /// Name of the model.
    pub model: String,
    /// BLAKE3 of the model's ONNX file.
    pub model_digest: String,
    /// Side of the network's input in pixels.
    pub side: u32,
    /// Host images that its processes map, in the folder that `CUTOUT_CACHE` names.
    pub host_images: Vec<PathBuf>,
}

/// This machine, the program, and what is to be measured.
///
/// # Errors
/// Kind `io` where `/proc` cannot be read, or the image's size.
pub(crate) fn of_run(plan: &Plan, program: &Program) -> Result<About, Error> {
    let cpu = CpuInfo::current().map_err(Error::io("read /proc/cpuinfo"))?;
    let kernel = KernelVersion::current().map_err(Error::io("read the kernel's version"))?;
    let KernelVersion {
        major,
        minor,
        patch,
    } = kernel;
    let size = || -> image::ImageResult<(u32, u32)> {
        let reader = image::ImageReader::open(&plan.image)?;
        reader.with_guessed_format()?.into_dimensions()
    };
    let doing = format!("read the size of {}", plan.image.display());
    let (width, height) = size().map_err(Error::io(doing))?;
    let name = plan.image.file_name().unwrap_or_default();
    Ok(About {
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        version: program.version.clone(),
        cpu: cpu.model_name(0).unwrap_or("unknown").to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("Linux {major}.{minor}.{patch}"),
        rustc: program.rustc.clone(),
        wasmtime: program.wasmtime.clone(),
        model: program.model.clone(),
        model_digest: program.model_digest.clone(),
        side: program.side,
        image: name.to_string_lossy().into_owned(),
        width,
        height,
        workers: plan.workers.into(),
        seed: plan.seed,
        rounds: 0,
        samples: plan.samples,
        peers: plan.peers.clone(),
    })
}
