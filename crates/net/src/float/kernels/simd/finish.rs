//! From sums to a map: bias, activation and residual.

use crate::float::kernels::vector::Vector;
use crate::float::operator::Convolution;
use crate::float::tensor::Tensor;

/// Bias, activation and residual on the way from `line` to the output's pixels from `first` on, `count` of them.
///
/// # Safety
/// `line` holds `columns` values for each pixel, and the pixels are of the output, which lies in `arena` as the residual does.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn finish_pixels<V: Vector>(
    conv: &Convolution<Tensor>,
    out: Tensor,
    columns: usize,
    line: *const f32,
    bias: *const f32,
    arena: *mut f32,
    [first, count]: [usize; 2],
) {
    let shape = out.shape;
    let whole = shape.c - shape.c % V::LANES;
    for index in 0..count {
        let pixel = (first + index) * shape.c;
        // SAFETY: the caller's promise, for the residual too.
        unsafe {
            let line = line.add(index * columns);
            let to = arena.add(out.offset + pixel);
            let residual = conv.residual.map_or(std::ptr::null(), |map| {
                arena.add(map.offset + pixel).cast_const()
            });
            finish_pixel::<V>(line, bias, residual, to, conv, [0, whole]);
            finish_pixel::<f32>(line, bias, residual, to, conv, [whole, shape.c]);
        }
    }
}

/// # Safety
/// As [`finish_pixels`], for the values `from..end` of one pixel, a multiple of `V::LANES`; `residual` is null or that pixel's.
#[inline(always)]
unsafe fn finish_pixel<V: Vector>(
    line: *const f32,
    bias: *const f32,
    residual: *const f32,
    to: *mut f32,
    conv: &Convolution<Tensor>,
    [from, end]: [usize; 2],
) {
    let limits = conv.activation.limits();
    let mut o = from;
    while o < end {
        // SAFETY: as in `finish_pixels`.
        unsafe {
            let mut value = V::load(line.add(o)).add(V::load(bias.add(o)));
            if conv.residual_first {
                value = value.add(V::load(residual.add(o)));
            }
            if let Some([low, high]) = limits {
                value = value.max(V::splat(low)).min(V::splat(high));
            }
            if !residual.is_null() && !conv.residual_first {
                value = value.add(V::load(residual.add(o)));
            }
            value.store(to.add(o));
        }
        o += V::LANES;
    }
}
