//! Sessions: a model made ready, with its workers.

use std::num::NonZero;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Args;
use crossbeam_channel::RecvTimeoutError;
use cutout::{Background, Format, Output};
use host_harness::commands::{OutputFlags, Sandbox};
use host_harness::engine::{Engine, Settings};
use host_harness::{Error, Kind};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyByteArray;

use crate::error::raised;
use crate::flags;
use crate::workers::Workers;

/// How often whoever waits looks for signals.
const PAUSE: Duration = Duration::from_millis(50);

/// A model made ready, with its workers.
#[pyclass(frozen, module = "cutout._cutout")]
pub(crate) struct Session {
    sandbox: Sandbox,
    /// Images that are made at once.
    #[pyo3(get)]
    workers: usize,
    /// The engine: `wasm` or `native`.
    #[pyo3(get)]
    engine: String,
    running: Mutex<Running>,
}

struct Running {
    /// The process that has the threads: a fork has none of them.
    process: u32,
    workers: Arc<Workers>,
}

/// Flags of a session, as of `cutout run`.
#[derive(Args)]
struct SessionFlags {
    #[command(flatten)]
    sandbox: Sandbox,
}

/// A result: its bytes, width, height, whether there is a foreground, and the uncertainty.
type Made<'py> = (Bound<'py, PyByteArray>, u32, u32, bool, f32);

#[pymethods]
impl Session {
    /// `words` are flags of `cutout run` about the engine. `workers` is at least 1; default: one for each processor.
    #[new]
    #[pyo3(signature = (words, workers=None))]
    fn new(py: Python<'_>, words: Vec<String>, workers: Option<usize>) -> PyResult<Self> {
        py.detach(|| Self::open(words, workers))
            .map_err(|error| raised(py, &error))
    }

    /// The largest encoded image, in bytes.
    #[getter]
    fn max_bytes(&self) -> u64 {
        self.sandbox.limits().max_bytes
    }

    /// The result of an encoded image, as `words`, flags of `cutout run`, say. A `background` is an encoded image. With `pixels` the
    /// result is pixels. With `unbounded` the image, or the background, is pixels in a file, so that bytes have no limit of their own.
    #[pyo3(signature = (image, words, background=None, pixels=false, unbounded=false))]
    fn remove<'py>(
        &self,
        py: Python<'py>,
        image: PyBackedBytes,
        words: Vec<String>,
        background: Option<PyBackedBytes>,
        pixels: bool,
        unbounded: bool,
    ) -> PyResult<Made<'py>> {
        let output = self.output(py, image, words, background, pixels, unbounded)?;
        Ok((
            PyByteArray::new(py, &output.bytes),
            output.width,
            output.height,
            output.foreground.is_some(),
            output.uncertainty,
        ))
    }
}

impl Session {
    fn open(words: Vec<String>, workers: Option<usize>) -> Result<Self, Error> {
        let SessionFlags { sandbox } = flags::parse(words)?;
        let workers = match workers {
            Some(0) => return Err(Error::new(Kind::Usage, "workers is at least 1")),
            Some(workers) => workers,
            None => thread::available_parallelism().map_or(1, NonZero::get),
        };
        let made = start(&sandbox, workers)?;
        Ok(Self {
            engine: made.1.to_owned(),
            sandbox,
            workers,
            running: Mutex::new(Running {
                process: process::id(),
                workers: Arc::new(made.0),
            }),
        })
    }

    fn output(
        &self,
        py: Python<'_>,
        image: PyBackedBytes,
        words: Vec<String>,
        background: Option<PyBackedBytes>,
        pixels: bool,
        unbounded: bool,
    ) -> PyResult<Output> {
        let workers = self.workers(py)?;
        let started = py.detach(|| {
            let result: OutputFlags = flags::parse(words)?;
            let format = result.format.unwrap_or_default();
            let mut options = result.options(format, self.sandbox.limits())?;
            if let Some(background) = background {
                options.background = Background::Picture(background.to_vec());
            }
            if pixels {
                options.encoding.format = Format::Raw;
            }
            if unbounded {
                options.limits.max_bytes = u64::MAX;
            }
            workers.start(move |engine: &mut dyn Engine| engine.remove(&image, &options))
        });
        let result = started.map_err(|error| raised(py, &error))?;
        loop {
            match py.detach(|| result.recv_timeout(PAUSE)) {
                Ok(Ok(made)) => return Ok(made.value),
                Ok(Err(error)) => return Err(raised(py, &error)),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    let text =
                        "the engine panicked, a defect of Cutout; please report it with the image";
                    return Err(raised(py, &Error::new(Kind::Trap, text)));
                }
            }
        }
    }

    /// The workers, in a forked process new ones.
    fn workers(&self, py: Python<'_>) -> PyResult<Arc<Workers>> {
        let now = process::id();
        {
            let running = self.running();
            if running.process == now {
                return Ok(running.workers.clone());
            }
        }
        let made = py.detach(|| start(&self.sandbox, self.workers));
        let workers = Arc::new(made.map_err(|error| raised(py, &error))?.0);
        let mut running = self.running();
        if running.process != now {
            // What the parent had stays as it is: its threads and locks are in no known state here.
            std::mem::forget(std::mem::replace(&mut running.workers, workers));
            running.process = now;
        }
        Ok(running.workers.clone())
    }

    /// Never held without Python's lock, so that a fork, which has that lock, finds it free.
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(sandbox: &Sandbox, workers: usize) -> Result<(Workers, &'static str), Error> {
    let settings = Settings {
        instances: u32::try_from(workers).unwrap_or(u32::MAX),
        ..sandbox.settings()?
    };
    let (_, engines) = sandbox.start(settings)?;
    let name = engines.name();
    Ok((Workers::new(engines, workers)?, name))
}
