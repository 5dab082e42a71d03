//! Joint upsampling: a coarse mask at the size of an image, along the image's own edges.
//!
//! The fast guided filter (He, Sun and Tang 2010; He and Sun 2015) with a guide in colour, in two passes, cells of which
//! the mask is sure counting more: on a coarse grid, whose windows reach over the network's blur, then on a finer
//! one. Everything goes by rows, so that beyond the grids no plane is held.

use std::ops::Range;

use wide::{f32x4, i32x4};

use super::fit::{Functions, Linear};
use crate::grid::{Grid, places};
use crate::{Picture, budget, lanes};

/// Longer sides of the grids of the two passes.
const SIDES: [usize; 2] = [320, 640];

/// Radii of the windows of the two passes, as shares of the grid's longer side.
const RADII: [f64; 2] = [0.025, 0.0125];

// All sums of a window fit 32 bits (see `fit`).
const _: () = assert!(RADII[0] * (SIDES[0] as f64) < 11.0 && RADII[1] * (SIDES[1] as f64) < 11.0);

/// Levels of 0…1: below the first is background, above the second foreground.
const LEVELS: [f32; 2] = [0.10, 0.95];

/// The mask of `picture`, a value of 0…255 for each pixel. `coarse` gives a mask of the width and height that it is
/// called with, coarse and with the same values.
pub(super) fn refine(picture: &Picture, coarse: impl FnOnce(usize, usize) -> Vec<u8>) -> Vec<u8> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    match picture.channels {
        4 => both_passes(picture.data.as_chunks::<4>().0, width, height, coarse),
        _ => both_passes(picture.data.as_chunks::<3>().0, width, height, coarse),
    }
}

fn both_passes<const CHANNELS: usize>(
    pixels: &[[u8; CHANNELS]],
    width: usize,
    height: usize,
    coarse: impl FnOnce(usize, usize) -> Vec<u8>,
) -> Vec<u8> {
    let fine = Grid::of(pixels, width, height, SIDES[1]);
    let mask = {
        let guide = Grid::of(&fine.cells, fine.width, fine.height, SIDES[0]);
        let mask = coarse(guide.width, guide.height);
        pass(
            &mask,
            &guide,
            RADII[0],
            &fine.cells,
            fine.width,
            fine.height,
        )
    };
    pass(&mask, &fine, RADII[1], pixels, width, height)
}

/// The mask of `pixels` that fits `mask`, the one of their `guide`, in windows with a `radius` that is a share of the guide's
/// longer side: of at most 11 cells.
pub(crate) fn pass<const CHANNELS: usize>(
    mask: &[u8],
    guide: &Grid<3>,
    radius: f64,
    pixels: &[[u8; CHANNELS]],
    width: usize,
    height: usize,
) -> Vec<u8> {
    let mut rows = Functions::new(mask, guide, radius);
    let [across, down] = rows.size();
    let (columns, lines) = (places(width, across), places(height, down));
    let mut band = Band::new(&columns, across);
    let mut out = vec![0; pixels.len()];
    let lines = out
        .chunks_exact_mut(width)
        .zip(pixels.chunks_exact(width))
        .zip(&lines);
    for ((values, colours), &(cell, share)) in lines {
        if budget::is_spent() {
            break;
        }
        band.move_to(cell, &mut rows);
        band.mix(share);
        for Run { cells, flat } in &band.runs {
            let part = band.starts[cells.start]..band.starts[cells.end];
            let values = &mut values[part.clone()];
            match flat {
                Some(level) => values.fill(*level),
                None => apply(&band.cells, &columns[part.clone()], &colours[part], values),
            }
        }
    }
    out
}

/// The functions of a row of cells, applied to pixels.
fn apply<const CHANNELS: usize>(
    line: &[Between],
    columns: &[(usize, f32)],
    colours: &[[u8; CHANNELS]],
    values: &mut [u8],
) {
    let (blocks, last_values) = values.as_chunks_mut::<4>();
    let (places, last_places) = columns.as_chunks::<4>();
    let (colours, last_colours) = colours.as_chunks::<4>();
    for ((values, places), colours) in blocks.iter_mut().zip(places).zip(colours) {
        *values = levels([0, 1, 2, 3].map(|i| terms(line, places[i], &colours[i])));
    }
    for ((value, place), colour) in last_values.iter_mut().zip(last_places).zip(last_colours) {
        [*value, ..] = levels([terms(line, *place, colour); 4]);
    }
}

/// The four terms of a pixel's value.
fn terms<const CHANNELS: usize>(
    line: &[Between],
    (cell, share): (usize, f32),
    colour: &[u8; CHANNELS],
) -> f32x4 {
    let Between { start, step } = &line[cell];
    let colour = f32x4::from_i32x4(lanes::of(colour) | ONE) * SCALES;
    (*start + *step * share) * colour
}

/// A 1 in the place of the constant.
const ONE: i32x4 = i32x4::new([0, 0, 0, 1]);
/// From [`lanes::of`] to 0…1, and the constant.
const SCALES: f32x4 = f32x4::new([
    lanes::PLACES[0] / 255.0,
    lanes::PLACES[1] / 255.0,
    lanes::PLACES[2] / 255.0,
    1.0,
]);

/// The levels of four pixels, each the sum of its terms.
fn levels(terms: [f32x4; 4]) -> [u8; 4] {
    let [r, g, b, constant] = f32x4::transpose(terms);
    level((r + g) + (b + constant))
}

/// From 0…1 to 0…255, stretched between [`LEVELS`] and rounded.
fn level(value: f32x4) -> [u8; 4] {
    let stretched = (value - LEVELS[0]) * (255.0 / (LEVELS[1] - LEVELS[0]));
    let rounded = (stretched + 0.5).fast_max(f32x4::ZERO);
    let levels = rounded.fast_min(f32x4::splat(255.0)).fast_trunc_int();
    levels.to_array().map(|level| level as u8)
}

/// Functions between the middles of two rows of cells.
struct Band {
    next: usize,
    upper: Vec<Linear>,
    /// The upper row again below the last one.
    lower: Vec<Linear>,
    /// Of the current line, in runs that are not flat.
    cells: Vec<Between>,
    runs: Vec<Run>,
    /// For each cell its first pixel, and the end of all.
    starts: Vec<usize>,
}

/// The functions of a line of pixels from a cell's middle to that of the next.
#[derive(Clone, Default)]
struct Between {
    /// The function in the cell's middle.
    start: Linear,
    /// From there to the next one's.
    step: Linear,
}

/// Cells of a band.
struct Run {
    cells: Range<usize>,
    /// The level of all their pixels, if no colour changes it.
    flat: Option<u8>,
}

impl Band {
    /// A band over pixels at the places `columns` of `width` cells.
    fn new(columns: &[(usize, f32)], width: usize) -> Self {
        let start = |cell: usize| columns.partition_point(|(place, _)| *place < cell);
        Self {
            next: 0,
            upper: Vec::new(),
            lower: Vec::new(),
            cells: vec![Between::default(); width],
            runs: Vec::new(),
            starts: (0..=width).map(start).collect(),
        }
    }

    /// Takes rows until the upper one is row `cell`.
    fn move_to(&mut self, cell: usize, rows: &mut Functions<'_>) {
        if self.next == cell + 2 {
            return;
        }
        while self.next < cell + 2 {
            std::mem::swap(&mut self.upper, &mut self.lower);
            if !rows.next_row(&mut self.lower) {
                self.lower.clone_from(&self.upper);
            }
            self.next += 1;
        }
        self.runs.clear();
        let corners = self.upper.iter().zip(&self.lower);
        let mut nexts = corners.clone().skip(1);
        // Neighbours most often have the same level, which is worked out once.
        let (mut constant, mut level) = (f32x4::ZERO, level_of(f32x4::ZERO));
        for (cell, left) in corners.enumerate() {
            let flat = is_flat([left, nexts.next().unwrap_or(left)]).then(|| {
                if !constant.simd_eq(*left.0).all() {
                    (constant, level) = (*left.0, level_of(*left.0));
                }
                level
            });
            match self.runs.last_mut() {
                Some(run) if run.flat == flat => run.cells.end = cell + 1,
                _ => self.runs.push(Run {
                    cells: cell..cell + 1,
                    flat,
                }),
            }
        }
    }

    /// Makes the line that is `share` of the way from the upper row to the lower one, where it is not flat.
    fn mix(&mut self, share: f32) {
        let last = self.upper.len().saturating_sub(1);
        let at = |i: usize| self.upper[i] + (self.lower[i] - self.upper[i]) * share;
        for Run { cells, .. } in self.runs.iter().filter(|run| run.flat.is_none()) {
            let mut next = at(cells.start);
            for i in cells.clone() {
                let start = next;
                next = at((i + 1).min(last));
                self.cells[i] = Between {
                    start,
                    step: next - start,
                };
            }
        }
    }
}

/// Whether functions are the same constant.
fn is_flat([(first, a), (b, c)]: [(&Linear, &Linear); 2]) -> bool {
    let same = first.simd_eq(*a) & first.simd_eq(*b) & first.simd_eq(*c);
    let colourless = first.simd_eq(f32x4::ZERO).to_bitmask() & 0b111 == 0b111;
    colourless && same.all()
}

/// The level of a constant function.
fn level_of(constant: Linear) -> u8 {
    levels([constant * CONSTANT; 4])[0]
}

/// Picks the constant of a [`Linear`].
const CONSTANT: f32x4 = f32x4::new([0.0, 0.0, 0.0, 1.0]);

#[cfg(test)]
mod tests;
