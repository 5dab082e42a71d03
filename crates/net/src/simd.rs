//! Levels of SIMD instructions.

use crate::Error;

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
    /// x86-64 with AVX-512 F, BW, VL and VNNI: 512 bits for whole numbers too.
    Avx512Vnni,
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
            Self::Avx512Vnni,
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
            Self::Avx512Vnni => "avx512-vnni",
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
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                Self::Avx512.exists()
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
            }
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
