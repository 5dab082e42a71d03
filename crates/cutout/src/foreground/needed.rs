//! The cells of an estimate that a result is made from.

use super::{BLOCK, any_soft};
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
    /// The cells of a grid of `width` × `height` that [`super::Rows::correct`] reads for `mask`: those around its soft pixels.
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
            for (block, columns) in row.chunks(BLOCK).zip(columns.chunks(BLOCK)) {
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
        self.each_with_source((width, height), |_, source| cells[source] = true);
        Self { width, cells }
    }

    /// Calls `visit` with each needed cell, in order, and the cell of a coarser grid that it is spread from.
    pub(super) fn each_with_source(
        &self,
        (width, height): (usize, usize),
        mut visit: impl FnMut(usize, usize),
    ) {
        let own_height = self.cells.len() / self.width;
        let columns: Vec<_> = (0..self.width).map(|x| x * width / self.width).collect();
        for (y, row) in self.cells.chunks_exact(self.width).enumerate() {
            let line = y * height / own_height * width;
            let needed = row.iter().zip(&columns).enumerate();
            for (x, (_, column)) in needed.filter(|(_, (needed, _))| **needed) {
                visit(y * self.width + x, line + column);
            }
        }
    }

    /// A number for each cell: of those that are needed from 1 on, in order, and 0 for the others.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut count = 0;
        let number = |needed: &bool| {
            count += u32::from(*needed);
            count * u32::from(*needed)
        };
        self.cells.iter().map(number).collect()
    }
}

fn take(into: &mut [bool], from: &[bool]) {
    into.iter_mut()
        .zip(from)
        .for_each(|(into, from)| *into |= *from);
}
