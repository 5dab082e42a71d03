//! The place of every map, and the order in which rows are computed: derived from a plan, not stored in it.

use std::ops::Range;

use super::op::{LANES, Op, stored};
use super::schedule::{self, Progress};
use crate::arena::{Chain, pack};
use crate::shape::Shape;

/// The place of a map in the arena; counted in values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// First value of the first row.
    pub(super) offset: usize,
    /// Zeros on each side of a row, in pixels.
    pub(super) border: usize,
    /// Values of a row with its borders.
    pub(super) row: usize,
    /// Rows that are held: row `y` of the map is row `y % rows` of its place.
    pub(super) rows: usize,
}

/// Rows of one operator that are computed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) op: usize,
    pub(super) rows: Range<usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The place of each map.
    pub(super) places: Vec<Place>,
    pub(super) steps: Vec<Step>,
    /// A row of zeros, which stands for the rows above and below a map.
    pub(super) zeros: usize,
    /// Values of the longest row with its borders.
    pub(super) widest: usize,
    /// Room for a doubled row.
    pub(super) doubled: usize,
    /// Values of the arena.
    pub(super) length: usize,
    /// Whether the products of sums and factors of each operator have to be limited; set by the checks.
    pub(super) wide: Vec<bool>,
}

/// Bytes that the weights and rings of a group of operators may take, so that they stay in the second-level cache.
pub(super) const GROUP: usize = 256 * 1024;

/// Values behind a place that kernels may load: up to seven, none of which counts.
const SPARE: usize = LANES;

impl Layout {
    /// The layout of operators whose shapes fit together, in groups of at most `group` bytes.
    pub(super) fn new(shapes: &[Shape], ops: &[Op], group: usize) -> Self {
        let mut places: Vec<_> = shapes
            .iter()
            .enumerate()
            .map(|(map, &shape)| whole(map, shape, ops))
            .collect();
        let groups = schedule::groups(shapes, ops, group);
        let steps = steps(shapes, ops, &groups, &mut places);
        let widest = places.iter().map(|place| place.row).max().unwrap_or(0);
        let mut chains = chains(ops, &groups, &places);
        let always = |values: usize| chain((0, groups.len()), values);
        chains.extend([always(widest), always(widest)]);
        let length = pack(&mut chains);
        for (place, chain) in places.iter_mut().zip(&chains) {
            place.offset = chain.offset;
        }
        let [zeros, doubled] = [0, 1].map(|extra| chains[shapes.len() + extra].offset);
        Self {
            places,
            steps,
            zeros,
            widest,
            doubled,
            length,
            wide: Vec::new(),
        }
    }
}

/// The order of work. Maps that only their own group reads are held as the few rows that are needed at once.
fn steps(shapes: &[Shape], ops: &[Op], groups: &[Range<usize>], places: &mut [Place]) -> Vec<Step> {
    let last = schedule::last_reads(ops);
    let mut progress = Progress::new(shapes, ops);
    let mut steps = Vec::new();
    for group in groups {
        let mut held = vec![0; group.len()];
        for step in 0..shapes[group.end].h {
            progress.step(group, step);
            for (held, index) in held.iter_mut().zip(group.clone()) {
                let rows = progress.done[index]..progress.wanted[index];
                *held = progress.held(index).max(*held);
                if !rows.is_empty() {
                    steps.push(Step { op: index, rows });
                }
            }
        }
        for (held, index) in held.into_iter().zip(group.clone()) {
            if last[index + 1] < group.end {
                places[index + 1].rows = held;
            }
        }
    }
    // The last map leaves row by row.
    places[ops.len()].rows = 1;
    steps
}

/// The maps with their lifetimes in groups.
fn chains(ops: &[Op], groups: &[Range<usize>], places: &[Place]) -> Vec<Chain> {
    let last = schedule::last_reads(ops);
    let mut group_of = vec![groups.len(); ops.len() + 1];
    for (number, group) in groups.iter().enumerate() {
        group_of[group.clone()].fill(number);
    }
    let life = |map: usize| match map {
        0 => (0, group_of[last[0]]),
        map => (group_of[map - 1], group_of[last[map]]),
    };
    let maps = places.iter().enumerate();
    maps.map(|(map, place)| chain(life(map), place.rows * place.row))
        .collect()
}

fn chain((first, last): (usize, usize), values: usize) -> Chain {
    Chain {
        first,
        last,
        size: (values + SPARE).next_multiple_of(2 * LANES),
        offset: 0,
    }
}

/// The place of a map that is held whole; its offset is not yet set.
fn whole(map: usize, shape: Shape, ops: &[Op]) -> Place {
    let readers = ops.iter().filter(|op| op.source == map);
    let border = readers.map(Op::pad).max().unwrap_or(0);
    Place {
        offset: 0,
        border,
        row: (shape.w + 2 * border) * stored(map, shape),
        rows: shape.h,
    }
}
