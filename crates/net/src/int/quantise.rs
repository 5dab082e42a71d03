//! From a plan in f32 to one in whole numbers.

use super::layout::Layout;
use super::pack;
use super::plan::{LANES, MOST, Op, Plan, Residual, TABLE, stored};
use super::scales;
use crate::plan::{ConvOp, OpKind};
use crate::{Activation, Error};

/// Largest magnitude of a weight.
const MOST_WEIGHT: f64 = 127.0;
/// Largest magnitude of a bias: with it no sum of [`crate::shape::MAX_CHANNELS`] products overflows.
const MOST_BIAS: f64 = (1 << 24) as f64;

/// Where a map of the f32 plan is.
#[derive(Clone, Copy)]
enum Found {
    /// A map of the new plan.
    Map(usize),
    /// One of half the size, to be doubled by the operator that adds it.
    Half(usize),
}

/// An operator without its numbers.
pub(super) struct Draft<'a> {
    pub(super) op: Op,
    pub(super) conv: &'a ConvOp,
    pub(super) outputs: usize,
    /// The map of the f32 plan that holds its result.
    pub(super) tensor: usize,
    pub(super) activation: Activation,
}

pub(super) fn quantise(plan: &crate::Plan, most: &[f32], input_steps: f32) -> Result<Plan, Error> {
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

fn refused(name: &str, reason: &str) -> Error {
    Error::invalid(format!(
        "{name} cannot be computed in whole numbers: {reason}"
    ))
}

/// The operators of the new plan, each with all that is fused into it.
fn drafts(plan: &crate::Plan) -> Result<Vec<Draft<'_>>, Error> {
    let mut uses = vec![0; plan.tensors.len()];
    plan.ops
        .iter()
        .flat_map(|op| op.kind.reads())
        .for_each(|id| uses[id] += 1);
    let mut found = vec![None; plan.tensors.len()];
    found[plan.input] = Some(Found::Map(0));
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for (index, op) in plan.ops.iter().enumerate() {
        let unknown = |reason: &str| refused(&op.name, reason);
        let map = |id: usize| match found[id] {
            Some(Found::Map(map)) => Ok(map),
            _ => Err(unknown("a resized map can only be added to another")),
        };
        found[op.output] = Some(match &op.kind {
            OpKind::Conv(conv) => {
                let residual = match conv.residual.map(|id| found[id]) {
                    None => None,
                    Some(Some(Found::Map(map))) => Some(Residual {
                        map,
                        doubled: false,
                    }),
                    Some(Some(Found::Half(map))) => Some(Residual { map, doubled: true }),
                    Some(None) => return Err(unknown("it adds a map that is not known")),
                };
                let [source] = conv.sources[..] else {
                    return Err(unknown("it reads joined maps"));
                };
                let (shape, source) = (plan.tensors[source].shape, map(source)?);
                let plain = (shape.h, shape.w) == (conv.height, conv.width)
                    && conv.dilation == 1
                    && conv.pad == conv.kernel / 2;
                if !plain {
                    return Err(unknown(
                        "only undilated kernels with a padding of half their size are supported",
                    ));
                }
                drafts.push(Draft {
                    op: Op {
                        name: op.name.clone(),
                        source,
                        residual,
                        kernel: conv.kernel,
                        stride: conv.stride,
                        depthwise: conv.depthwise,
                        // Set with the scales.
                        inner: None,
                        outer: [-MOST, MOST],
                        weights: 0,
                        channels: 0,
                    },
                    conv,
                    outputs: plan.tensors[op.output].shape.c,
                    tensor: op.output,
                    activation: match conv.residual {
                        Some(_) if !conv.residual_first => Activation::None,
                        _ => conv.activation,
                    },
                });
                Found::Map(drafts.len())
            }
            OpKind::Resize { source } => {
                let (small, large) = (plan.tensors[*source].shape, plan.tensors[op.output].shape);
                if (2 * small.h, 2 * small.w) != (large.h, large.w) {
                    return Err(unknown("only a resize to twice the size is supported"));
                }
                Found::Half(map(*source)?)
            }
            OpKind::Activate { source, activation } => {
                let map = map(*source)?;
                match drafts.last_mut() {
                    Some(draft)
                        if draft.tensor == *source
                            && uses[*source] == 1
                            && draft.activation == Activation::None =>
                    {
                        draft.tensor = op.output;
                        draft.activation = *activation;
                    }
                    _ => {
                        return Err(unknown(
                            "it does not follow the convolution whose result it reads",
                        ));
                    }
                }
                Found::Map(map)
            }
            OpKind::Sigmoid { source } if index + 1 == plan.ops.len() => match map(*source)? {
                last if last == drafts.len() && plan.output == op.output => Found::Map(last),
                _ => return Err(unknown("it does not read the last convolution")),
            },
            OpKind::Sigmoid { .. } | OpKind::MaxPool { .. } | OpKind::Add { .. } => {
                return Err(unknown("it is not among the operators"));
            }
        });
    }
    if !matches!(
        plan.ops.last().map(|op| &op.kind),
        Some(OpKind::Sigmoid { .. })
    ) {
        return Err(Error::invalid("the network does not end in a sigmoid"));
    }
    Ok(drafts)
}

/// The operator with its numbers, which are appended to the plan's.
fn numbers(plan: &crate::Plan, draft: &Draft<'_>, [source, out]: [f64; 2], made: &mut Plan) -> Op {
    let (conv, outputs) = (draft.conv, draft.outputs);
    let channels = if conv.depthwise { 1 } else { plan.inputs(conv) };
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
    let mut largest = vec![0.0_f32; outputs];
    for row in rows() {
        for (largest, weight) in largest.iter_mut().zip(row) {
            *largest = largest.max(weight.abs());
        }
    }
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
    let limits = |activation: Activation, most: i16| {
        let whole = |limit: f32| {
            (f64::from(limit) / out)
                .round()
                .clamp(-f64::from(most), f64::from(most)) as i16
        };
        activation.range().map(whole)
    };
    op.outer = limits(draft.activation, MOST);
    op.inner =
        (op.residual.is_some() && !conv.residual_first && conv.activation != Activation::None)
            .then(|| limits(conv.activation, i16::MAX));
    op
}

/// The probability for each value of a map with steps of `scale`.
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
