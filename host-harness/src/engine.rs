//! Engines: the ways to run the core.

mod engines;
mod native;
mod settings;
#[cfg(feature = "wasm")]
mod wasm;

use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use cutout::{BoundingBox, Limits, Matte, Options, Output, Quality, Stage};
use cutout_net::Plan;

pub use engines::Engines;
pub use settings::Settings;
#[cfg(feature = "wasm")]
pub use wasm::{Actor, Cache, Host, actor, bake, bake_worker, compile, worker};

use crate::Error;
use crate::models::Model;

/// BLAKE3 of the sources that make a plan of a model and a result of an image: what was made by others is not trusted to be the same.
pub(crate) const CORE_DIGEST: &str = env!("CUTOUT_CORE_DIGEST");

/// Version of the wasmtime that runs the engine `wasm`.
pub const WASMTIME: &str = env!("CUTOUT_WASMTIME");

/// The runtime: it computes the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// Our own: a plan and kernels, in whole numbers where the model's file has ranges.
    #[default]
    Net,
    /// Cutout's own, in f32 whatever the file has.
    NetF32,
    /// The reference: tract-onnx, slower and larger, with more operators.
    Tract,
}

impl Runtime {
    /// Whether this program has it.
    ///
    /// # Errors
    /// Kind `usage` when it was built without.
    pub fn check(self) -> Result<(), Error> {
        match self {
            #[cfg(not(feature = "tract"))]
            Self::Tract => Err(without_tract()),
            _ => Ok(()),
        }
    }

    /// The runtime's name in flags and columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::NetF32 => "net-f32",
            Self::Tract => "tract",
        }
    }
}

/// The plan of a model, in whole numbers where its file has ranges, unless `runtime` is of f32.
///
/// # Errors
/// Kind `model` when the runtime `net` cannot use the model.
pub(crate) fn plan(model: &Model, runtime: Runtime) -> Result<Plan, Error> {
    let side = model.spec.side;
    Ok(match runtime {
        Runtime::NetF32 => cutout_onnx::lower(&model.onnx, side)?.into(),
        _ => cutout_onnx::compile(&model.onnx, side)?,
    })
}

/// The error of a program that was built without the reference runtime.
#[cfg(not(feature = "tract"))]
fn without_tract() -> Error {
    let text = "this program was built without tract; build it with `cargo build --release --features tract`, or leave \
                --runtime out";
    Error::new(crate::Kind::Usage, text)
}

/// An encoded result and how long each stage took.
#[derive(Clone, Debug)]
pub struct Timed<T> {
    /// The result.
    pub value: T,
    /// The stages that ran, in order.
    pub stages: Vec<(Stage, Duration)>,
    /// Where the subject is; `None` when the mask is empty.
    pub foreground: Option<BoundingBox>,
}

/// An engine that a thread of its own can have.
pub type Worker = Box<dyn Engine + Send>;

/// Stack of such a thread: a main thread's, which the kernels are used to.
pub const WORKER_STACK: usize = 8 << 20;

/// A way to run the core on one image at a time.
pub trait Engine {
    /// The engine's name in flags and columns: `wasm` or `native`.
    fn name(&self) -> &'static str;

    /// Removes the background of an encoded image; the result is encoded.
    ///
    /// # Errors
    /// The core's kinds, `timeout`, `out-of-memory` and `trap`. After any of them the engine is as good as new.
    fn remove(&mut self, image: &[u8], options: &Options) -> Result<Timed<Output>, Error>;

    /// The mask of an encoded image.
    ///
    /// # Errors
    /// As [`Engine::remove`].
    fn mask(
        &mut self,
        image: &[u8],
        quality: Quality,
        limits: &Limits,
    ) -> Result<Timed<Matte>, Error>;

    /// Answers one HTTP request; what the core refuses is a response too.
    ///
    /// # Errors
    /// Kinds `timeout`, `out-of-memory` and `trap`; for `wasm` also `engine`. After any of them the engine is as good as new.
    fn respond(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, Error>;

    /// The largest linear memory, in bytes, of the instance that served the last image; `None` before it, and
    /// for `native`.
    fn peak_memory(&self) -> Option<usize>;

    /// Makes the instance that the next image will need, if there is none; `native` has nothing to make.
    ///
    /// # Errors
    /// Kind `engine` when there is no room for one.
    fn start(&mut self) -> Result<(), Error>;

    /// Drops the instance and all its memory; `native` has none.
    fn stop(&mut self);
}
