//! Kernels in whole numbers: one row of one operator each, from the arena to the arena.
//!
//! Written once over [`lanes::Lanes`] and compiled for each level of the processor; all of them give the oracle's bits.

mod conv;
mod depthwise;
mod dot;
mod double;
mod finish;
mod job;
mod lanes;
mod operands;

pub(super) use job::RowJob;

use crate::simd::{Level, Simd};
use job::Added;
use lanes::Lanes;

/// Computes one row of a checked plan.
pub(super) fn run(level: Level, job: &RowJob<'_>, arena: &mut [i16]) {
    assert!(arena.len() >= job.length, "the arena of another plan");
    match level.simd() {
        // SAFETY: a `Level` exists only for what this processor has; a job is of a checked plan and the arena has its length.
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Simd::Wasm128 => unsafe { row::<lanes::wasm::Wasm128, 2>(job, arena.as_mut_ptr()) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Simd::Neon => unsafe { row::<lanes::neon::Neon, 4>(job, arena.as_mut_ptr()) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Sse2 => unsafe { row::<lanes::x86::Sse2, 2>(job, arena.as_mut_ptr()) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { avx2(job, arena.as_mut_ptr()) },
        // SAFETY: as above; whoever has AVX-512 here has AVX2 too.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { avx2(job, arena.as_mut_ptr()) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512Vnni => unsafe { avx512_vnni(job, arena.as_mut_ptr()) },
        // The oracle runs on whole maps.
        _ => debug_assert!(false, "the level scalar has no kernels"),
    }
}

/// # Safety
/// As [`row`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise.
    unsafe { row::<lanes::x86::Avx2, 4>(job, arena) }
}

/// # Safety
/// As [`row`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn avx512_vnni(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise.
    unsafe { row::<lanes::x86::Avx512Vnni, 12>(job, arena) }
}

/// Computes one row, `ROWS` pixels at a time where it is a matrix product.
///
/// # Safety
/// The processor has `L`'s features; `job` is of a checked plan, whose arena begins at `arena`.
#[inline(always)]
unsafe fn row<L: Lanes, const ROWS: usize>(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise; borders are part of the result's row.
    unsafe {
        if let Some(Added::Doubled {
            near,
            far,
            width,
            to,
        }) = job.residual
        {
            let [near, far] = [near, far].map(|row| arena.add(row).cast_const());
            double::row::<L>([near, far], width, job.outputs, arena.add(to));
        }
        match (job.depthwise, job.kernel) {
            (true, 3) => depthwise::row::<L, 3>(job, arena),
            (true, _) => depthwise::row::<L, 5>(job, arena),
            (false, _) if job.dot => dot::row::<L>(job, arena),
            (false, _) => conv::row::<L, ROWS>(job, arena),
        }
        let border = job.border * job.outputs;
        arena.add(job.out).write_bytes(0, border);
        arena
            .add(job.out + border + job.width * job.outputs)
            .write_bytes(0, border);
    }
}
