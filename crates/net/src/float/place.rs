//! Memory placement: every map gets an offset in one arena.
//!
//! Maps whose lifetimes do not meet may share addresses. Beyond that, an operator may write over a map that
//! dies with it: exactly in place for residuals and pointwise operators, and a few rows *below* its source for
//! Winograd convolutions, which read row y + 1 before they write row y (compare "diagonal memory optimisation",
//! Blacker et al. 2020). Without it the 26 MB full-resolution maps of u2netp would exist twice.

use super::operator::Operator;
use super::plan::Plan;
use crate::arena::{Chain, pack};

/// Offsets are multiples of a cache line.
const ALIGN: usize = 16;

/// Sets every tensor's offset and the arena's length.
pub(super) fn place(plan: &mut Plan) {
    let lives = lifetimes(plan);
    // Sliding makes a chain larger than its largest map; where that costs more than it saves, do without.
    let (slid, length) = arrange(plan, &lives, true);
    let (plain, plain_length) = arrange(plan, &lives, false);
    let (offsets, length) = if length <= plain_length {
        (slid, length)
    } else {
        (plain, plain_length)
    };
    for (tensor, offset) in plan.tensors.iter_mut().zip(offsets) {
        tensor.offset = offset;
    }
    plan.arena = length;
}

/// When each tensor is written and last read: operator `i` runs at time `i + 1`, the input is written at 0.
pub(super) fn lifetimes(plan: &Plan) -> Vec<(usize, usize)> {
    let mut lives = vec![(0, 0); plan.tensors.len()];
    for (index, op) in plan.ops.iter().enumerate() {
        lives[op.output] = (index + 1, index + 1);
        for id in op.operator.reads() {
            lives[id].1 = index + 1;
        }
    }
    lives[plan.output].1 = plan.ops.len() + 1;
    lives
}

fn arrange(plan: &Plan, lives: &[(usize, usize)], slide: bool) -> (Vec<usize>, usize) {
    let align = |n: usize| n.next_multiple_of(ALIGN);
    let mut chains: Vec<Chain> = Vec::new();
    // The chain of each tensor and its offset in it.
    let mut member = vec![(0, 0); plan.tensors.len()];
    let start = |id: usize, chains: &mut Vec<Chain>| {
        let (first, last) = lives[id];
        chains.push(Chain {
            first,
            last,
            size: align(plan.tensors[id].shape.len()),
            offset: 0,
        });
        (chains.len() - 1, 0)
    };
    member[plan.input] = start(plan.input, &mut chains);
    for (index, op) in plan.ops.iter().enumerate() {
        let dies = |id: usize| lives[id].1 == index + 1;
        let heir = inherit(plan, index, &dies).filter(|heir| slide || heir.1 == 0);
        let Some((parent, rows)) = heir else {
            member[op.output] = start(op.output, &mut chains);
            continue;
        };
        let (chain, offset) = member[parent];
        let shift = align(rows);
        let missing = shift.saturating_sub(offset);
        if missing > 0 {
            chains[chain].size += missing;
            member
                .iter_mut()
                .take(op.output)
                .filter(|m| m.0 == chain)
                .for_each(|m| m.1 += missing);
        }
        chains[chain].last = lives[op.output].1;
        member[op.output] = (chain, offset + missing - shift);
    }
    let length = pack(&mut chains);
    (
        member
            .iter()
            .map(|&(chain, offset)| chains[chain].offset + offset)
            .collect(),
        length,
    )
}

/// The source that operator `index` may write over, and how many values below it the result has to start.
fn inherit(plan: &Plan, index: usize, dies: &dyn Fn(usize) -> bool) -> Option<(usize, usize)> {
    let op = &plan.ops[index];
    match &op.operator {
        Operator::Add(a, b) => [*a, *b].into_iter().find(|&id| dies(id)).map(|id| (id, 0)),
        Operator::Sigmoid(source) | Operator::Activate(source, _) => {
            dies(*source).then_some((*source, 0))
        }
        Operator::Conv(conv) => {
            let in_place = conv
                .residual
                .filter(|id| dies(*id) && !conv.sources.contains(id));
            if let Some(id) = in_place {
                return Some((id, 0));
            }
            let out = plan.tensors[op.output].shape;
            let lead = plan.algorithm(conv, out).sliding_lead(out)?;
            let fits = |id: usize| {
                let shape = plan.tensors[id].shape;
                let plain =
                    shape.row() == out.row() && (shape.h, shape.w) == (conv.height, conv.width);
                plain && dies(id) && conv.residual != Some(id)
            };
            conv.sources
                .iter()
                .copied()
                .find(|&id| fits(id))
                .map(|id| (id, lead))
        }
        Operator::MaxPool(_) | Operator::Resize(_) => None,
    }
}
