//! Planes of cells with a border of a cell around them, so that every cell has neighbours.

/// Units of a distance: of a cell to one beside it, and to one at its corner.
pub(super) const STEP: i32 = 10;
const DIAGONAL: i32 = 14;

/// The distance of a cell that nothing reaches.
pub(super) const FAR: i32 = 1 << 28;

/// Most that one side leads by where leads are smoothed: what an edge gives counts no more than some steps.
pub(super) const MOST: i32 = 3 * STEP;

/// The shape of some planes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Shape {
    /// From a cell to the one below it.
    pub(super) fn stride(self) -> usize {
        self.width + 2
    }

    /// Cells, those of the border included.
    pub(super) fn len(self) -> usize {
        self.stride() * (self.height + 2)
    }

    /// The place of the cell in column `x` and row `y`.
    pub(super) fn at(self, x: usize, y: usize) -> usize {
        (y + 1) * self.stride() + x + 1
    }

    /// The places of a row.
    pub(super) fn row(self, y: usize) -> std::ops::Range<usize> {
        self.at(0, y)..self.at(self.width, y)
    }

    /// The places of all cells but the border's, in order.
    pub(super) fn inner(self) -> impl Iterator<Item = usize> {
        (0..self.height).flat_map(move |y| self.row(y))
    }

    /// A plane of `values`, which has no border, with `border` around it.
    pub(super) fn padded<T: Copy>(self, values: &[T], border: T) -> Vec<T> {
        let mut plane = vec![border; self.len()];
        for (y, row) in values.chunks_exact(self.width).enumerate() {
            plane[self.row(y)].copy_from_slice(row);
        }
        plane
    }

    /// The neighbours before a cell, and how far they are; those behind it are at the same distances to the other side.
    pub(super) fn before(self) -> [(usize, i32); 4] {
        let stride = self.stride();
        [
            (1, STEP),
            (stride, STEP),
            (stride + 1, DIAGONAL),
            (stride - 1, DIAGONAL),
        ]
    }

    /// The eight neighbours of a cell.
    pub(super) fn around(self, at: usize) -> [usize; 8] {
        let [a, b, c, d] = self.before().map(|(by, _)| by);
        [
            at - a,
            at - b,
            at - c,
            at - d,
            at + a,
            at + b,
            at + c,
            at + d,
        ]
    }

    /// Calls `relax` with each of `cells`, which are in order, and each neighbour before it; then backwards, with those
    /// behind it: a sweep of a distance transform (Borgefors 1986). The last argument is how far the neighbour is.
    pub(super) fn sweep(self, cells: &[usize], mut relax: impl FnMut(usize, usize, i32)) {
        let before = self.before();
        for &at in cells {
            for (by, step) in before {
                relax(at, at - by, step);
            }
        }
        for &at in cells.iter().rev() {
            for (by, step) in before {
                relax(at, at + by, step);
            }
        }
    }
}
