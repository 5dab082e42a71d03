//! Bilinear resize, one output row at a time, so that a convolution can take rows as it needs them.

use crate::float::kernels::half_pixel::half_pixel;
use crate::float::kernels::layout::{Room, Rooms};
use crate::float::kernels::vector::Vector;
use crate::float::operator::Convolution;
use crate::float::tensor::Tensor;
use crate::limits::MAX_SOURCES;
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

/// A source of a convolution: plain, or resized row by row, with the place of the rows that are kept.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) base: *const f32,
    pub(super) channels: usize,
    pub(super) resized: Option<(Resized, *mut f32)>,
}

/// The sources of a convolution; behind the last one of them they are empty.
///
/// # Safety
/// The sources lie in `arena`, and `scratch` has the length of the layout that the rooms are of.
pub(super) unsafe fn sources(
    conv: &Convolution<Tensor>,
    rooms: &Rooms,
    arena: *mut f32,
    scratch: *mut f32,
) -> [Source; MAX_SOURCES] {
    let empty = Source {
        base: std::ptr::null(),
        channels: 0,
        resized: None,
    };
    let mut sources = [empty; MAX_SOURCES];
    for (found, (source, room)) in sources.iter_mut().zip(conv.sources.iter().zip(rooms)) {
        // SAFETY: the source lies in the arena, and its room in the scratch.
        unsafe {
            let base = arena.add(source.offset).cast_const();
            let size = [conv.height, conv.width];
            let resized = |room: &Room| {
                let resizing = scratch.add(room.resizing);
                let resized = Resized::new(base, source.shape, size, resizing);
                (resized, scratch.add(room.rows))
            };
            *found = Source {
                base,
                channels: source.shape.c,
                resized: room.as_ref().map(resized),
            };
        }
    }
    sources
}

/// Resizes the map at `source` to the map at `out`.
///
/// # Safety
/// The processor has `V`'s features; the maps lie in `arena`, apart from each other, and `scratch` has
/// [`resized_length`](crate::float::kernels::layout::resized_length) values.
#[inline(always)]
pub(super) unsafe fn map<V: Vector>(
    source: Tensor,
    out: Tensor,
    arena: *mut f32,
    scratch: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let from = arena.add(source.offset).cast_const();
        let resized = Resized::new(from, source.shape, [out.shape.h, out.shape.w], scratch);
        for y in 0..out.shape.h {
            resized.write_row::<V>(y, arena.add(out.offset + y * out.shape.row()));
        }
    }
}

impl Resized {
    /// Splits `scratch` (of [`resized_length`](crate::float::kernels::layout::resized_length)) and fills the table.
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
        // SAFETY: within `scratch`, see `resized_length`.
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
///
/// # Safety
/// The processor has `V`'s features; `length` values are readable at `a` and `b` and writable at `to`.
#[inline(always)]
unsafe fn mix<V: Vector>(a: *const f32, b: *const f32, weight: f32, to: *mut f32, length: usize) {
    let whole = length - length % V::LANES;
    // SAFETY: the caller vouches for `length` values at all three.
    unsafe {
        mix_lanes::<V>(a, b, weight, to, 0, whole);
        mix_lanes::<f32>(a, b, weight, to, whole, length);
    }
}

/// # Safety
/// As [`mix`], for the values `from..end`, a multiple of `V::LANES`.
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
