//! The plan file in whole numbers.
//!
//! Its body is a sequence of words of 32 bits (counts, shapes, operators, two limits in each), names, and at the end the table as f32, biases as i32,
//! factors as f32 and weights as i8. Reading checks only that they are there; [`super::validate`] judges them.

use super::layout::Layout;
use super::op::{Op, Residual};
use super::plan::{Plan, TABLE};
use super::validate;
use crate::limits::MAX_OPS;
use crate::words::{self, Reader, Writer};
use crate::{Error, Shape};

const MAGIC: [u8; 8] = *b"cutints\0";
const VERSION: u32 = 1;

impl Plan {
    /// Reads a plan file and checks everything a run relies on.
    ///
    /// # Errors
    /// [`Error::NotAPlan`], [`Error::Version`], [`Error::Checksum`] or [`Error::Invalid`]; whatever the bytes, the result is
    /// an error or a plan that is safe to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        validate::checked(read(bytes)?)
    }

    /// Whether `bytes` begin as a plan file of this kind does.
    #[must_use]
    pub fn is_plan(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The plan as a file: versioned, checksummed, little-endian; the inverse of [`Plan::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        write(self)
    }
}

fn write(plan: &Plan) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(
        plan.weights.len() + 6 * plan.biases.len() + 4 * TABLE + 128 * plan.ops.len(),
    ));
    out.words(&[plan.ops.len(), plan.weights.len(), plan.biases.len()]);
    out.0.extend_from_slice(&plan.input_steps.to_le_bytes());
    for shape in &plan.shapes {
        out.words(&[shape.h, shape.w, shape.c]);
    }
    for op in &plan.ops {
        write_op(&mut out, op);
    }
    out.0
        .extend(plan.table.iter().flat_map(|value| value.to_le_bytes()));
    out.0
        .extend(plan.biases.iter().flat_map(|value| value.to_le_bytes()));
    out.0
        .extend(plan.factors.iter().flat_map(|value| value.to_le_bytes()));
    out.0
        .extend(plan.weights.iter().map(|value| value.cast_unsigned()));
    words::file(MAGIC, VERSION, &out.0)
}

fn write_op(out: &mut Writer, op: &Op) {
    out.name(&op.name);
    out.words(&[
        op.source,
        op.residual.map_or(usize::MAX, |residual| residual.map),
    ]);
    out.words(&[usize::from(
        op.residual.is_some_and(|residual| residual.doubled),
    )]);
    out.words(&[
        op.kernel,
        op.stride,
        usize::from(op.depthwise),
        usize::from(op.inner.is_some()),
    ]);
    for [low, high] in [op.inner.unwrap_or_default(), op.outer] {
        out.0.extend_from_slice(&low.to_le_bytes());
        out.0.extend_from_slice(&high.to_le_bytes());
    }
    out.words(&[op.weights, op.channels]);
}

fn read(bytes: &[u8]) -> Result<Plan, Error> {
    let mut body = Reader(words::body(MAGIC, VERSION, bytes)?);
    read_plan(&mut body)
        .ok_or_else(|| Error::invalid("the tables are cut short or hold an unknown operator"))
}

fn read_plan(body: &mut Reader<'_>) -> Option<Plan> {
    let [op_count, weight_count, channel_count] = body.words()?;
    let input_steps = f32::from_bits(body.u32()?);
    if op_count > MAX_OPS {
        return None;
    }
    let mut shapes = Vec::with_capacity(op_count + 1);
    for _ in 0..=op_count {
        let [h, w, c] = body.words()?;
        shapes.push(Shape::new(h, w, c));
    }
    let ops = (0..op_count)
        .map(|_| read_op(body))
        .collect::<Option<Vec<_>>>()?;
    let table = arrays(body, TABLE)?.map(f32::from_le_bytes).collect();
    let biases = arrays(body, channel_count)?
        .map(i32::from_le_bytes)
        .collect();
    let factors = arrays(body, channel_count)?
        .map(f32::from_le_bytes)
        .collect();
    // The rest is weights and nothing else.
    let weights = body.0;
    if weights.len() != weight_count {
        return None;
    }
    let weights = weights.iter().map(|value| value.cast_signed()).collect();
    Some(Plan {
        shapes,
        ops,
        input_steps,
        weights,
        biases,
        factors,
        table,
        layout: Layout::default(),
    })
}

fn read_op(body: &mut Reader<'_>) -> Option<Op> {
    let name = body.name()?;
    let source = body.word()?;
    let residual = body.word_or_none()?;
    let doubled = body.flag()?;
    let [kernel, stride] = body.words()?;
    let depthwise = body.flag()?;
    let has_inner = body.flag()?;
    let mut limits = [[0; 2]; 2];
    for limit in limits.as_flattened_mut() {
        *limit = i16::from_le_bytes(*body.take(2)?.first_chunk()?);
    }
    let [inner, outer] = limits;
    let [weights, channels] = body.words()?;
    Some(Op {
        name,
        source,
        residual: residual.map(|map| Residual { map, doubled }),
        kernel,
        stride,
        depthwise,
        inner: has_inner.then_some(inner),
        outer,
        weights,
        channels,
    })
}

/// `count` values of `N` bytes.
fn arrays<'a, const N: usize>(
    body: &mut Reader<'a>,
    count: usize,
) -> Option<impl Iterator<Item = [u8; N]> + use<'a, N>> {
    let bytes = body.take(count.checked_mul(N)?)?;
    Some(bytes.as_chunks::<N>().0.iter().copied())
}

#[cfg(test)]
mod tests;
