//! The multiply at the heart of both convolutions: rows of A times a panel of B, accumulated in registers.

use crate::kernels::vector::Vector;
use std::ptr::with_exposed_provenance;

/// Output channels are padded to a multiple of this; the widest register holds one such group.
pub(in crate::kernels) const GROUP: usize = 16;

/// `C[i][j] = sum over segments s and k < depth of A[i * a_step + segments[s] + k] * B[(s * depth + k)][j]`.
///
/// A segment is a run of A that is contiguous for one row: one for Winograd and 1x1, one for each kernel row or tap
/// of a direct convolution. B is in panels of [`panel`] columns, each stored row after row; C has `columns` columns.
pub(super) struct Gemm<'a> {
    pub(super) a: *const f32,
    pub(super) a_step: usize,
    pub(super) segments: &'a [usize],
    pub(super) depth: usize,
    pub(super) b: *const f32,
    pub(super) c: *mut f32,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Columns of one panel of B for `columns` padded output channels.
#[inline(always)]
pub(super) fn panel<V: Vector>(columns: usize) -> usize {
    match V::LANES {
        16 if columns.is_multiple_of(64) => 64,
        16 if columns.is_multiple_of(32) => 32,
        _ => GROUP,
    }
}

impl Gemm<'_> {
    /// Runs the product with the register tile that suits the back end: as many accumulators as leave room for
    /// one row of B, one value of A and one product among 16 registers (AVX-512 and NEON: 32).
    ///
    /// # Safety
    /// The processor has `V`'s features; A is readable at every index above, B for all panels, C writable.
    #[inline(always)]
    pub(super) unsafe fn run<V: Vector>(&self) {
        // SAFETY: the caller's promise.
        unsafe {
            match (V::LANES, panel::<V>(self.columns)) {
                (16, 64) => self.tiles::<V, 6, 3, 4>(),
                (16, 32) => self.tiles::<V, 12, 4, 2>(),
                (16, _) => self.tiles::<V, 12, 4, 1>(),
                (8, _) => self.tiles::<V, 6, 3, 2>(),
                _ if cfg!(target_arch = "aarch64") => self.tiles::<V, 6, 3, 4>(),
                _ => self.tiles::<V, 2, 1, 4>(),
            }
        }
    }

    #[inline(always)]
    unsafe fn tiles<V: Vector, const MOST: usize, const SOME: usize, const VECTORS: usize>(&self) {
        let width = VECTORS * V::LANES;
        for column in (0..self.columns).step_by(width) {
            let mut row = 0;
            // SAFETY: `column` and `row` stay below `columns` and `rows`, for which the caller vouches.
            unsafe {
                let b = self.b.add(column * self.segments.len() * self.depth);
                while row + MOST <= self.rows {
                    tile::<V, MOST, VECTORS>(self, row, b, column);
                    row += MOST;
                }
                while row + SOME <= self.rows {
                    tile::<V, SOME, VECTORS>(self, row, b, column);
                    row += SOME;
                }
                while row < self.rows {
                    tile::<V, 1, VECTORS>(self, row, b, column);
                    row += 1;
                }
            }
        }
    }
}

/// One register tile.
#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize, const VECTORS: usize>(
    g: &Gemm<'_>,
    row: usize,
    b: *const f32,
    column: usize,
) {
    // SAFETY: the caller of `Gemm::run` vouches for all of A, B and C; rows and columns are in range.
    unsafe {
        let c = g.c.add(row * g.columns + column);
        if cfg!(target_arch = "wasm32") {
            return tile_in_steps::<V, ROWS, VECTORS>(g, row, b, c);
        }
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        let mut b = b;
        for &segment in g.segments {
            let a = g.a.add(row * g.a_step + segment);
            run_plain(&mut sums, a, g.a_step, b, g.depth);
            b = b.add(g.depth * VECTORS * V::LANES);
        }
        store(&sums, c, g.columns);
    }
}

/// The same for wasm, [`STEPS`] products at a time, with the sums kept in C in between.
#[inline(always)]
unsafe fn tile_in_steps<V: Vector, const ROWS: usize, const VECTORS: usize>(
    g: &Gemm<'_>,
    row: usize,
    b: *const f32,
    c: *mut f32,
) {
    let mut b = b;
    let mut fresh = true;
    for &segment in g.segments {
        let mut done = 0;
        while done < g.depth {
            let steps = STEPS.min(g.depth - done);
            // SAFETY: as in `tile`.
            unsafe {
                let a = g.a.add(row * g.a_step + segment + done);
                run_straight::<V, ROWS, VECTORS>((a, g.a_step), b, steps, (c, g.columns), fresh);
                b = b.add(steps * VECTORS * V::LANES);
            }
            done += steps;
            fresh = false;
        }
    }
}

/// Products that [`run_straight`] adds at most.
const STEPS: usize = 32;

type Sums<V, const ROWS: usize, const VECTORS: usize> = [[V; VECTORS]; ROWS];

#[inline(always)]
unsafe fn run_plain<V: Vector, const ROWS: usize, const VECTORS: usize>(
    sums: &mut Sums<V, ROWS, VECTORS>,
    a: *const f32,
    a_step: usize,
    b: *const f32,
    depth: usize,
) {
    for k in 0..depth {
        // SAFETY: as in `tile`.
        unsafe {
            let columns = load_row::<V, VECTORS>(b.add(k * VECTORS * V::LANES));
            for (i, sums) in sums.iter_mut().enumerate() {
                let value = V::load_splat(a.add(i * a_step + k));
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = value.mul_add(column, *sum);
                }
            }
        }
    }
}

/// The same for 1 to [`STEPS`] products, added to what C holds unless `fresh`; shaped for Cranelift (48).
///
/// It has no loop, since a host that interrupts guests by epochs puts a check with a call into every loop, and a call
/// leaves no vector register alone: with a loop the sums went through the stack each time, at half the speed.
/// Cranelift places arithmetic as late as it can, after all loads of a block, so that a long block runs out of
/// registers: the exits in between end blocks. It makes one instruction of a load and its splat only when the splat
/// has a single use; a value carried over a block's end has one. And LLVM rewrites pointers into sums that no longer
/// fold into the offset field of a load, but leaves integer addresses alone.
#[inline(never)]
unsafe fn run_straight<V: Vector, const ROWS: usize, const VECTORS: usize>(
    (a, a_step): (*const f32, usize),
    b: *const f32,
    steps: usize,
    (c, c_step): (*mut f32, usize),
    fresh: bool,
) {
    let (mut a, mut b) = (a.expose_provenance(), b.expose_provenance());
    let end = a.wrapping_add(steps * size_of::<f32>());
    let a_step = a_step * size_of::<f32>();
    // SAFETY: as in `tile`.
    unsafe {
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        if !fresh {
            for (i, sums) in sums.iter_mut().enumerate() {
                *sums = load_row::<V, VECTORS>(c.add(i * c_step));
            }
        }
        let mut values = [V::splat(0.0); ROWS];
        for (i, value) in values.iter_mut().enumerate() {
            *value = V::load_splat(with_exposed_provenance(a.wrapping_add(i * a_step)));
        }
        #[allow(unused_assignments, reason = "the last step moves B on for nobody")]
        'done: {
            macro_rules! steps {
                ($($step:literal)*) => {$(
                    const { assert!($step < STEPS) };
                    let columns = load_row::<V, VECTORS>(with_exposed_provenance(b));
                    a = a.wrapping_add(size_of::<f32>());
                    b = b.wrapping_add(VECTORS * V::LANES * size_of::<f32>());
                    for (sums, &value) in sums.iter_mut().zip(&values) {
                        for (sum, &column) in sums.iter_mut().zip(&columns) {
                            *sum = value.mul_add(column, *sum);
                        }
                    }
                    if a == end {
                        break 'done;
                    }
                    for (i, value) in values.iter_mut().enumerate() {
                        *value = V::load_splat(with_exposed_provenance(a.wrapping_add(i * a_step)));
                    }
                )*};
            }
            steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
        }
        store(&sums, c, c_step);
    }
}

#[inline(always)]
unsafe fn store<V: Vector, const ROWS: usize, const VECTORS: usize>(
    sums: &Sums<V, ROWS, VECTORS>,
    c: *mut f32,
    c_step: usize,
) {
    for (i, sums) in sums.iter().enumerate() {
        for (j, sum) in sums.iter().enumerate() {
            // SAFETY: as in `tile`.
            unsafe { sum.store(c.add(i * c_step + j * V::LANES)) }
        }
    }
}

#[inline(always)]
unsafe fn load_row<V: Vector, const VECTORS: usize>(from: *const f32) -> [V; VECTORS] {
    // SAFETY: as in `tile`.
    unsafe {
        let mut row = [V::splat(0.0); VECTORS];
        for (j, vector) in row.iter_mut().enumerate() {
            *vector = V::load(from.add(j * V::LANES));
        }
        row
    }
}
