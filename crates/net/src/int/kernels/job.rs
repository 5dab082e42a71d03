//! A job: one row of an operator, with every offset resolved.

use crate::int::op::{Residual, stored};
use crate::int::plan::Plan;

/// Most rows of a kernel.
pub(super) const MAX_ROWS: usize = 5;

/// One row of an operator, with all offsets resolved; offsets into the arena count values.
pub(in crate::int) struct RowJob<'a> {
    /// Values of the arena that all offsets are in.
    pub(super) length: usize,
    pub(super) weights: &'a [i8],
    pub(super) biases: &'a [i32],
    pub(super) factors: &'a [f32],
    /// The rows of the source under the kernel, each from the first value that the row's first pixel reads.
    pub(super) sources: [usize; MAX_ROWS],
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) depthwise: bool,
    /// Whether `dot` computes it: see [`Op::is_dot`](crate::int::op::Op::is_dot).
    pub(super) dot: bool,
    /// Stored channels of the source and of the result.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) width: usize,
    pub(super) inner: Option<[i16; 2]>,
    pub(super) outer: [i16; 2],
    /// Whether products of sums and factors have to be limited.
    pub(super) wide: bool,
    pub(super) residual: Option<Added>,
    /// The row of the result with its border, in pixels.
    pub(super) out: usize,
    pub(super) border: usize,
}

/// The row of a residual: its first pixel, or of a map of half the size the nearer and the farther row.
pub(super) enum Added {
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
    pub(in crate::int) fn new(plan: &'a Plan, index: usize, y: usize) -> Self {
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
            residual: op.residual.map(|residual| added(plan, residual, y, pixel)),
            out: pixel(index + 1, y) - place.border * outputs,
            border: place.border,
        }
    }
}

/// The row of a residual that is added to row `y`; `pixel` gives the first pixel of a row of a map.
fn added(
    plan: &Plan,
    residual: Residual,
    y: usize,
    pixel: impl Fn(usize, usize) -> usize,
) -> Added {
    if !residual.doubled {
        return Added::Plain(pixel(residual.map, y));
    }
    let (near, shape) = (y / 2, plan.shapes[residual.map]);
    let far = match y.is_multiple_of(2) {
        true => near.saturating_sub(1),
        false => (near + 1).min(shape.h - 1),
    };
    Added::Doubled {
        near: pixel(residual.map, near),
        far: pixel(residual.map, far),
        width: shape.w,
        to: plan.layout.doubled,
    }
}
