//! The matrix product for compilers that keep sums in registers across a loop.

use super::Gemm;
use crate::float::kernels::vector::Vector;

/// Runs the product with the register tile that suits the back end: as many accumulators as leave room for one row of
/// B, one value of A and one product among 16 registers (AVX-512 and NEON: 32).
///
/// # Safety
/// As [`Gemm::run`].
#[inline(always)]
pub(super) unsafe fn run<V: Vector>(g: &Gemm<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (V::LANES, super::panel::<V>(g.columns)) {
            (16, 64) => tiles::<V, 6, 3, 4>(g),
            (16, 32) => tiles::<V, 12, 4, 2>(g),
            (16, _) => tiles::<V, 12, 4, 1>(g),
            (8, _) => tiles::<V, 6, 3, 2>(g),
            _ if cfg!(target_arch = "aarch64") => tiles::<V, 6, 3, 4>(g),
            _ => tiles::<V, 2, 1, 4>(g),
        }
    }
}

/// # Safety
/// As [`run`].
#[inline(always)]
unsafe fn tiles<V: Vector, const MOST: usize, const SOME: usize, const VECTORS: usize>(
    g: &Gemm<'_>,
) {
    let width = VECTORS * V::LANES;
    for column in (0..g.columns).step_by(width) {
        let mut row = 0;
        // SAFETY: `column` and `row` stay below `columns` and `rows`, for which the caller vouches.
        unsafe {
            let b = g.b.add(column * g.segments.len() * g.depth);
            while row + MOST <= g.rows {
                tile::<V, MOST, VECTORS>(g, row, b, column);
                row += MOST;
            }
            while row + SOME <= g.rows {
                tile::<V, SOME, VECTORS>(g, row, b, column);
                row += SOME;
            }
            while row < g.rows {
                tile::<V, 1, VECTORS>(g, row, b, column);
                row += 1;
            }
        }
    }
}

/// One register tile.
///
/// # Safety
/// As [`run`]; `ROWS` rows and `VECTORS` registers of columns are there.
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
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        let mut b = b;
        for &segment in g.segments {
            let a = g.a.add(row * g.a_step + segment);
            add_products(&mut sums, a, g.a_step, b, g.depth);
            b = b.add(g.depth * VECTORS * V::LANES);
        }
        store(&sums, c, g.columns);
    }
}

type Sums<V, const ROWS: usize, const VECTORS: usize> = [[V; VECTORS]; ROWS];

/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn add_products<V: Vector, const ROWS: usize, const VECTORS: usize>(
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
                let value = V::splat(a.add(i * a_step + k).read());
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = value.mul_add(column, *sum);
                }
            }
        }
    }
}

/// # Safety
/// As [`tile`]; the sums' places in C are writable.
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

/// # Safety
/// The processor has `V`'s features; `VECTORS` registers are readable.
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
