//! The module `cutout._cutout`, which the Python package `cutout` is made of: sessions, and the program's command line.

mod error;
mod flags;
mod session;
mod workers;

use std::ffi::OsString;
use std::path::PathBuf;

use cutout::Mask;
use host_harness::{Kind, cli};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use session::Session;

/// As in the program: glibc's keeps some of what a burst of images took. Python's own objects are not in it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Does what the command line `arguments` says, of which the first names the program; the exit code. `script` is a file that
/// starts this program once more.
#[pyfunction]
#[pyo3(signature = (arguments, script=None))]
fn main(py: Python<'_>, arguments: Vec<OsString>, script: Option<PathBuf>) -> u8 {
    if let Some(script) = script {
        cli::start_by(script);
    }
    py.detach(|| cli::main(arguments))
}

/// A mask of `width` × `height` values as rembg smooths it: 0 or 255 everywhere.
#[pyfunction]
fn smoothed<'py>(
    py: Python<'py>,
    mask: &[u8],
    width: u32,
    height: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    if mask.len() as u64 != u64::from(width) * u64::from(height) {
        let text = format!("{} values are no mask of {width}×{height}", mask.len());
        return Err(PyValueError::new_err(text));
    }
    let mask = Mask {
        width,
        height,
        data: mask.to_vec(),
    };
    let smooth = py.detach(|| mask.smoothed());
    Ok(PyBytes::new(py, &smooth.data))
}

/// Every kind of error, and its cause and way out.
#[pyfunction]
fn kinds() -> Vec<(&'static str, &'static str)> {
    let kinds = Kind::all().into_iter();
    kinds.map(|kind| (kind.as_str(), kind.meaning())).collect()
}

#[pymodule]
fn _cutout(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Session>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(smoothed, module)?)?;
    module.add_function(wrap_pyfunction!(kinds, module)?)
}
