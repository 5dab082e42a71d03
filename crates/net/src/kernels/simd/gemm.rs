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
    /// one row of B and one value of A among 16 registers (AVX-512: 32).
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
                _ if cfg!(target_arch = "wasm32") => self.tiles::<V, 2, 1, 4>(),
                _ => self.tiles::<V, 3, 2, 4>(),
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

/// One register tile. A function of its own in wasm, where Cranelift allocates registers better for small functions;
/// natively it has to be inlined to get the caller's target features.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn tile<V: Vector, const ROWS: usize, const VECTORS: usize>(
    g: &Gemm<'_>,
    row: usize,
    b: *const f32,
    column: usize,
) {
    // SAFETY: the caller of `Gemm::run` vouches for all of A, B and C; rows and columns are in range.
    unsafe {
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        let mut b = b;
        for &segment in g.segments {
            let a = g.a.add(row * g.a_step + segment);
            if cfg!(target_arch = "wasm32") {
                run_pipelined(&mut sums, a, g.a_step, b, g.depth);
            } else {
                run_plain(&mut sums, a, g.a_step, b, g.depth);
            }
            b = b.add(g.depth * VECTORS * V::LANES);
        }
        for (i, sums) in sums.iter().enumerate() {
            let c = g.c.add((row + i) * g.columns + column);
            for (j, sum) in sums.iter().enumerate() {
                sum.store(c.add(j * V::LANES));
            }
        }
    }
}

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

/// The same, shaped for Cranelift (48: 40 GFLOP/s where the plain loop and its unrollings reach 29 to 33).
///
/// It places arithmetic as late as it can, after all loads of a loop body, so an unrolled body runs out of registers.
/// It makes one instruction of a load and its splat only when the splat has a single use; a value carried to the next
/// iteration has one. And LLVM's loop-strength reduction rewrites pointers into sums that no longer fold into the
/// offset field of a load, but leaves integer addresses alone. Reads one value past the end of each row of A.
#[inline(always)]
unsafe fn run_pipelined<V: Vector, const ROWS: usize, const VECTORS: usize>(
    sums: &mut Sums<V, ROWS, VECTORS>,
    a: *const f32,
    a_step: usize,
    b: *const f32,
    depth: usize,
) {
    let (mut a, mut b) = (a.expose_provenance(), b.expose_provenance());
    let end = a.wrapping_add(depth * size_of::<f32>());
    let a_step = a_step * size_of::<f32>();
    // SAFETY: as in `tile`; behind every A lies more of the scratch.
    unsafe {
        let mut values = [V::splat(0.0); ROWS];
        for (i, value) in values.iter_mut().enumerate() {
            *value = V::load_splat(with_exposed_provenance(a.wrapping_add(i * a_step)));
        }
        while a != end {
            let columns = load_row::<V, VECTORS>(with_exposed_provenance(b));
            a = a.wrapping_add(size_of::<f32>());
            b = b.wrapping_add(VECTORS * V::LANES * size_of::<f32>());
            for (sums, &value) in sums.iter_mut().zip(&values) {
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = value.mul_add(column, *sum);
                }
            }
            for (i, value) in values.iter_mut().enumerate() {
                *value = V::load_splat(with_exposed_provenance(a.wrapping_add(i * a_step)));
            }
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
