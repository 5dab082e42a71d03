//! The cells of an estimate that a result is made from.

use super::{Rows, any_soft};
use crate::Mask;
use crate::grid::places;

/// Cells of a grid, some of which are needed.
#[derive(Clone, Debug)]
pub(super) struct Needed {
    width: usize,
    /// `width × height`, row-major: whether a cell is needed.
    cells: Vec<bool>,
}

impl Needed {
    /// The cells of a grid of `width` × `height` that [`Rows::correct`] reads for `mask`: those around its soft pixels.
    pub(super) fn by(mask: &Mask, width: usize, height: usize) -> Self {
        let mut cells = vec![false; width * height];
        let columns = places(mask.width as usize, width);
        let lines = places(mask.height as usize, height);
        for (row, (line, _)) in mask
            .data
            .chunks_exact(mask.width.max(1) as usize)
            .zip(lines)
        {
            let (upper, lower) = (line * width, (line + 1).min(height - 1) * width);
            for (block, columns) in row.chunks(Rows::BLOCK).zip(columns.chunks(Rows::BLOCK)) {
                if any_soft(block) {
                    let end = (columns[columns.len() - 1].0 + 2).min(width);
                    let reach = columns[0].0..end;
                    cells[upper..][reach.clone()].fill(true);
                    cells[lower..][reach].fill(true);
                }
            }
        }
        Self { width, cells }
    }

    /// All cells of a grid.
    #[cfg(test)]
    pub(super) fn all(width: usize, height: usize) -> Self {
        Self {
            width,
            cells: vec![true; width * height],
        }
    }

    /// With the cells that reach these in `steps` steps to a neighbour at the left, at the right, above or below.
    pub(super) fn grown(mut self, steps: usize) -> Self {
        let width = self.width;
        let mut grown = self.cells.clone();
        for _ in 0..steps {
            let rows = grown
                .chunks_exact_mut(width)
                .zip(self.cells.chunks_exact(width));
            for (out, row) in rows {
                take(&mut out[1..], &row[..width - 1]);
                take(&mut out[..width - 1], &row[1..]);
            }
            let rest = self.cells.len() - width;
            take(&mut grown[width..], &self.cells[..rest]);
            take(&mut grown[..rest], &self.cells[width..]);
            self.cells.copy_from_slice(&grown);
        }
        self
    }

    /// The cells of a grid of `width` × `height` that these are spread from.
    pub(super) fn sources(&self, width: usize, height: usize) -> Self {
        let mut cells = vec![false; width * height];
        let own_height = self.cells.len() / self.width;
        for at in self.indexes() {
            cells[source(at, (self.width, own_height), (width, height))] = true;
        }
        Self { width, cells }
    }

    /// The needed cells, in order.
    pub(super) fn indexes(&self) -> impl Iterator<Item = usize> {
        let cells = self.cells.iter().enumerate();
        cells.filter(|(_, needed)| **needed).map(|(at, _)| at)
    }
}

/// The cell of a coarser grid that cell `at` of a finer one is spread from; sizes are width and height.
pub(super) fn source(at: usize, finer: (usize, usize), coarser: (usize, usize)) -> usize {
    let (x, y) = (at % finer.0, at / finer.0);
    y * coarser.1 / finer.1 * coarser.0 + x * coarser.0 / finer.0
}

fn take(into: &mut [bool], from: &[bool]) {
    into.iter_mut()
        .zip(from)
        .for_each(|(into, from)| *into |= *from);
}
