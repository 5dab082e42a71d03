//! The plan file in whole numbers.
//!
//! Its body is a sequence of words of 32 bits (counts, shapes, operators, two limits in each), names, and at the end the table as f32, biases as i32,
//! factors as f32 and weights as i8. Reading checks only that they are there; [`super::validate`] judges them.

use super::layout::Layout;
use super::plan::{Op, Plan, Residual, TABLE};
use crate::Error;
use crate::plan::MAX_OPS;
use crate::shape::Shape;
use crate::words::{self, Reader, Writer};

pub(super) const MAGIC: [u8; 8] = *b"cutints\0";
const VERSION: u32 = 1;

pub(super) fn write(plan: &Plan) -> Vec<u8> {
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

pub(super) fn read(bytes: &[u8]) -> Result<Plan, Error> {
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::{HEADER, checksum};
    use crate::{Conv, Graph, Simd, int};

    fn small_plan() -> Plan {
        let mut graph = Graph::new(Shape::new(8, 6, 3)).unwrap();
        let image = graph.input();
        let a = graph
            .conv(&Conv::same3x3(&[image], &[0.1; 16 * 27], &[0.0; 16]))
            .unwrap();
        let a = graph.relu6(a).unwrap();
        let b = graph
            .conv(&Conv {
                kernel: 5,
                pad: 2,
                stride: 2,
                depthwise: true,
                ..Conv::same3x3(&[a], &[0.1; 16 * 25], &[0.0; 16])
            })
            .unwrap();
        let big = graph.resize(b, 8, 6).unwrap();
        let c = graph
            .conv(&Conv::pointwise(&[a], &[0.1; 256], &[0.1; 16]))
            .unwrap();
        let sum = graph.add(big, c).unwrap();
        let sum = graph.relu6(sum).unwrap();
        let last = graph
            .conv(&Conv::pointwise(&[sum], &[0.1; 16], &[0.0]))
            .unwrap();
        let output = graph.sigmoid(last).unwrap();
        let plan = graph.finish(output).unwrap();
        let most = vec![6.0; plan.ops.len()];
        Plan::quantise(&plan, &most, 128.0).unwrap()
    }

    /// Words before the tables of numbers.
    fn tables(plan: &Plan) -> usize {
        let numbers = 4 * TABLE + 8 * plan.biases.len() + plan.weights.len();
        (write(plan).len() - HEADER - numbers) / 4
    }

    /// A file with a correct checksum whose `at`-th word is `value`.
    fn forged(plan: &Plan, changes: &[(usize, u32)]) -> Vec<u8> {
        let mut bytes = write(plan);
        let words = (bytes.len() - HEADER) / 4;
        for &(at, value) in changes {
            let at = HEADER + at % words * 4;
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let sum = checksum(&bytes[HEADER..]);
        bytes[16..HEADER].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Whatever is a plan gives the oracle's bits at every level.
    fn survives(bytes: &[u8]) {
        let Ok(plan) = Plan::from_bytes(bytes) else {
            return;
        };
        let macs: u64 = (0..plan.ops.len()).map(|index| plan.macs(index)).sum();
        if macs < 10_000_000 && plan.arena_bytes() < 1 << 22 {
            let input = vec![0.5; plan.input_shape().len()];
            let run = |level| {
                let mut executor = int::Executor::new(plan.clone(), level).unwrap();
                executor.run(&input).unwrap().to_vec()
            };
            let expected = run(Simd::Scalar);
            for level in Simd::available() {
                assert_eq!(run(level), expected, "{}", level.name());
            }
        }
    }

    #[test]
    fn every_word_of_the_tables_may_be_hostile() {
        let plan = small_plan();
        for at in 0..tables(&plan) {
            for value in [
                0,
                1,
                2,
                3,
                5,
                6,
                8,
                16,
                17,
                100,
                8192,
                1 << 20,
                1 << 28,
                1 << 31,
                0x7fff_8000,
                u32::MAX,
            ] {
                survives(&forged(&plan, &[(at, value)]));
            }
        }
    }

    #[test]
    fn sums_that_might_overflow_are_refused() {
        let plan = small_plan();
        let largest = |change: fn(&mut Plan)| {
            let mut plan = plan.clone();
            change(&mut plan);
            Plan::from_bytes(&write(&plan)).map(|_| ())
        };
        assert_eq!(largest(|_| ()), Ok(()));
        let refused = |change, reason: &str| {
            let error = largest(change).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        };
        refused(|plan| plan.biases[0] = i32::MAX, "overflow");
        refused(|plan| plan.biases[0] = i32::MIN, "overflow");
        refused(|plan| plan.factors[0] = f32::INFINITY, "factor");
        refused(|plan| plan.ops[0].outer = [-2047, 2048], "limits");
        refused(|plan| plan.ops[0].outer = [1, 0], "limits");
        refused(|plan| plan.input_steps = 0.0, "scales");
        refused(|plan| plan.table[7] = f32::INFINITY, "scales");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn several_hostile_words_are_no_worse(
            changes in proptest::collection::vec((any::<usize>(), prop_oneof![0_u32..20, any::<u32>()]), 1..6),
        ) {
            survives(&forged(&small_plan(), &changes));
        }
    }
}
