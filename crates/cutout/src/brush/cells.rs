//! Marks on a grid: what is certain, and the rim that is to be decided.

use super::marks::Painted;
use super::{Brush, Grid};
use crate::grid::bound;
use crate::{BoundingBox, Mask};

/// Units of a distance: of a cell to one beside it, and to one at its corner.
pub(super) const STEP: i32 = 10;
pub(super) const DIAGONAL: i32 = 14;

/// Farther than anything.
const FAR: i32 = 1 << 28;

/// A mask's cells up to this are background already, and with as much less than 255 foreground.
const SURE: u8 = 8;

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

/// The cells of a window. Planes have a border of a cell around them.
pub(super) struct Cells {
    /// Cells of a row, with the border.
    pub(super) stride: usize,
    /// Means of the mask.
    pub(super) mask: Vec<u8>,
    /// Distances from the border of the nearest mark, inward and outward.
    pub(super) depth: Vec<i32>,
    pub(super) states: Vec<State>,
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
        let stride = guide.width + 2;
        let mut cells = Cover::of(mask, painted, window, guide.width, guide.height);
        let reach = (reach * f64::from(STEP)) as i32;
        let depth = cells.depth();
        let own = cells.reaches(&depth, reach);
        let states = cells.states(&depth, &own);
        Self {
            stride,
            mask: std::mem::take(&mut cells.mask),
            depth,
            states,
        }
    }
}

/// What is painted of each cell.
struct Cover {
    stride: usize,
    mask: Vec<u8>,
    /// The brush of most of the cell; `None` for less than half of it.
    brushes: Vec<Option<Brush>>,
    /// The share of 255 that is painted, with either brush.
    shares: Vec<u8>,
    /// Whether the cell is none but stands around the others.
    len: usize,
}

impl Cover {
    fn of(
        mask: &Mask,
        painted: &Painted,
        window: BoundingBox,
        width: usize,
        height: usize,
    ) -> Self {
        let stride = width + 2;
        let len = stride * (height + 2);
        let mut cover = Self {
            stride,
            mask: vec![0; len],
            brushes: vec![None; len],
            shares: vec![0; len],
            len,
        };
        let [left, top, columns, rows] =
            [window.left, window.top, window.width, window.height].map(|side| side as usize);
        let ends: Vec<_> = (0..=width)
            .map(|x| left + bound(x, columns, width))
            .collect();
        let mut sums = vec![[0_u32; 3]; width];
        for y in 0..height {
            sums.fill([0; 3]);
            let lines = top + bound(y, rows, height)..top + bound(y + 1, rows, height);
            for line in lines.clone() {
                let labels = &painted.labels[line * painted.width..][..painted.width];
                let values = &mask.data[line * painted.width..][..painted.width];
                for (sums, ends) in sums.iter_mut().zip(ends.windows(2)) {
                    let part = ends[0]..ends[1];
                    for (label, value) in labels[part.clone()].iter().zip(&values[part]) {
                        sums[0] += u32::from(*value);
                        sums[1] += u32::from(label & 1);
                        sums[2] += u32::from(label >> 1);
                    }
                }
            }
            for (x, (sums, ends)) in sums.iter().zip(ends.windows(2)).enumerate() {
                let count = ((ends[1] - ends[0]) * lines.len()).max(1) as u32;
                cover.set((y + 1) * stride + x + 1, *sums, count);
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
        self.brushes[at] = (2 * (keep + erase) >= count).then_some(brush);
    }

    /// Cells within the border.
    fn inner(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let (stride, len) = (self.stride, self.len);
        (1..len / stride - 1).flat_map(move |y| y * stride + 1..(y + 1) * stride - 1)
    }

    /// Of each cell the distance from the nearest one of another brush, from border to middle: of a cell that is painted
    /// in part, from where the border would be.
    fn depth(&self) -> Vec<i32> {
        let mut depth = vec![FAR; self.len];
        let around = self.around();
        let border = self.border();
        for at in self.inner() {
            let is_other = |by: &isize| {
                let other = at.wrapping_add_signed(*by);
                !border(other) && self.brushes[other] != self.brushes[at]
            };
            if around.iter().any(is_other) {
                let painted = i32::from(self.shares[at]) - 128;
                let inward = if self.brushes[at].is_some() {
                    painted
                } else {
                    -painted
                };
                depth[at] = (inward * STEP / 255).max(0);
            }
        }
        self.grow(&mut depth, |at, from| {
            self.brushes[at] == self.brushes[from]
        });
        depth
    }

    /// Of each cell how far the mark that it belongs to, or that is nearest to it, reaches: at most over `most`, and over
    /// half of the part of the mark that is there, measured by the largest of some discs that fit in.
    fn reaches(&self, depth: &[i32], most: i32) -> Vec<Reach> {
        let mut reaches = vec![None; self.len];
        let mut left = self
            .inner()
            .filter(|at| self.brushes[*at].is_some())
            .count();
        for radius in [2 * most, most, most / 2, most / 4] {
            if left == 0 || radius < 2 * STEP {
                break;
            }
            let middles = depth.iter().zip(&self.brushes);
            let middle = |(depth, brush): (&i32, &Option<Brush>)| match brush {
                Some(_) if *depth >= radius => 0,
                _ => FAR,
            };
            let mut disc: Vec<i32> = middles.map(middle).collect();
            self.grow(&mut disc, |at, from| {
                self.brushes[at].is_some() && self.brushes[at] == self.brushes[from]
            });
            for at in self.inner() {
                if self.brushes[at].is_some()
                    && reaches[at].is_none()
                    && disc[at] <= radius + STEP / 2
                {
                    reaches[at] = Some(radius / 2);
                    left -= 1;
                }
            }
        }
        self.outward(depth, &reaches)
    }

    /// Continues the reaches of marks to the cells around them.
    fn outward(&self, depth: &[i32], inside: &[Option<i32>]) -> Vec<Reach> {
        let mut reaches: Vec<Reach> = self
            .brushes
            .iter()
            .zip(inside)
            .map(|(brush, length)| brush.map(|brush| (brush, length.unwrap_or(0))))
            .collect();
        let around = self.around();
        let relax = |reaches: &mut Vec<Reach>, at: usize| {
            if self.brushes[at].is_some() {
                return;
            }
            // The nearest mark is where the depth falls.
            let nearest = around
                .iter()
                .map(|by| at.wrapping_add_signed(*by))
                .filter(|other| reaches[*other].is_some());
            let key = |other: &usize| match self.brushes[*other] {
                Some(_) => -depth[*other] - STEP,
                None => depth[*other],
            };
            let from = nearest.min_by_key(key);
            if let Some(from) = from
                && key(&from) < depth[at]
            {
                reaches[at] = reaches[from];
            }
        };
        for _ in 0..2 {
            self.inner().for_each(|at| relax(&mut reaches, at));
            self.inner().rev().for_each(|at| relax(&mut reaches, at));
        }
        reaches
    }

    fn states(&self, depth: &[i32], reaches: &[Reach]) -> Vec<State> {
        let mut states = vec![State::Kept; self.len];
        for at in self.inner() {
            let Some((brush, reach)) = reaches[at] else {
                continue;
            };
            let is_deep = depth[at] > reach;
            let value = self.mask[at];
            states[at] = match (self.brushes[at], is_deep) {
                (Some(brush), true) => State::Sure(brush),
                (None, true) => State::Kept,
                (None, false) if value.abs_diff(brush.target()) <= SURE => State::Kept,
                (_, false) => State::Open(brush),
            };
        }
        states
    }

    /// Brings each distance down to that of a neighbour and the step from there, where `joins`.
    fn grow(&self, distances: &mut [i32], joins: impl Fn(usize, usize) -> bool) {
        let border = self.border();
        let steps = steps(self.stride);
        let relax = |distances: &mut [i32], at: usize, sign: isize| {
            let mut least = distances[at];
            for (by, step) in steps {
                let from = at.wrapping_add_signed(sign * by);
                if distances[from] + step < least && !border(from) && joins(at, from) {
                    least = distances[from] + step;
                }
            }
            distances[at] = least;
        };
        self.inner().for_each(|at| relax(distances, at, 1));
        self.inner().rev().for_each(|at| relax(distances, at, -1));
    }

    fn border(&self) -> impl Fn(usize) -> bool + use<> {
        let (stride, len) = (self.stride, self.len);
        move |at| at < stride || at >= len - stride || at % stride == 0 || at % stride == stride - 1
    }

    fn around(&self) -> [isize; 8] {
        let stride = self.stride.cast_signed();
        [
            -stride - 1,
            -stride,
            1 - stride,
            -1,
            1,
            stride - 1,
            stride,
            stride + 1,
        ]
    }
}

/// A mark's brush, and how far it reaches.
type Reach = Option<(Brush, i32)>;

/// The neighbours that come before a cell of a plane, and the steps from there.
pub(super) fn steps(stride: usize) -> [(isize, i32); 4] {
    let stride = stride.cast_signed();
    [
        (-1, STEP),
        (-stride, STEP),
        (-stride - 1, DIAGONAL),
        (1 - stride, DIAGONAL),
    ]
}
