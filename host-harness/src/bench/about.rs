//! What figures depend on.

use std::time::SystemTime;

use procfs::{CpuInfo, Current, KernelVersion};

use super::record::About;
use crate::Error;
use crate::engine::WASMTIME;

/// This machine and this program; what depends on the run is left empty.
///
/// # Errors
/// Kind `io` where `/proc` cannot be read.
pub(super) fn this_machine() -> Result<About, Error> {
    let cpu = CpuInfo::current().map_err(Error::io("read /proc/cpuinfo"))?;
    let kernel = KernelVersion::current().map_err(Error::io("read the kernel's version"))?;
    let KernelVersion {
        major,
        minor,
        patch,
    } = kernel;
    Ok(About {
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cpu: cpu.model_name(0).unwrap_or("unknown").to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("Linux {major}.{minor}.{patch}"),
        wasmtime: WASMTIME.to_owned(),
        model: String::new(),
        picture: String::new(),
        width: 0,
        height: 0,
        workers: 0,
        seed: 0,
    })
}
