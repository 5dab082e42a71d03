//! The program, seen from inside its own process: what a probe asks its engines for.

use std::num::NonZeroU32;

use crate::error::Error;

/// One engine: it removes the background of one image at a time.
pub trait MeasuredEngine<E> {
    /// The result of an encoded image.
    ///
    /// # Errors
    /// Those of the engine.
    fn remove(&mut self, image: &[u8]) -> Result<Vec<u8>, E>;

    /// The largest linear memory, in bytes, of the instance that served the last image.
    fn peak_memory(&self) -> Option<usize>;

    /// Makes the instance that the next image will need.
    ///
    /// # Errors
    /// Those of the engine.
    fn start(&mut self) -> Result<(), E>;

    /// Drops the instance and all its memory.
    fn stop(&mut self);
}

/// A model made ready, from which every worker gets an engine of its own.
pub trait MeasuredEngines<E> {
    /// An engine for one worker.
    ///
    /// # Errors
    /// Those of the engine.
    fn engine(&self) -> Result<Box<dyn MeasuredEngine<E> + Send>, E>;
}

/// A program that can be asked.
pub trait Subject {
    /// Errors of the program.
    type Error: From<Error> + Send;

    /// Whether its engines have instances that can be dropped.
    fn has_instances(&self) -> bool;

    /// Makes the model ready for so many instances, each of which serves `reuse` images and is kept until then, however large.
    ///
    /// # Errors
    /// Those of the program.
    fn start(
        &self,
        instances: u32,
        reuse: NonZeroU32,
    ) -> Result<Box<dyn MeasuredEngines<Self::Error>>, Self::Error>;
}
