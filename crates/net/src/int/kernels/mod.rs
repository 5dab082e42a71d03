//! Kernels in whole numbers: one row of one operator each, from the arena to the arena.
//!
//! Written once over [`lanes::Lanes`] and compiled for each level of the processor; all of them give the oracle's bits.

mod conv;
mod depthwise;
mod dot;
mod double;
mod finish;
mod lanes;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod straight;

pub(super) use super::plan::LANES;
use super::plan::{Plan, stored};
use crate::kernels::{Level, Simd};
use lanes::Lanes;

/// Most rows of a kernel.
const MAX_ROWS: usize = 5;

/// One row of an operator, with all offsets resolved; offsets into the arena count values.
pub(super) struct RowJob<'a> {
    /// Values of the arena that all offsets are in.
    length: usize,
    weights: &'a [i8],
    biases: &'a [i32],
    factors: &'a [f32],
    /// The rows of the source under the kernel, each from the first value that the row's first pixel reads.
    sources: [usize; MAX_ROWS],
    kernel: usize,
    stride: usize,
    depthwise: bool,
    /// Whether `dot` computes it: see [`Op::is_dot`](crate::int::plan::Op::is_dot).
    dot: bool,
    /// Stored channels of the source and of the result.
    inputs: usize,
    outputs: usize,
    width: usize,
    inner: Option<[i16; 2]>,
    outer: [i16; 2],
    /// Whether products of sums and factors have to be limited.
    wide: bool,
    residual: Option<Added>,
    /// The row of the result with its border, in pixels.
    out: usize,
    border: usize,
}

/// The row of a residual: its first pixel, or of a map of half the size the nearer and the farther row.
enum Added {
    Plain(usize),
    Doubled {
        near: usize,
        far: usize,
        width: usize,
        to: usize,
    },
}

impl<'a> RowJob<'a> {
    /// Row `y` of operator `index`.
    pub(super) fn new(plan: &'a Plan, index: usize, y: usize) -> Self {
        let op = &plan.ops[index];
        let (shape, layout) = (plan.shapes[index + 1], &plan.layout);
        let inputs = stored(op.source, plan.shapes[op.source]);
        let outputs = stored(index + 1, shape);
        // The first pixel of a row of a map.
        let pixel = |map: usize, y: usize| {
            let place = layout.places[map];
            place.offset + y % place.rows * place.row + place.border * stored(map, plan.shapes[map])
        };
        let mut sources = [layout.zeros; MAX_ROWS];
        for (ky, source) in sources.iter_mut().take(op.kernel).enumerate() {
            let row = (y * op.stride + ky).wrapping_sub(op.pad());
            if row < plan.shapes[op.source].h {
                *source = pixel(op.source, row) - op.pad() * inputs;
            }
        }
        let residual = op.residual.map(|residual| {
            if !residual.doubled {
                return Added::Plain(pixel(residual.map, y));
            }
            let (near, height) = (y / 2, plan.shapes[residual.map].h);
            let far = if y.is_multiple_of(2) {
                near.saturating_sub(1)
            } else {
                (near + 1).min(height - 1)
            };
            Added::Doubled {
                near: pixel(residual.map, near),
                far: pixel(residual.map, far),
                width: plan.shapes[residual.map].w,
                to: layout.doubled,
            }
        });
        let place = layout.places[index + 1];
        Self {
            length: layout.length,
            weights: &plan.weights[op.weights..],
            biases: &plan.biases[op.channels..],
            factors: &plan.factors[op.channels..],
            sources,
            kernel: op.kernel,
            stride: op.stride,
            depthwise: op.depthwise,
            dot: op.is_dot(shape.c),
            inputs,
            outputs,
            width: shape.w,
            inner: op.inner,
            outer: op.outer,
            wide: layout.wide[index],
            residual,
            out: pixel(index + 1, y) - place.border * outputs,
            border: place.border,
        }
    }
}

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
