//! From a plan in f32 to one in whole numbers.

use super::draft::{Draft, drafts};
use super::layout::Layout;
use super::op::{LANES, MOST, Op, stored};
use super::plan::{Plan, TABLE};
use super::{pack, scales, validate};
use crate::{Activation, Error, float};

/// Largest magnitude of a weight.
const MOST_WEIGHT: f64 = 127.0;
/// Largest magnitude of a bias: with it no sum of [`crate::shape::MAX_CHANNELS`] products overflows.
const MOST_BIAS: f64 = (1 << 24) as f64;

impl Plan {
    /// A plan in whole numbers for `plan`. `most` is the largest magnitude of each operator's result over images, in the order of
    /// [`float::Plan::ops`]; `input_steps` is how many steps one unit of the input has.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the plan has an operator that this runtime lacks, a range that is not above 0, or sums that
    /// might overflow.
    pub fn quantise(plan: &float::Plan, most: &[f32], input_steps: f32) -> Result<Self, Error> {
        validate::checked(quantise(plan, most, input_steps)?)
    }
}

fn quantise(plan: &float::Plan, most: &[f32], input_steps: f32) -> Result<Plan, Error> {
    if most.len() != plan.ops.len() {
        let text = format!("{} ranges for {} operators", most.len(), plan.ops.len());
        return Err(Error::invalid(text));
    }
    let drafts = drafts(plan)?;
    let scales = scales::scales(&drafts, plan, most, input_steps)?;
    let mut made = Plan {
        shapes: vec![plan.input_shape()],
        ops: Vec::with_capacity(drafts.len()),
        input_steps,
        weights: Vec::new(),
        biases: Vec::new(),
        factors: Vec::new(),
        table: table(scales[drafts.len()]),
        layout: Layout::default(),
    };
    for (index, draft) in drafts.iter().enumerate() {
        made.shapes.push(plan.tensors[draft.tensor].shape);
        let scales = [scales[draft.op.source], scales[index + 1]];
        let op = numbers(plan, draft, scales, &mut made);
        made.ops.push(op);
    }
    Ok(made)
}

/// The operator with its numbers, which are appended to the plan's.
fn numbers(plan: &float::Plan, draft: &Draft<'_>, [source, out]: [f64; 2], made: &mut Plan) -> Op {
    let (conv, outputs) = (draft.conv, draft.outputs);
    let channels = conv.read();
    let inputs = stored(draft.op.source, made.shapes[draft.op.source]);
    let mut op = Op {
        weights: made.weights.len(),
        channels: made.biases.len(),
        ..draft.op.clone()
    };
    let length = pack::length(&op, inputs, outputs);
    made.weights.resize(op.weights + length, 0);
    let padded = op.channels + outputs.next_multiple_of(LANES);
    made.biases.resize(padded, 0);
    made.factors.resize(padded, 0.0);
    // Row by row of the weights as they stand, each with all outputs: the other order jumps through memory.
    let rows = || plan.weights[conv.weights..conv.bias].chunks_exact(outputs);
    let largest = largest_of(rows(), outputs);
    let biases = &plan.weights[conv.bias..conv.bias + outputs];
    let mut steps = Vec::with_capacity(outputs);
    for (o, (&largest, &bias)) in largest.iter().zip(biases).enumerate() {
        let bias = f64::from(bias);
        // A channel of tiny weights has larger steps, so that its bias and its factor stay in range.
        let least = bias.abs() / (source * MOST_BIAS);
        let step = (f64::from(largest) / MOST_WEIGHT)
            .max(least)
            .max(out / source / MOST_BIAS);
        made.biases[op.channels + o] = (bias / (step * source)).round() as i32;
        made.factors[op.channels + o] = (step * source / out) as f32;
        steps.push(step);
    }
    for (number, row) in rows().enumerate() {
        let (tap, i) = (number / channels, number % channels);
        for (o, (&weight, &step)) in row.iter().zip(&steps).enumerate() {
            let tap = [tap / conv.kernel, tap % conv.kernel, i, o];
            let at = pack::place(&op, inputs, outputs, tap);
            made.weights[op.weights + at] = (f64::from(weight) / step).round() as i8;
        }
    }
    op.outer = limits(draft.activation, out, MOST);
    op.inner =
        (op.residual.is_some() && !conv.residual_first && conv.activation != Activation::None)
            .then(|| limits(conv.activation, out, i16::MAX));
    op
}

/// The largest magnitude in each of `columns` columns.
fn largest_of<'a>(rows: impl Iterator<Item = &'a [f32]>, columns: usize) -> Vec<f32> {
    let mut largest = vec![0.0_f32; columns];
    for row in rows {
        for (largest, weight) in largest.iter_mut().zip(row) {
            *largest = largest.max(weight.abs());
        }
    }
    largest
}

/// The limits of an activation in steps of `scale`, at most ±`most`.
fn limits(activation: Activation, scale: f64, most: i16) -> [i16; 2] {
    let most = f64::from(most);
    let whole = |limit: f32| (f64::from(limit) / scale).round().clamp(-most, most) as i16;
    activation.range().map(whole)
}

/// The probability for each value of a map, at steps of `scale`.
fn table(scale: f64) -> Vec<f32> {
    let values = (0..TABLE).map(|index| (index as f64 - f64::from(MOST)) * scale);
    values
        .map(|value| (1.0 / (1.0 + exponential(-value))) as f32)
        .collect()
}

/// e to the power of `x`, for the |x| of some hundred at most that matter. The standard library's differs between systems in its last
/// bit; sums and products do not.
fn exponential(x: f64) -> f64 {
    const HALVINGS: i32 = 16;
    let x = x.clamp(-700.0, 700.0) / f64::from(1 << HALVINGS);
    // 1 + x (1 + x/2 (1 + x/3 …)).
    let series = (1..=8)
        .rev()
        .fold(1.0, |sum, n| 1.0 + x / f64::from(n) * sum);
    (0..HALVINGS).fold(series, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_the_standard_library_s_to_twelve_digits() {
        for x in [
            -700.0, -20.5, -1.0, -1e-9, 0.0, 0.3, 1.0, 7.25, 20.0, 700.0_f64,
        ] {
            let ratio = exponential(x) / x.exp();
            assert!((ratio - 1.0).abs() < 1e-10, "{x}: {ratio}");
        }
    }
}
