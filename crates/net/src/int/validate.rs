//! Everything that a run in whole numbers relies on, checked once.

use super::layout::{GROUP, Layout};
use super::op::{LANES, MOST, Op, stored};
use super::pack;
use super::plan::{Plan, TABLE};
use super::schedule;
use crate::Error;
use crate::limits::{MAX_MACS, MAX_MEMORY, MAX_NAME, MAX_OPS};
use crate::shape::{MAX_CHANNELS, Shape};

/// Kernels round a product by adding a large number to it, which works below this size only. Larger products are limited first.
const MAX_PRODUCT: f64 = (1 << 22) as f64;

/// The plan with its layout, if it can be run.
pub(super) fn checked(plan: Plan) -> Result<Plan, Error> {
    check_tables(&plan)?;
    let check = |index: usize| {
        let name = &plan.ops[index].name;
        check_op(&plan, index)
            .map_err(|reason| Error::invalid(format!("operator {index} ({name}): {reason}")))
    };
    let wide = (0..plan.ops.len()).map(check).collect::<Result<_, _>>()?;
    let unread = schedule::last_reads(&plan.ops)
        .iter()
        .enumerate()
        .any(|(map, &last)| last < map);
    let macs = (0..plan.ops.len()).fold(0_u64, |sum, index| sum.saturating_add(plan.macs(index)));
    let values = plan.shapes.iter().enumerate().map(|(map, shape)| {
        // With borders on both sides, of at most two pixels.
        (shape.h as u64) * (shape.w as u64 + 4) * stored(map, *shape) as u64
    });
    if unread || macs > MAX_MACS || values.sum::<u64>() > MAX_MEMORY {
        return Err(Error::invalid(
            "it has maps that nothing reads, or more memory or multiply-adds than any model",
        ));
    }
    let layout = Layout {
        wide,
        ..Layout::new(&plan.shapes, &plan.ops, GROUP)
    };
    Ok(Plan { layout, ..plan })
}

fn check_tables(plan: &Plan) -> Result<(), Error> {
    if plan.ops.is_empty() || plan.ops.len() > MAX_OPS || plan.shapes.len() != plan.ops.len() + 1 {
        return Err(Error::invalid(
            "the numbers of operators and maps do not fit",
        ));
    }
    plan.shapes.iter().try_for_each(|shape| shape.check())?;
    let finite = plan.input_steps.is_normal() && plan.table.iter().all(|value| value.is_finite());
    if plan.table.len() != TABLE || !finite || plan.input_steps < 0.0 {
        return Err(Error::invalid(
            "its scales are no numbers above 0, or its table has another length",
        ));
    }
    Ok(())
}

/// Checks an operator. The answer: whether kernels have to limit the products of its sums and factors.
fn check_op(plan: &Plan, index: usize) -> Result<bool, &'static str> {
    let op = &plan.ops[index];
    if op.name.len() > MAX_NAME {
        return Err("its name is too long");
    }
    if op.reads().any(|map| map > index) {
        return Err("it reads a map that is not written yet");
    }
    let (source, out) = (plan.shapes[op.source], plan.shapes[index + 1]);
    let kernel = match op.depthwise {
        true => matches!(op.kernel, 3 | 5) && source.c == out.c && op.source != 0,
        false => matches!(op.kernel, 1 | 3),
    };
    if !kernel || !matches!(op.stride, 1 | 2) || (out.h, out.w) != op.output(source.h, source.w) {
        return Err("its geometry is unsupported or does not give its result");
    }
    if index + 1 == plan.ops.len() && out.c != 1 {
        return Err("the last map has more than one channel");
    }
    if let Some(residual) = op.residual {
        let shape = plan.shapes[residual.map];
        let scale = if residual.doubled { 2 } else { 1 };
        let fits = residual.map != 0
            && (shape.h * scale, shape.w * scale, shape.c) == (out.h, out.w, out.c);
        if !fits {
            return Err("its residual has another shape");
        }
    }
    let ordered = |[low, high]: [i16; 2]| low <= high;
    let [low, high] = op.outer;
    if !ordered(op.outer) || low < -MOST || high > MOST || !op.inner.is_none_or(ordered) {
        return Err("its limits are out of range");
    }
    check_sums(plan, op, source, out.c)
}

/// Checks that weights, biases and factors are there, that they are 0 for channels that do not exist, and that no sum overflows: the
/// largest is |bias| + Σ |weight| · most. The answer: whether a sum times its factor may reach [`MAX_PRODUCT`].
fn check_sums(plan: &Plan, op: &Op, source: Shape, outputs: usize) -> Result<bool, &'static str> {
    let inputs = stored(op.source, source);
    if inputs > MAX_CHANNELS {
        return Err("it has too many inputs");
    }
    let most = largest(plan, op.source);
    let padded = outputs.next_multiple_of(LANES);
    let length = pack::length(op, inputs, outputs);
    let extent = |from: usize, count: usize| from..from.saturating_add(count);
    let (Some(weights), Some(biases), Some(factors)) = (
        plan.weights.get(extent(op.weights, length)),
        plan.biases.get(extent(op.channels, padded)),
        plan.factors.get(extent(op.channels, padded)),
    ) else {
        return Err("its weights lie outside the plan");
    };
    let channels = if op.depthwise { 1 } else { source.c };
    let (mut is_wide, mut rest) = (false, magnitudes(weights));
    for o in 0..outputs {
        let mut sum = 0;
        for ky in 0..op.kernel {
            for kx in 0..op.kernel {
                for i in 0..channels {
                    let place = pack::place(op, inputs, outputs, [ky, kx, i, o]);
                    sum += u64::from(weights[place].unsigned_abs());
                }
            }
        }
        rest -= sum;
        let largest = u64::from(biases[o].unsigned_abs()) + sum * most;
        if largest > i32::MAX as u64 {
            return Err("a sum might overflow");
        }
        if !factors[o].is_finite() {
            return Err("a factor is not a number");
        }
        is_wide |= largest as f64 * f64::from(factors[o].abs()) >= MAX_PRODUCT;
    }
    let zero = |factor: &f32| factor.to_bits() == 0;
    if rest != 0
        || biases[outputs..].iter().any(|&bias| bias != 0)
        || !factors[outputs..].iter().all(zero)
    {
        return Err("it has weights for channels that do not exist");
    }
    Ok(is_wide)
}

/// The largest magnitude of a map's values.
fn largest(plan: &Plan, map: usize) -> u64 {
    let limits = match map.checked_sub(1) {
        Some(writer) => plan.ops[writer].outer.map(i16::unsigned_abs),
        None => [MOST.unsigned_abs(); 2],
    };
    limits[0].max(limits[1]).into()
}

/// The sum of the magnitudes.
fn magnitudes(weights: &[i8]) -> u64 {
    weights
        .iter()
        .map(|weight| u64::from(weight.unsigned_abs()))
        .sum()
}
