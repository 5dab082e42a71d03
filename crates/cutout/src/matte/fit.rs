//! Linear functions of colour that fit a mask, in windows of a grid.

use std::collections::VecDeque;

use wide::{f32x4, f64x2, i32x4, u32x4};

use super::flat::{self, Kinds};
use super::window::{Windows, reach};
use crate::grid::{Grid, bound};

/// Regularisation: added to the variance of colours of 0…1, so that edges with less contrast are not followed.
const EPSILON: f64 = 1e-4;

/// Least weight of a cell, added to (2m − 1)², so that undecided cells count a little.
const LEAST_WEIGHT: f64 = 0.1;

/// Weights in sums are of 0…this: with windows of at most 23 × 23 cells and colours and masks of 0…255, all sums fit 32 bits.
const WEIGHTS: f64 = 120.0;

/// A linear function of red, green and blue of 0…1: three factors and a constant.
pub(super) type Linear = f32x4;

/// A [`Linear`] in fixed point, so that sums of them are exact: in units of 2⁻¹⁴, of which a window's sum fits 32 bits.
type Fixed = [i32; 4];
const ONE: f64 = (1 << 14) as f64;
/// No factor is larger: √(¼ ÷ 4ε) is 25, and the constant is at most three times that.
const LARGEST: f64 = 128.0;

/// Least radius of windows that move by two cells in place of one. Their functions differ little from one cell to the next, and a
/// quarter of them takes a quarter of the time.
const BY_TWO: usize = 4;

/// The functions, averaged over the windows that a block of cells lies in; row of blocks by row of blocks.
pub(super) struct Functions<'a> {
    blocks: Blocks<'a>,
    /// Of the window around each block, and of all windows that a block lies in.
    kinds: Vec<Kinds>,
    wide_kinds: Vec<Kinds>,
    radius: usize,
    /// Sums over the colours and the mask, of windows that are not flat.
    statistics: Windows<u32, QUANTITIES>,
    /// Sums over functions in fixed point, and the rows of functions that are needed: they are from `ring_start` on.
    functions: Windows<i32, 4>,
    ring: VecDeque<Vec<Fixed>>,
    ring_start: usize,
    row: usize,
}

impl<'a> Functions<'a> {
    /// Functions for `mask`, a value of 0…255 for each cell of `guide`, in windows with a `radius` that is a share
    /// of the longer side.
    pub(super) fn new(mask: &'a [u8], guide: &'a Grid<3>, radius: f64) -> Self {
        let longer = guide.width.max(guide.height) as f64;
        let radius = ((longer * radius).round() as usize).max(1);
        let step = if radius < BY_TWO { 1 } else { 2 };
        let blocks = Blocks {
            mask,
            guide,
            weights: std::array::from_fn(weight),
            columns: bounds(guide.width, step),
            lines: bounds(guide.height, step),
        };
        let (radius, [width, height]) = (radius / step, blocks.size());
        let kinds = blocks.kinds();
        Self {
            kinds: flat::within(&kinds, width, radius),
            wide_kinds: flat::within(&kinds, width, 2 * radius),
            blocks,
            radius,
            statistics: Windows::new(radius, width, height),
            functions: Windows::new(radius, width, height),
            ring: VecDeque::with_capacity(2 * radius + 3),
            ring_start: 0,
            row: 0,
        }
    }

    /// Columns and rows of blocks.
    pub(super) fn size(&self) -> [usize; 2] {
        self.blocks.size()
    }

    /// The next row of functions; false when there is none.
    pub(super) fn next_row(&mut self, out: &mut Vec<Linear>) -> bool {
        let [width, height] = self.size();
        if self.row == height {
            return false;
        }
        let rows = reach(self.row, self.radius, height);
        while self.ring_start + self.ring.len() < rows.end {
            let row = self.fit(self.ring_start + self.ring.len());
            self.ring.push_back(row);
        }
        out.clear();
        let (ring, start) = (&*self.ring.make_contiguous(), self.ring_start);
        let function = |x: usize, y: usize| ring[y - start][x];
        let mut mean = Mean::default();
        let kinds = &self.wide_kinds[self.row * width..][..width];
        for run in kinds.chunk_by(|a, b| a.level() == b.level()) {
            let part = out.len()..out.len() + run.len();
            match run[0].level() {
                // All functions are this level: nothing is added up.
                Some(level) => out.extend(part.map(|x| {
                    let cells = reach(x, self.radius, width).len() * rows.len();
                    mean.of(cells, &[0, 0, 0, level * ONE as i32 * cells as i32])
                })),
                None => (self.functions).sums(self.row, part, function, |cells, sums| {
                    out.push(mean.of(cells, sums));
                }),
            }
        }
        // The row that the next windows leave has to be there for them.
        if rows.start > self.ring_start {
            self.ring.pop_front();
            self.ring_start += 1;
        }
        self.row += 1;
        true
    }

    /// The functions fitted in the windows around the blocks of row `y`.
    fn fit(&mut self, y: usize) -> Vec<Fixed> {
        let [width, _] = self.size();
        let kinds = &self.kinds[y * width..][..width];
        let mut row = Vec::with_capacity(width);
        let mut sums = Vec::new();
        for run in kinds.chunk_by(|a, b| a.level() == b.level()) {
            match run[0].level() {
                Some(level) => row.resize(row.len() + run.len(), [0, 0, 0, level * ONE as i32]),
                None => {
                    let part = row.len()..row.len() + run.len();
                    let block = |x, y| self.blocks.quantities(x, y);
                    sums.clear();
                    (self.statistics).sums(y, part, block, |_, window| sums.push(*window));
                    let (pairs, last) = sums.as_chunks::<2>();
                    row.extend(pairs.iter().flat_map(solve));
                    row.extend(last.iter().map(|window| solve(&[*window; 2])[0]));
                }
            }
        }
        row
    }
}

/// Means of functions over windows, with a division for each size of a window alone.
#[derive(Default)]
struct Mean {
    cells: usize,
    scale: f32,
}

impl Mean {
    fn of(&mut self, cells: usize, sums: &Fixed) -> Linear {
        if cells != self.cells {
            (self.cells, self.scale) = (cells, 1.0 / (ONE as f32 * cells as f32));
        }
        f32x4::from_i32x4(i32x4::new(*sums)) * self.scale
    }
}

/// Where blocks of `step` cells begin among `length`, and the end; mirrored in a mirror, so that one in the middle may be shorter.
fn bounds(length: usize, step: usize) -> Vec<usize> {
    let blocks = length.div_ceil(step);
    (0..=blocks).map(|at| bound(at, length, blocks)).collect()
}

/// Blocks of cells with their colours, mask and weights.
struct Blocks<'a> {
    mask: &'a [u8],
    guide: &'a Grid<3>,
    /// Of each value of the mask.
    weights: [u8; 256],
    /// For each column and row of blocks its first one of cells, and the end of all.
    columns: Vec<usize>,
    lines: Vec<usize>,
}

impl Blocks<'_> {
    /// Columns and rows.
    fn size(&self) -> [usize; 2] {
        [self.columns.len() - 1, self.lines.len() - 1]
    }

    /// The places of the cells of the block in column `x` and row `y`.
    fn cells(&self, x: usize, y: usize) -> impl Iterator<Item = usize> {
        let columns = self.columns[x]..self.columns[x + 1];
        let width = self.guide.width;
        (self.lines[y]..self.lines[y + 1])
            .flat_map(move |line| columns.clone().map(move |column| line * width + column))
    }

    /// The kinds of cells in each block.
    fn kinds(&self) -> Vec<Kinds> {
        let [width, height] = self.size();
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let kinds = |(x, y)| {
            self.cells(x, y)
                .map(|at| Kinds::of(self.mask[at]))
                .collect()
        };
        places.map(kinds).collect()
    }

    /// The quantities of the block in column `x` and row `y`.
    fn quantities(&self, x: usize, y: usize) -> [u32; QUANTITIES] {
        let mut sums = [0; QUANTITIES];
        for at in self.cells(x, y) {
            let quantities = self.quantities_of(at);
            sums.iter_mut()
                .zip(quantities)
                .for_each(|(sum, quantity)| *sum += quantity);
        }
        sums
    }

    /// The quantities of cell `at`.
    fn quantities_of(&self, at: usize) -> [u32; QUANTITIES] {
        let value = self.mask[at];
        let ([r, g, b], p) = (self.guide.cells[at].map(u32::from), u32::from(value));
        let w = u32::from(self.weights[usize::from(value)]);
        // In fours, for the sake of vectors.
        let once = [w * r, w * g, w * b, w * p];
        let [rr, rg, rb, rp] = once.map(|x| x * r);
        let [_, gg, gb, gp] = once.map(|x| x * g);
        let [_, _, bb, bp] = once.map(|x| x * b);
        let [r, g, b, p] = once;
        [r, g, b, p, rr, rg, rb, rp, w, gg, gb, gp, 0, 0, bb, bp]
    }
}

/// The weight of a cell of mask `value`.
fn weight(value: usize) -> u8 {
    let sure = 2.0 * value as f64 / 255.0 - 1.0;
    ((sure * sure + LEAST_WEIGHT) / (1.0 + LEAST_WEIGHT) * WEIGHTS).round() as u8
}

/// Quantities of a cell, each times its weight, see [`Blocks::quantities_of`]: red, green, blue and mask; their products with each
/// other, but the mask's with itself; the weight. Two places are empty.
const QUANTITIES: usize = 16;

/// The function of a colour that fits the mask best over cells with these sums, of two windows: least squares with
/// [`EPSILON`], by an LDLᵀ factorisation.
fn solve(windows: &[[u32; QUANTITIES]; 2]) -> [Fixed; 2] {
    let [r, g, b, p, rr, rg, rb, rp, w, gg, gb, gp, _, _, bb, bp] = doubles(windows);
    // Products of integers below 2⁵³: exact.
    let scale = f64x2::ONE / (w * w * (255.0 * 255.0));
    let spread = |product: f64x2, x: f64x2, y: f64x2| (w * product - x * y) * scale;
    let [c0, c1, c2] = [spread(rp, r, p), spread(gp, g, p), spread(bp, b, p)];
    let d0 = spread(rr, r, r) + EPSILON;
    let (l10, l20) = (spread(rg, r, g) / d0, spread(rb, r, b) / d0);
    let d1 = spread(gg, g, g) + EPSILON - l10 * l10 * d0;
    let l21 = (spread(gb, g, b) - l20 * l10 * d0) / d1;
    let d2 = spread(bb, b, b) + EPSILON - l20 * l20 * d0 - l21 * l21 * d1;
    let y1 = c1 - l10 * c0;
    let y2 = c2 - l20 * c0 - l21 * y1;
    let a2 = y2 / d2;
    let a1 = y1 / d1 - l21 * a2;
    let a0 = c0 / d0 - l10 * a1 - l20 * a2;
    let constant = (p - a0 * r - a1 * g - a2 * b) / (w * 255.0);
    let values = [a0, a1, a2, constant].map(fixed);
    [0, 1].map(|window| values.map(|value| value[window]))
}

/// The sums of both windows side by side.
fn doubles(windows: &[[u32; QUANTITIES]; 2]) -> [f64x2; QUANTITIES] {
    // A double of 2⁵² has its lowest 32 bits for a number to be added.
    const TWO_52: f64 = (1_u64 << 52) as f64;
    let high = u32x4::splat((TWO_52.to_bits() >> 32) as u32);
    let mut out = [f64x2::ZERO; QUANTITIES];
    let [first, second] = windows.each_ref().map(|sums| sums.as_chunks::<4>().0);
    for ((out, first), second) in out.as_chunks_mut::<4>().0.iter_mut().zip(first).zip(second) {
        let [first, second] = [first, second].map(|sums| u32x4::new(*sums));
        let [low, top] = [first.unpack_lo(second), first.unpack_hi(second)];
        *out = [
            low.unpack_lo(high),
            low.unpack_hi(high),
            top.unpack_lo(high),
            top.unpack_hi(high),
        ]
        .map(|bits| bytemuck::cast::<_, f64x2>(bits) - TWO_52);
    }
    out
}

/// In fixed point, rounded to even.
fn fixed(factors: f64x2) -> [i32; 2] {
    let limited = factors
        .fast_max(f64x2::splat(-LARGEST))
        .fast_min(f64x2::splat(LARGEST));
    // Of a sum in 2⁵²…2⁵³ the lowest bit is one.
    let rounded = limited * ONE + 1.5 * (1_u64 << 52) as f64;
    rounded.to_array().map(|value| value.to_bits() as i32)
}
