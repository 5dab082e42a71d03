//! The order of work: operators in groups that run row by row.
//!
//! Within a group every operator computes a few rows at a time, as soon as a later one needs them, so that a map that only the
//! group reads is a ring of a few rows: the wide maps inside an inverted residual (Sandler et al. 2018) never exist whole.

use std::ops::Range;

use super::op::{Op, stored};
use super::pack;
use crate::shape::Shape;

/// Groups of operators, in order: those that leave the least bytes of whole maps, where weights and rings of each take at most `most`
/// bytes.
pub(super) fn groups(shapes: &[Shape], ops: &[Op], most: usize) -> Vec<Range<usize>> {
    let last = last_reads(ops);
    // The cheapest way to divide the first `end` operators: its cost and the start of its last group.
    let mut best = vec![(0, 0)];
    for end in 1..=ops.len() {
        let (mut bytes, mut whole, mut cheapest) = (0, 0, (usize::MAX, 0));
        for start in (0..end).rev() {
            bytes += working_set(shapes, ops, start);
            if bytes > most && start + 1 < end {
                break;
            }
            if last[start + 1] >= end {
                whole += 2 * shapes[start + 1].len();
            }
            let cost = best[start].0 + whole;
            if cost < cheapest.0 {
                cheapest = (cost, start);
            }
        }
        best.push(cheapest);
    }
    let (mut groups, mut end) = (Vec::new(), ops.len());
    while end > 0 {
        let start = best[end].1;
        groups.push(start..end);
        end = start;
    }
    groups.reverse();
    groups
}

/// The operators that read each map, in order.
fn readers(ops: &[Op]) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); ops.len() + 1];
    for (index, op) in ops.iter().enumerate() {
        op.reads().for_each(|map| readers[map].push(index));
    }
    readers
}

/// The number of the last operator that reads each map, 0 where there is none; that of the last map is the number of operators.
pub(super) fn last_reads(ops: &[Op]) -> Vec<usize> {
    let last = |readers: &Vec<usize>| readers.last().copied().unwrap_or(0);
    let mut last: Vec<_> = readers(ops).iter().map(last).collect();
    last[ops.len()] = ops.len();
    last
}

/// Bytes of an operator's weights and of the rows of its source that it reads at a time.
fn working_set(shapes: &[Shape], ops: &[Op], index: usize) -> usize {
    let op = &ops[index];
    let source = shapes[op.source];
    let inputs = stored(op.source, source);
    pack::length(op, inputs, shapes[index + 1].c) + 2 * op.kernel * source.w * inputs
}

/// Rows of a map that an operator reads for its rows up to `rows`, counted from the map's first, at most `height`.
pub(super) fn reach(op: &Op, map: usize, rows: usize, height: usize) -> usize {
    let Some(last) = rows.checked_sub(1) else {
        return 0;
    };
    let source = if op.source == map {
        last * op.stride + op.kernel - op.pad()
    } else {
        0
    };
    let residual = match op.residual {
        Some(residual) if residual.map == map && residual.doubled => last.div_ceil(2) + 1,
        Some(residual) if residual.map == map => last + 1,
        _ => 0,
    };
    source.max(residual).min(height)
}

/// The first row of a map that an operator reads for its row `row` and all behind it.
pub(super) fn first(op: &Op, map: usize, row: usize) -> usize {
    let source = if op.source == map {
        (row * op.stride).saturating_sub(op.pad())
    } else {
        usize::MAX
    };
    let residual = match op.residual {
        Some(residual) if residual.map == map && residual.doubled => row.saturating_sub(1) / 2,
        Some(residual) if residual.map == map => row,
        _ => usize::MAX,
    };
    source.min(residual)
}

/// How far the operators have come, and have to come.
pub(super) struct Progress<'a> {
    shapes: &'a [Shape],
    ops: &'a [Op],
    readers: Vec<Vec<usize>>,
    /// Rows of each operator that are done.
    pub(super) done: Vec<usize>,
    /// Rows of each operator that the current step has to reach.
    pub(super) wanted: Vec<usize>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(shapes: &'a [Shape], ops: &'a [Op]) -> Self {
        let none = vec![0; ops.len()];
        Self {
            shapes,
            ops,
            readers: readers(ops),
            done: none.clone(),
            wanted: none,
        }
    }

    /// Sets what step `step` of a group has to reach: one more row of its last operator, and as large a share of each map that
    /// is read behind the group.
    pub(super) fn step(&mut self, group: &Range<usize>, step: usize) {
        let steps = self.shapes[group.end].h;
        for index in group.clone().rev() {
            let map = index + 1;
            let height = self.shapes[map].h;
            self.done[index] = self.wanted[index];
            let share = (height * (step + 1)).div_ceil(steps);
            let wanted = self.readers[map]
                .iter()
                .map(|&reader| match reader < group.end {
                    true => reach(&self.ops[reader], map, self.wanted[reader], height),
                    false => share,
                });
            // Nothing reads the last map.
            let wanted = wanted.max().unwrap_or(share);
            self.wanted[index] = wanted.max(self.done[index]);
        }
    }

    /// The most rows of the map of operator `index` that the current step needs at once.
    pub(super) fn held(&self, index: usize) -> usize {
        let map = index + 1;
        let open = self.readers[map]
            .iter()
            .filter(|&&reader| self.done[reader] < self.shapes[reader + 1].h);
        let oldest = open.map(|&reader| first(&self.ops[reader], map, self.done[reader]));
        let oldest = oldest.fold(self.done[index], usize::min);
        self.wanted[index] - oldest
    }
}
