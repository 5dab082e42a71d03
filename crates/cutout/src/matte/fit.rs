//! Linear functions of colour that fit a mask, in windows of a grid.

use std::collections::VecDeque;

use wide::{f32x4, i32x4};

use super::window::{Window, reach};
use crate::grid::Grid;

/// What is added to the variance of colours of 0…1: edges with less contrast are not followed.
const EPSILON: f64 = 1e-4;

/// What is added to the weight of a cell, (2m − 1)², so that undecided cells count a little.
const LEAST_WEIGHT: f64 = 0.1;

/// Weights in sums are of 0…this: with windows of at most 23 × 23 cells and colours and masks of 0…255, all sums fit 32 bits.
const WEIGHTS: f64 = 120.0;

/// A linear function of red, green and blue of 0…1: three factors and a constant.
pub(super) type Linear = f32x4;

/// The same in fixed point, so that sums of them are exact: in units of 2⁻¹⁴, of which a window's sum fits 32 bits.
type Fixed = [i32; 4];
const ONE: f64 = (1 << 14) as f64;
/// No factor is larger: √(¼ ÷ 4ε) is 25, and the constant is at most three times that.
const LARGEST: f64 = 128.0;

/// The functions, averaged over the windows that a cell lies in; row by row.
pub(super) struct Functions<'a> {
    cells: Cells<'a>,
    /// Of each value of the mask.
    weights: [u8; 256],
    radius: usize,
    /// Sums over the colours and the mask; rows up to `statistics_end` have entered.
    statistics: Window<u32, QUANTITIES>,
    statistics_end: usize,
    /// Sums over functions in fixed point, and the rows that are in: they are from `ring_start` on.
    functions: Window<i32, 4>,
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
        Self {
            cells: Cells { mask, guide },
            weights: std::array::from_fn(weight),
            radius,
            statistics: Window::new(radius, guide.width),
            statistics_end: 0,
            functions: Window::new(radius, guide.width),
            ring: VecDeque::with_capacity(2 * radius + 2),
            ring_start: 0,
            row: 0,
        }
    }

    /// The next row of functions; false when there is none.
    pub(super) fn next_row(&mut self, out: &mut Vec<Linear>) -> bool {
        if self.row == self.cells.guide.height {
            return false;
        }
        let rows = reach(self.row, self.radius, self.cells.guide.height);
        while self.ring_start + self.ring.len() < rows.end {
            let row = self.fit(self.ring_start + self.ring.len());
            self.functions.enter(row.iter().copied());
            self.ring.push_back(row);
        }
        while self.ring_start < rows.start {
            if let Some(row) = self.ring.pop_front() {
                self.functions.leave(row.into_iter());
            }
            self.ring_start += 1;
        }
        out.clear();
        self.functions.sums(|columns, sums| {
            let scale = 1.0 / (ONE as f32 * (columns * rows.len()) as f32);
            out.push(f32x4::from_i32x4(i32x4::new(sums)) * scale);
        });
        self.row += 1;
        true
    }

    /// The functions fitted in the windows around the cells of row `y`.
    fn fit(&mut self, y: usize) -> Vec<Fixed> {
        let rows = reach(y, self.radius, self.cells.guide.height);
        while self.statistics_end < rows.end {
            let entering = self.cells.row(self.statistics_end, &self.weights);
            self.statistics.enter(entering);
            self.statistics_end += 1;
        }
        if let Some(leaving) = y.checked_sub(self.radius + 1) {
            self.statistics
                .leave(self.cells.row(leaving, &self.weights));
        }
        let mut row = Vec::with_capacity(self.cells.guide.width);
        self.statistics.sums(|_, sums| row.push(solve(&sums)));
        row
    }
}

/// What a mask is summed up from.
#[derive(Clone, Copy)]
struct Cells<'a> {
    mask: &'a [u8],
    guide: &'a Grid<3>,
}

impl<'a> Cells<'a> {
    /// What is summed of row `y`, with the weight of each value of the mask.
    fn row(self, y: usize, weights: &'a [u8; 256]) -> impl Iterator<Item = [u32; QUANTITIES]> {
        let part = y * self.guide.width..(y + 1) * self.guide.width;
        let cells = self.guide.cells[part.clone()].iter().zip(&self.mask[part]);
        cells.map(|(colour, &value)| {
            let ([r, g, b], p) = (colour.map(u32::from), u32::from(value));
            let w = u32::from(weights[usize::from(value)]);
            let [wr, wg, wb, wp] = [w * r, w * g, w * b, w * p];
            let squares = [wr * r, wr * g, wr * b, wg * g, wg * b, wb * b];
            let [rr, rg, rb, gg, gb, bb] = squares;
            [
                w,
                wr,
                wg,
                wb,
                wp,
                rr,
                rg,
                rb,
                gg,
                gb,
                bb,
                wp * r,
                wp * g,
                wp * b,
                0,
                0,
            ]
        })
    }
}

/// The weight of a cell of mask `value`.
fn weight(value: usize) -> u8 {
    let sure = 2.0 * value as f64 / 255.0 - 1.0;
    ((sure * sure + LEAST_WEIGHT) / (1.0 + LEAST_WEIGHT) * WEIGHTS).round() as u8
}

/// Weight; red, green, blue and mask; the products of colours, and of colours with the mask; two more, for the sake of
/// vectors.
const QUANTITIES: usize = 16;

/// The function of a colour that fits the mask best over cells with these sums: least squares with [`EPSILON`], by an
/// LDLᵀ factorisation.
fn solve(sums: &[u32; QUANTITIES]) -> Fixed {
    let (w, p) = (sums[0], sums[4]);
    // Nothing to fit, as in most windows.
    if p == 0 || p == 255 * w {
        return [0, 0, 0, if p == 0 { 0 } else { ONE as i32 }];
    }
    let [w, r, g, b, p, rr, rg, rb, gg, gb, bb, rp, gp, bp, _, _] = sums.map(f64::from);
    // Products of integers below 2⁵³: exact.
    let scale = 1.0 / (255.0 * 255.0 * w * w);
    let spread = |product: f64, x: f64, y: f64| (w * product - x * y) * scale;
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
    let constant = (p - a0 * r - a1 * g - a2 * b) / (255.0 * w);
    let fixed = |factor: f64| (factor.clamp(-LARGEST, LARGEST) * ONE).round_ties_even() as i32;
    [a0, a1, a2, constant].map(fixed)
}
