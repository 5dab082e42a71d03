//! Bilinear resize, one output row at a time, so that a convolution can take rows as it needs them.

use super::gemm::GROUP;
use crate::kernels::ConvJob;
use crate::kernels::scalar::half_pixel;
use crate::kernels::vector::Vector;
use crate::plan::Tensor;
use crate::shape::Shape;

/// A map that is read as if it had `height` x `width`.
#[derive(Clone, Copy)]
pub(super) struct Resized {
    pub(super) from: *const f32,
    pub(super) shape: Shape,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Scratch: `width` pairs of left neighbour and weight of the right one.
    pub(super) table: *mut f32,
    /// Scratch: one row of `shape`.
    pub(super) row: *mut f32,
}

/// Values of scratch that [`Resized`] needs.
pub(in crate::kernels) fn scratch_len(shape: Shape, width: usize) -> usize {
    (2 * width).next_multiple_of(16) + shape.row().next_multiple_of(16)
}

/// For a source that is resized while it is read: the resized map, and room in the scratch for `rows` of its rows.
/// Both are taken from `next` on, in the order in which the layouts count them.
///
/// # Safety
/// `from` is readable for the source, `scratch` writable as far as the job's layout says.
pub(super) unsafe fn take(
    job: &ConvJob,
    source: &Tensor,
    rows: usize,
    from: *const f32,
    scratch: *mut f32,
    next: &mut usize,
) -> Option<(Resized, *mut f32)> {
    if !job.resizes(source) {
        return None;
    }
    let shape = source.shape;
    let kept = *next;
    let table = kept + (rows * job.width * shape.c).next_multiple_of(GROUP);
    *next = table + scratch_len(shape, job.width).next_multiple_of(GROUP);
    // SAFETY: the caller's promise.
    unsafe {
        let resized = Resized::new(from, shape, [job.height, job.width], scratch.add(table));
        Some((resized, scratch.add(kept)))
    }
}

impl Resized {
    /// Splits `scratch` (of [`scratch_len`]) and fills the table.
    ///
    /// # Safety
    /// `from` is readable for `shape`, `scratch` writable.
    pub(super) unsafe fn new(
        from: *const f32,
        shape: Shape,
        [height, width]: [usize; 2],
        scratch: *mut f32,
    ) -> Self {
        for x in 0..width {
            let (left, _, across) = half_pixel(x, shape.w, width);
            // SAFETY: `scratch` begins with 2 * width values. Columns are below 2^13, so f32 holds them exactly.
            unsafe {
                scratch.add(2 * x).write(left as f32);
                scratch.add(2 * x + 1).write(across);
            }
        }
        // SAFETY: within `scratch`, see `scratch_len`.
        let row = unsafe { scratch.add((2 * width).next_multiple_of(16)) };
        Self {
            from,
            shape,
            height,
            width,
            table: scratch,
            row,
        }
    }

    /// Writes row `y` of the resized map, `width * c` values.
    ///
    /// # Safety
    /// The processor has `V`'s features, `y < height`, `to` is writable and apart from the source.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) unsafe fn write_row<V: Vector>(&self, y: usize, to: *mut f32) {
        let (c, length) = (self.shape.c, self.shape.row());
        let (top, bottom, down) = half_pixel(y, self.shape.h, self.height);
        // SAFETY: top and bottom are rows of the source, left and right columns of it; `row` holds one of its rows.
        unsafe {
            let (top, bottom) = (self.from.add(top * length), self.from.add(bottom * length));
            mix::<V>(top, bottom, down, self.row, length);
            for x in 0..self.width {
                let left = self.table.add(2 * x).read().to_int_unchecked::<i32>() as usize;
                let across = self.table.add(2 * x + 1).read();
                let right = (left + 1).min(self.shape.w - 1);
                mix::<V>(
                    self.row.add(left * c),
                    self.row.add(right * c),
                    across,
                    to.add(x * c),
                    c,
                );
            }
        }
    }
}

/// `to = a + weight * (b - a)` for `length` values.
#[inline(always)]
unsafe fn mix<V: Vector>(a: *const f32, b: *const f32, weight: f32, to: *mut f32, length: usize) {
    let whole = length - length % V::LANES;
    // SAFETY: the caller vouches for `length` values at all three.
    unsafe {
        mix_lanes::<V>(a, b, weight, to, 0, whole);
        mix_lanes::<f32>(a, b, weight, to, whole, length);
    }
}

#[inline(always)]
unsafe fn mix_lanes<V: Vector>(
    a: *const f32,
    b: *const f32,
    weight: f32,
    to: *mut f32,
    from: usize,
    end: usize,
) {
    // SAFETY: as in `mix`.
    unsafe {
        let weight = V::splat(weight);
        let mut i = from;
        while i < end {
            let low = V::load(a.add(i));
            weight
                .mul_add(V::load(b.add(i)).sub(low), low)
                .store(to.add(i));
            i += V::LANES;
        }
    }
}
