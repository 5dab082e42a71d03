//! Add, activations, sigmoid and max-pooling.

use crate::Activation;
use crate::float::kernels::vector::Vector;
use crate::float::tensor::Tensor;

/// `out[i] = op(a[i], b[i])` for `length` values; `out` may be `a` or `b`.
///
/// # Safety
/// The processor has `V`'s features, all three have `length` values.
#[inline(always)]
unsafe fn zip<V: Vector>(
    a: *const f32,
    b: *const f32,
    out: *mut f32,
    from: usize,
    end: usize,
    op: Zip,
) {
    let mut i = from;
    while i < end {
        // SAFETY: the caller vouches for the range; each value is read before its place is written.
        unsafe {
            let (x, y) = (V::load(a.add(i)), V::load(b.add(i)));
            let value = match op {
                Zip::Add => x.add(y),
                Zip::Max => x.max(y),
                Zip::Clamp([low, high]) => x.max(V::splat(low)).min(V::splat(high)),
            };
            value.store(out.add(i));
        }
        i += V::LANES;
    }
}

#[derive(Clone, Copy)]
enum Zip {
    Add,
    Max,
    /// Of `a` alone.
    Clamp([f32; 2]),
}

/// # Safety
/// As [`zip`], for `length` values.
#[inline(always)]
unsafe fn zip_all<V: Vector>(a: *const f32, b: *const f32, out: *mut f32, length: usize, op: Zip) {
    let whole = length - length % V::LANES;
    // SAFETY: as in `zip`.
    unsafe {
        zip::<V>(a, b, out, 0, whole, op);
        zip::<f32>(a, b, out, whole, length, op);
    }
}

/// # Safety
/// The processor has `V`'s features; the maps lie in the arena that `arena` points to, equal or apart.
#[inline(always)]
pub(super) unsafe fn add<V: Vector>(a: Tensor, b: Tensor, out: Tensor, arena: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        zip_all::<V>(
            arena.add(a.offset),
            arena.add(b.offset),
            arena.add(out.offset),
            out.shape.len(),
            Zip::Add,
        );
    }
}

/// # Safety
/// As [`add`].
#[inline(always)]
pub(super) unsafe fn activate<V: Vector>(
    source: Tensor,
    activation: Activation,
    out: Tensor,
    arena: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let from = arena.add(source.offset);
        zip_all::<V>(
            from,
            from,
            arena.add(out.offset),
            out.shape.len(),
            Zip::Clamp(activation.range()),
        );
    }
}

/// 2x2, stride 2; the last window of an odd side is cut.
///
/// # Safety
/// As [`add`], with the maps apart.
#[inline(always)]
pub(super) unsafe fn max_pool<V: Vector>(source: Tensor, out: Tensor, arena: *mut f32) {
    let (from, c) = (source.shape, source.shape.c);
    for y in 0..out.shape.h {
        let below = (2 * y + 1).min(from.h - 1);
        for x in 0..out.shape.w {
            let beside = (2 * x + 1).min(from.w - 1);
            // SAFETY: rows and columns are clamped to the source, x and y are within `out`.
            unsafe {
                let at = |y: usize, x: usize| {
                    arena.add(source.offset + (y * from.w + x) * c).cast_const()
                };
                let to = arena.add(out.offset + (y * out.shape.w + x) * c);
                zip_all::<V>(at(2 * y, 2 * x), at(2 * y, beside), to, c, Zip::Max);
                zip_all::<V>(at(below, 2 * x), to, to, c, Zip::Max);
                zip_all::<V>(at(below, beside), to, to, c, Zip::Max);
            }
        }
    }
}

/// # Safety
/// As [`add`].
#[inline(always)]
pub(super) unsafe fn sigmoid(source: Tensor, out: Tensor, arena: *mut f32) {
    for i in 0..out.shape.len() {
        // SAFETY: the caller's promise; each value is read before its place is written.
        unsafe {
            arena
                .add(out.offset + i)
                .write(logistic(arena.add(source.offset + i).read()));
        };
    }
}

/// `1 / (1 + exp(-x))`, with exp from a polynomial of degree 6 on ±ln(2)/2 (relative error below 1e-6), so that
/// every platform gives the same bits and the compiler can vectorise the loop.
#[inline(always)]
fn logistic(x: f32) -> f32 {
    /// Adding and taking away 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = (-x).clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let rest = (x - power * 0.693_359_4) + power * 2.121_944_4e-4;
    let series = [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let mantissa = series.into_iter().fold(0.0, |sum, term| sum * rest + term);
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    1.0 / (1.0 + mantissa * scale)
}
