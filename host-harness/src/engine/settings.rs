//! Limits of an engine.

use std::num::NonZeroU32;
use std::time::Duration;

use cutout::Limits;

/// Limits of wasm instances; the native engine takes `limits` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Linear memory of one instance in bytes. Default 1 GiB.
    pub max_memory: usize,
    /// Time for one picture. Default 60 s.
    pub timeout: Duration,
    /// Instances alive at once. Default 1.
    pub instances: u32,
    /// Pictures that one instance serves before a fresh one takes its place; 1 isolates every picture from every
    /// other. Default: as many as come.
    pub reuse: NonZeroU32,
    /// Linear memory in bytes up to which an instance is kept for the next picture: it never shrinks, and a fresh
    /// instance costs less than a picture that needs more. Default 128 MiB.
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
