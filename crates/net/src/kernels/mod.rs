//! Kernels: one job each, from the arena to the arena.
//!
//! `scalar` is the oracle, written to be read. `simd` is written once over [`vector::Vector`] and compiled for each
//! level of the processor. All `unsafe` of this crate stands below this folder.

#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
mod dispatch;
mod scalar;
#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(dead_code, reason = "without SIMD only the oracle is left")
)]
mod simd;
#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
mod vector;

pub(crate) use dispatch::run;

use crate::plan::Tensor;
use crate::{Activation, Error};
use simd::{direct, matrix, resize, winograd};

/// Values behind the arena that kernels may load and do not use.
pub(crate) const SPARE: usize = 16;

/// Which kernels to run. Anything but `Best` is for tests and benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Simd {
    /// The fastest that this processor and build have.
    #[default]
    Best,
    /// Plain Rust: the oracle, about a hundred times slower.
    Scalar,
    /// wasm simd128 (no relaxed operations).
    Wasm128,
    /// x86-64 baseline, 128 bits.
    Sse2,
    /// x86-64 with AVX2 and FMA, 256 bits.
    Avx2,
    /// x86-64 with AVX-512F, 512 bits; whole numbers are computed in 256 bits.
    Avx512,
    /// AArch64, 128 bits.
    Neon,
}

/// A level that this processor is known to have: made only by [`Simd::level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level(Simd);

impl Simd {
    /// Every level this processor and build can run, slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let all = [
            Self::Scalar,
            Self::Wasm128,
            Self::Sse2,
            Self::Avx2,
            Self::Avx512,
            Self::Neon,
        ];
        all.into_iter().filter(|level| level.exists()).collect()
    }

    /// The level's name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Scalar => "scalar",
            Self::Wasm128 => "wasm128",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    fn exists(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Wasm128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.exists(),
            _ => false,
        }
    }

    pub(crate) fn level(self) -> Result<Level, Error> {
        match self {
            Self::Best => Ok(Level(Self::available().pop().unwrap_or(Self::Scalar))),
            level if level.exists() => Ok(Level(level)),
            level => Err(Error::SimdUnavailable(level.name())),
        }
    }
}

impl Level {
    pub(crate) fn simd(self) -> Simd {
        self.0
    }
}

/// An operator with every map resolved to its place.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Conv(ConvJob),
    MaxPool {
        source: Tensor,
        out: Tensor,
    },
    Resize {
        source: Tensor,
        out: Tensor,
    },
    Add {
        a: Tensor,
        b: Tensor,
        out: Tensor,
    },
    Sigmoid {
        source: Tensor,
        out: Tensor,
    },
    Activate {
        source: Tensor,
        activation: Activation,
        out: Tensor,
    },
}

/// See [`crate::plan::ConvOp`]; `inputs` counts the channels of all sources, `residual` is an offset in the arena.
#[derive(Debug, Clone)]
pub(crate) struct ConvJob {
    pub(crate) sources: Vec<Tensor>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) inputs: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
    pub(crate) dilation: usize,
    pub(crate) depthwise: bool,
    pub(crate) activation: Activation,
    pub(crate) residual: Option<usize>,
    pub(crate) residual_first: bool,
    pub(crate) weights: usize,
    pub(crate) bias: usize,
    pub(crate) out: Tensor,
}

impl ConvJob {
    /// Whether a source has to be resized to the convolution's input while it is read.
    pub(crate) fn resizes(&self, source: &Tensor) -> bool {
        (source.shape.h, source.shape.w) != (self.height, self.width)
    }
}

/// How the job is computed.
pub(crate) fn algorithm(job: &Job) -> &'static str {
    match job {
        Job::Conv(conv) if conv.depthwise => "depthwise",
        Job::Conv(conv) if winograd::suits(conv) => "winograd",
        Job::Conv(conv) if direct::is_dot(conv) => "dot",
        Job::Conv(conv) if matrix::suits(conv) => "matrix",
        Job::Conv(_) => "direct",
        Job::MaxPool { .. } => "max_pool",
        Job::Resize { .. } => "resize",
        Job::Add { .. } => "add",
        Job::Sigmoid { .. } => "sigmoid",
        Job::Activate { activation, .. } => activation.name(),
    }
}

/// How many values below an equally wide source the output has to start when it overwrites that source;
/// `None` when they must be apart.
pub(crate) fn sliding_lead(job: &Job) -> Option<usize> {
    match job {
        Job::Conv(conv) if winograd::suits(conv) => Some(winograd::sliding_lead(conv)),
        _ => None,
    }
}

/// Scratch the job needs at any level, in values.
pub(crate) fn scratch_len(job: &Job) -> u64 {
    match job {
        Job::Conv(conv) if conv.depthwise => 0,
        Job::Conv(conv) if winograd::suits(conv) => winograd::Layout::new(conv).length,
        Job::Conv(conv) if matrix::suits(conv) => matrix::Layout::new(conv).length,
        Job::Conv(conv) => direct::Layout::new(conv).length,
        Job::Resize { source, out } => resize::scratch_len(source.shape, out.shape.w) as u64,
        _ => 0,
    }
}
