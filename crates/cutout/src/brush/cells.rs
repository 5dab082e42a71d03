//! Marks on a grid: what is certain, and the rim that is to be decided.

use super::marks::Painted;
use super::plane::{FAR, MOST, STEP, Shape};
use super::{Brush, Grid};
use crate::grid::bound;
use crate::{BoundingBox, Mask};

/// A mask's cells up to this are background already, and with as much less than 255 foreground.
const SURE: u8 = 8;

/// Most lines whose values sum to 16 bits and whose labels sum to 8.
const LINES: usize = 255;

/// The state of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No mark is near, or the mask is already as the mark near it asks for.
    Kept,
    /// In the depth of a mark.
    Sure(Brush),
    /// Near the border of a mark, inside or outside.
    Open(Brush),
}

/// The cells of a window.
pub(super) struct Cells {
    pub(super) shape: Shape,
    /// Means of the image's colours and of the mask.
    pub(super) colours: Vec<[u8; 3]>,
    pub(super) mask: Vec<u8>,
    /// Distances from the border of the nearest mark, inward and outward.
    pub(super) depth: Vec<i32>,
    pub(super) states: Vec<State>,
    /// Of open cells how much nearer the foreground is by the marks alone, up to [`MOST`].
    pub(super) leads: Vec<i32>,
    /// The places of open cells, in order.
    pub(super) open: Vec<usize>,
    /// Whether each cell is the middle of a narrow part that is not painted.
    pub(super) ridges: Vec<bool>,
}

impl Cells {
    /// The cells of `window` in `mask`, with marks that reach over at most `reach` cells of `guide`.
    pub(super) fn new(
        mask: &Mask,
        painted: &Painted,
        window: BoundingBox,
        guide: &Grid<3>,
        reach: f64,
    ) -> Self {
        let shape = Shape {
            width: guide.width,
            height: guide.height,
        };
        let cover = Cover::of(mask, painted, window, shape);
        let reach = (reach * f64::from(STEP)) as i32;
        let depth = cover.depth();
        let reaches = cover.reaches(&depth, reach);
        let states = cover.states(&depth, &reaches);
        let is_open = |at: &usize| matches!(states[*at], State::Open(_));
        Self {
            shape,
            colours: shape.padded(&guide.cells, [0; 3]),
            open: shape.inner().filter(is_open).collect(),
            leads: cover.leads(&depth, &states),
            ridges: cover.ridges(&depth, &reaches),
            mask: cover.mask,
            depth,
            states,
        }
    }
}

/// The marks and the mask, averaged over cells.
struct Cover {
    shape: Shape,
    mask: Vec<u8>,
    /// The brush of most of the cell; none for less than half of it.
    kinds: Vec<Kind>,
    /// The share of 255 that is painted, with either brush.
    shares: Vec<u8>,
    /// The places of cells with a brush, in order.
    painted: Vec<usize>,
}

/// The brush of a cell, or that it has none, or belongs to the border.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Painted(Brush),
    Border,
}

/// Adds the values and labels of a line to sums of at most [`LINES`] lines: of labels those of one brush in the lower byte, and of the
/// other in the higher one.
fn add_line([value_sums, label_sums]: &mut [Vec<u16>; 2], [values, labels]: [&[u8]; 2]) {
    for (sum, value) in value_sums.iter_mut().zip(values) {
        *sum += u16::from(*value);
    }
    for (sum, label) in label_sums.iter_mut().zip(labels) {
        *sum += u16::from(label & 1) + (u16::from(label >> 1) << 8);
    }
}

/// Adds [`add_line`]'s sums to those of the cells between neighbouring `ends`: values, and labels of either brush.
fn add_columns(sums: &mut [[u32; 3]], [values, labels]: &[Vec<u16>; 2], ends: &[usize]) {
    for (sums, ends) in sums.iter_mut().zip(ends.windows(2)) {
        let part = ends[0]..ends[1];
        for (value, label) in values[part.clone()].iter().zip(&labels[part]) {
            let [keep, erase] = label.to_le_bytes();
            sums[0] += u32::from(*value);
            sums[1] += u32::from(keep);
            sums[2] += u32::from(erase);
        }
    }
}

impl Cover {
    fn of(mask: &Mask, painted: &Painted, window: BoundingBox, shape: Shape) -> Self {
        let mut cover = Self {
            shape,
            mask: vec![0; shape.len()],
            kinds: vec![Kind::Border; shape.len()],
            shares: vec![0; shape.len()],
            painted: Vec::new(),
        };
        let [left, top, columns, rows] =
            [window.left, window.top, window.width, window.height].map(|side| side as usize);
        let ends = (0..=shape.width).map(|x| bound(x, columns, shape.width));
        let ends: Vec<_> = ends.collect();
        let mut sums = vec![[0_u32; 3]; shape.width];
        let mut pixels = [vec![0_u16; columns], vec![0; columns]];
        for y in 0..shape.height {
            sums.fill([0; 3]);
            let lines = bound(y, rows, shape.height)..bound(y + 1, rows, shape.height);
            for first in lines.clone().step_by(LINES) {
                pixels.iter_mut().for_each(|sums| sums.fill(0));
                for line in first..lines.end.min(first + LINES) {
                    let at = (top + line) * painted.width + left;
                    let line = [&mask.data, &painted.labels].map(|all| &all[at..][..columns]);
                    add_line(&mut pixels, line);
                }
                add_columns(&mut sums, &pixels, &ends);
            }
            for (x, (sums, ends)) in sums.iter().zip(ends.windows(2)).enumerate() {
                let count = ((ends[1] - ends[0]) * lines.len()).max(1) as u32;
                cover.set(shape.at(x, y), *sums, count);
            }
        }
        cover
    }

    fn set(&mut self, at: usize, [mask, keep, erase]: [u32; 3], count: u32) {
        self.mask[at] = ((mask + count / 2) / count) as u8;
        self.shares[at] = (u64::from(keep + erase) * 255 / u64::from(count)) as u8;
        let brush = if keep > erase {
            Brush::Keep
        } else {
            Brush::Erase
        };
        self.kinds[at] = Kind::Plain;
        if 2 * (keep + erase) >= count {
            self.kinds[at] = Kind::Painted(brush);
            self.painted.push(at);
        }
    }

    /// Of each cell the distance from the nearest one of another brush, from border to middle: of a cell that is painted
    /// in part, from where the border would be.
    fn depth(&self) -> Vec<i32> {
        let mut depth = vec![FAR; self.shape.len()];
        let from_border = |at: usize| {
            let painted = i32::from(self.shares[at]) - 128;
            let is_painted = self.kinds[at] != Kind::Plain;
            let inward = if is_painted { painted } else { -painted };
            (inward * STEP / 255).max(0)
        };
        let before = self.shape.before();
        let all: Vec<usize> = self.shape.inner().collect();
        for &at in &all {
            for (by, _) in before {
                let other = at - by;
                if self.kinds[other] != self.kinds[at] && self.kinds[other] != Kind::Border {
                    depth[at] = from_border(at);
                    depth[other] = from_border(other);
                }
            }
        }
        self.grow(&mut depth, &all);
        depth
    }

    /// Of each cell the brush and the reach of the mark that it belongs to, or that is nearest to it. A mark reaches over at
    /// most `most`, and over half of the part of the mark that is there, measured by the largest of some discs that fit in.
    fn reaches(&self, depth: &[i32], most: i32) -> Vec<Option<(Brush, i32)>> {
        let mut reaches = vec![None; self.shape.len()];
        for &at in &self.painted {
            if let Kind::Painted(brush) = self.kinds[at] {
                reaches[at] = Some((brush, 0));
            }
        }
        let mut left = self.painted.clone();
        for radius in [2 * most, most, most / 2, most / 4] {
            if left.is_empty() || radius < 2 * STEP {
                break;
            }
            let mut disc = vec![FAR; self.shape.len()];
            let middles = self.painted.iter().filter(|at| depth[**at] >= radius);
            middles.for_each(|at| disc[*at] = 0);
            self.grow(&mut disc, &self.painted);
            left.retain(|&at| {
                // A right angle has its corner 1.4 radii from the disc that touches both of its sides.
                let is_in = disc[at] <= radius * 3 / 2;
                if let (true, Some((_, reach))) = (is_in, &mut reaches[at]) {
                    *reach = radius / 2;
                }
                !is_in
            });
        }
        self.continue_outward(depth, most, &mut reaches);
        reaches
    }

    /// Gives plain cells within `most` of a mark what the mark has.
    fn continue_outward(&self, depth: &[i32], most: i32, reaches: &mut [Option<(Brush, i32)>]) {
        let is_near = |at: &usize| self.kinds[*at] == Kind::Plain && depth[*at] <= most;
        let near: Vec<usize> = self.shape.inner().filter(is_near).collect();
        // Distances from marks, of which painted cells are the start.
        let mut distances = vec![FAR; self.shape.len()];
        self.painted.iter().for_each(|at| distances[*at] = 0);
        self.shape.sweep(&near, |at, from, step| {
            if distances[from] + step < distances[at] {
                distances[at] = distances[from] + step;
                reaches[at] = reaches[from];
            }
        });
    }

    fn states(&self, depth: &[i32], reaches: &[Option<(Brush, i32)>]) -> Vec<State> {
        let state = |at: usize| {
            let Some((brush, reach)) = reaches[at] else {
                return State::Kept;
            };
            let is_deep = reach == 0 || depth[at] > reach;
            let is_done = self.mask[at].abs_diff(brush.target()) <= SURE;
            match (self.kinds[at], is_deep) {
                (Kind::Painted(brush), true) => State::Sure(brush),
                (Kind::Plain, true) => State::Kept,
                (Kind::Plain, false) if is_done => State::Kept,
                (Kind::Border, _) => State::Kept,
                (_, false) => State::Open(brush),
            }
        };
        (0..self.shape.len()).map(state).collect()
    }

    /// Whether each cell that is not painted has no deeper neighbour of its kind: the middle of a part too narrow for a cell beyond the
    /// reach. Parts of less than the reach are gaps that the hand has left.
    fn ridges(&self, depth: &[i32], reaches: &[Option<(Brush, i32)>]) -> Vec<bool> {
        let mut ridges = vec![false; self.shape.len()];
        let is_plain = |at: &usize| self.kinds[*at] == Kind::Plain;
        for at in self.shape.inner().filter(is_plain) {
            let Some((_, reach)) = reaches[at] else {
                continue;
            };
            let mut around = self.shape.around(at).into_iter().filter(is_plain);
            ridges[at] = 2 * depth[at] >= reach && around.all(|other| depth[other] <= depth[at]);
        }
        ridges
    }

    fn leads(&self, depth: &[i32], states: &[State]) -> Vec<i32> {
        let lead = |at: usize| match states[at] {
            State::Open(brush) => {
                let lead = (2 * depth[at]).min(MOST);
                let is_painted = self.kinds[at] != Kind::Plain;
                let is_foreground = (brush == Brush::Keep) == is_painted;
                if is_foreground { lead } else { -lead }
            }
            _ => 0,
        };
        (0..self.shape.len()).map(lead).collect()
    }

    /// Brings the distance of each of `cells` down to that of a neighbour of its kind and the step from there.
    fn grow(&self, distances: &mut [i32], cells: &[usize]) {
        self.shape.sweep(cells, |at, from, step| {
            if distances[from] + step < distances[at] && self.kinds[from] == self.kinds[at] {
                distances[at] = distances[from] + step;
            }
        });
    }
}
