//! The interface of engines.

use std::time::Duration;

use bytes::Bytes;
use cutout::{BoundingBox, Limits, Mark, Matte, Options, Output, Quality, Stage};
use http::{Request, Response};

use crate::Error;

/// A result and how long each stage took.
#[derive(Clone, Debug)]
pub struct Timed<T> {
    /// The result.
    pub value: T,
    /// The stages that ran, in order.
    pub stages: Vec<(Stage, Duration)>,
    /// Where the subject is; `None` when the mask is empty.
    pub foreground: Option<BoundingBox>,
}

/// An HTTP response and how long each stage took. A refusal has its code in the response, as [`cutout_http::code`] reads it.
#[derive(Debug)]
pub struct Responded {
    /// The response, which has the times in its header `Server-Timing`, too.
    pub response: Response<Bytes>,
    /// The stages that ran, in order.
    pub stages: Vec<(Stage, Duration)>,
}

/// An engine that can be moved to a thread.
pub type BoxEngine = Box<dyn Engine + Send>;

/// Stack of a thread that runs an engine: a main thread's, which the kernels are used to.
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

    /// Corrects a mask of an encoded image, or else the one that the network finds, by hand; the result is encoded.
    ///
    /// # Errors
    /// As [`Engine::remove`].
    fn refine(
        &mut self,
        image: &[u8],
        mask: Option<&[u8]>,
        marks: &[Mark<'_>],
        options: &Options,
    ) -> Result<Timed<Output>, Error>;

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
    fn respond(&mut self, request: Request<Bytes>) -> Result<Responded, Error>;

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
