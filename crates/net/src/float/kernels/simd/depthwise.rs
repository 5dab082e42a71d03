//! Depthwise convolution, 3x3 and 5x5: each channel by itself, straight from the map.
//!
//! Where a window lies within the map's columns, four pixels are computed at a time, so that each weight is loaded once
//! for four; at the edges one pixel, with the taps that lie within. Rows beyond the map are left out in both.

use crate::float::kernels::job::ConvJob;
use crate::float::kernels::vector::Vector;

/// Pixels computed at a time.
const PIXELS: usize = 4;

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, apart from each other but
/// for the residual, which may be the output; its weights lie behind `weights`.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(job: &ConvJob<'_, ()>, weights: *const f32, arena: *mut f32) {
    // SAFETY: the caller's promise; validation allows these kernels and strides alone.
    unsafe {
        match (job.conv.kernel, job.conv.stride) {
            (3, 1) => rows::<V, 3, 1>(job, weights, arena),
            (3, _) => rows::<V, 3, 2>(job, weights, arena),
            (_, 1) => rows::<V, 5, 1>(job, weights, arena),
            (_, _) => rows::<V, 5, 2>(job, weights, arena),
        }
    }
}

/// # Safety
/// As [`conv`]; the kernel and the stride are the job's.
#[inline(always)]
unsafe fn rows<V: Vector, const SIDE: usize, const STRIDE: usize>(
    job: &ConvJob<'_, ()>,
    weights: *const f32,
    arena: *mut f32,
) {
    let (out, channels) = (job.out.shape, job.out.shape.c);
    let [first, end] = within(job, SIDE, STRIDE);
    for y in 0..out.h {
        let top = y * STRIDE;
        let taps = [
            job.conv.pad.saturating_sub(top),
            SIDE.min(job.conv.height + job.conv.pad - top),
        ];
        // SAFETY: `taps` are the kernel's rows that lie within the map, and `first..end` the columns, so that every value
        // that is read lies within the source; (y, x) are pixels of the output and of the residual.
        unsafe {
            let row = Row {
                from: arena.add(job.conv.sources[0].offset).cast_const(),
                top: top + taps[0] - job.conv.pad,
                width: job.conv.width,
                channels,
                taps,
                weights: weights.add(job.conv.weights),
                bias: weights.add(job.conv.bias),
                to: arena.add(job.out.offset + y * out.row()),
                residual: job.conv.residual.map_or(std::ptr::null(), |map| {
                    arena.add(map.offset + y * out.row()).cast_const()
                }),
                limits: job.conv.activation.limits(),
            };
            for x in 0..first {
                row.edge::<V, SIDE>(x, x * STRIDE, job.conv.pad);
            }
            let mut x = first;
            while x + PIXELS <= end {
                row.within::<V, SIDE, STRIDE, PIXELS>(x, x * STRIDE - job.conv.pad);
                x += PIXELS;
            }
            while x < end {
                row.within::<V, SIDE, STRIDE, 1>(x, x * STRIDE - job.conv.pad);
                x += 1;
            }
            for x in end..out.w {
                row.edge::<V, SIDE>(x, x * STRIDE, job.conv.pad);
            }
        }
    }
}

/// The pixels whose windows lie within the map's columns: the first, and the one behind the last.
fn within(job: &ConvJob<'_, ()>, side: usize, stride: usize) -> [usize; 2] {
    let width = job.out.shape.w;
    let first = job.conv.pad.div_ceil(stride).min(width);
    let end = match (job.conv.width + job.conv.pad).checked_sub(side) {
        Some(last) => (last / stride + 1).clamp(first, width),
        None => first,
    };
    [first, end]
}

/// One row of the output.
struct Row {
    /// The source's first value.
    from: *const f32,
    /// The source's row under the first of `taps`.
    top: usize,
    width: usize,
    channels: usize,
    /// The kernel's rows that lie within the source: from the first, to before the last.
    taps: [usize; 2],
    weights: *const f32,
    bias: *const f32,
    to: *mut f32,
    /// Null for none.
    residual: *const f32,
    /// The activation's.
    limits: Option<[f32; 2]>,
}

impl Row {
    /// Pixels from `x` on, whose windows lie within the source's columns from `column` on.
    ///
    /// # Safety
    /// As [`rows`]; the windows of `N` pixels from `x` on lie within the source's columns from `column` on.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn within<V: Vector, const SIDE: usize, const STRIDE: usize, const N: usize>(
        &self,
        x: usize,
        column: usize,
    ) {
        let c = self.channels;
        // SAFETY: as in `rows`.
        unsafe {
            let from = self.from.add((self.top * self.width + column) * c);
            let mut k = 0;
            while k + V::LANES <= c {
                self.lanes::<V, SIDE, STRIDE, N>(from.add(k), x, k);
                k += V::LANES;
            }
            while k < c {
                self.lanes::<f32, SIDE, STRIDE, N>(from.add(k), x, k);
                k += 1;
            }
        }
    }

    /// One register of channels, from `k` on, of `N` pixels.
    ///
    /// # Safety
    /// As [`Self::within`]; `V::LANES` channels from `k` on exist.
    #[inline(always)]
    unsafe fn lanes<V: Vector, const SIDE: usize, const STRIDE: usize, const N: usize>(
        &self,
        from: *const f32,
        x: usize,
        k: usize,
    ) {
        let c = self.channels;
        // SAFETY: as in `rows`.
        unsafe {
            let mut sums = [V::load(self.bias.add(k)); N];
            for (row, tap) in (self.taps[0]..self.taps[1]).enumerate() {
                let from = from.add(row * self.width * c);
                let weights = self.weights.add(tap * SIDE * c + k);
                for across in 0..SIDE {
                    let weight = V::load(weights.add(across * c));
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let value = V::load(from.add((i * STRIDE + across) * c));
                        *sum = value.mul_add(weight, *sum);
                    }
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                self.put(sum, (x + i) * c + k);
            }
        }
    }

    /// One pixel, whose window begins `pad` columns before `column` and may leave the source.
    ///
    /// # Safety
    /// As [`rows`]; `x` is a pixel of the output.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn edge<V: Vector, const SIDE: usize>(&self, x: usize, column: usize, pad: usize) {
        let c = self.channels;
        let across = [
            pad.saturating_sub(column),
            SIDE.min(self.width + pad - column),
        ];
        // SAFETY: as in `rows`; `across` are the kernel's columns that lie within the source.
        unsafe {
            let from = (self.from).add((self.top * self.width + column + across[0] - pad) * c);
            let mut k = 0;
            while k + V::LANES <= c {
                self.edge_lanes::<V, SIDE>(from.add(k), across, x, k);
                k += V::LANES;
            }
            while k < c {
                self.edge_lanes::<f32, SIDE>(from.add(k), across, x, k);
                k += 1;
            }
        }
    }

    /// # Safety
    /// As [`Self::edge`]; `V::LANES` channels from `k` on exist.
    #[inline(always)]
    unsafe fn edge_lanes<V: Vector, const SIDE: usize>(
        &self,
        from: *const f32,
        across: [usize; 2],
        x: usize,
        k: usize,
    ) {
        let c = self.channels;
        // SAFETY: as in `edge`.
        unsafe {
            let mut sum = V::load(self.bias.add(k));
            for (row, tap) in (self.taps[0]..self.taps[1]).enumerate() {
                for (column, across) in (across[0]..across[1]).enumerate() {
                    let value = V::load(from.add((row * self.width + column) * c));
                    let weight = V::load(self.weights.add((tap * SIDE + across) * c + k));
                    sum = value.mul_add(weight, sum);
                }
            }
            self.put(sum, x * c + k);
        }
    }

    /// Activation and residual on the way to value `at` of the row.
    ///
    /// # Safety
    /// As [`rows`]; `V::LANES` values from `at` on are of the row.
    #[inline(always)]
    unsafe fn put<V: Vector>(&self, sum: V, at: usize) {
        // SAFETY: as in `rows`.
        unsafe {
            let mut value = sum;
            if let Some([low, high]) = self.limits {
                value = value.max(V::splat(low)).min(V::splat(high));
            }
            if !self.residual.is_null() {
                value = value.add(V::load(self.residual.add(at)));
            }
            value.store(self.to.add(at));
        }
    }
}
