//! Limits of an engine.

use std::num::NonZeroU32;
use std::time::Duration;

use cutout::Limits;

use crate::{Error, Kind};

/// Limits of an engine. The native one has no instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Linear memory of one instance, or natively what an image takes of the heap, in bytes. Default 1 GiB.
    pub max_memory: usize,
    /// Time for one image. Default 60 s.
    pub timeout: Duration,
    /// Instances alive at once. Default 1.
    pub instances: u32,
    /// Images that one instance serves before a fresh one takes its place; 1 isolates every image from every
    /// other. Default: as many as come.
    pub reuse: NonZeroU32,
    /// Linear memory in bytes up to which an instance is kept for the next image: it never shrinks, and a fresh
    /// instance costs less than an image that needs more. Default 128 MiB.
    pub kept_memory: usize,
    /// Limits on an image that comes by HTTP. Default: the actor's own.
    pub limits: Option<Limits>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_memory: 1 << 30,
            timeout: Duration::from_secs(60),
            instances: 1,
            reuse: NonZeroU32::MAX,
            kept_memory: 128 << 20,
            limits: None,
        }
    }
}

impl Settings {
    /// The error of an image that was not done in time.
    pub(super) fn late(&self) -> Error {
        let text = format!(
            "the image was not done within {} s; raise --timeout or send a smaller one",
            self.timeout.as_secs_f64()
        );
        Error::new(Kind::Timeout, text)
    }

    /// The error of an image that needs more memory than its cap.
    pub(super) fn out_of_memory(&self) -> Error {
        let text = format!(
            "network and image need more than {} MiB; raise --max-memory or send a smaller image",
            self.max_memory >> 20
        );
        Error::new(Kind::OutOfMemory, text)
    }
}
