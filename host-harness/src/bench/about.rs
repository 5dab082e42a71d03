//! Circumstances of a run.

use std::time::SystemTime;

use procfs::{CpuInfo, Current, KernelVersion};

use super::plan::Plan;
use super::record::About;
use crate::Error;
use crate::engine::WASMTIME;
use crate::models::Model;

/// This machine, this program, and what it is to measure.
///
/// # Errors
/// Kind `io` where `/proc` cannot be read, or the image's size.
pub(super) fn of_run(plan: &Plan, model: &Model) -> Result<About, Error> {
    let cpu = CpuInfo::current().map_err(Error::io("read /proc/cpuinfo"))?;
    let kernel = KernelVersion::current().map_err(Error::io("read the kernel's version"))?;
    let KernelVersion {
        major,
        minor,
        patch,
    } = kernel;
    let picture = &plan.picture;
    let size = || -> image::ImageResult<(u32, u32)> {
        let reader = image::ImageReader::open(picture)?;
        reader.with_guessed_format()?.into_dimensions()
    };
    let doing = format!("read the size of {}", picture.display());
    let (width, height) = size().map_err(Error::io(doing))?;
    let name = picture.file_name().unwrap_or_default();
    Ok(About {
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cpu: cpu.model_name(0).unwrap_or("unknown").to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("Linux {major}.{minor}.{patch}"),
        rustc: env!("CUTOUT_RUSTC").to_owned(),
        wasmtime: WASMTIME.to_owned(),
        model: model.spec.name.clone(),
        model_digest: model.digest.to_string(),
        side: model.spec.side,
        picture: name.to_string_lossy().into_owned(),
        width,
        height,
        workers: plan.workers.into(),
        seed: plan.seed,
        rounds: 0,
        samples: plan.samples,
        peers: plan.peers.clone(),
    })
}
