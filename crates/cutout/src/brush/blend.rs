//! Decided cells, drawn at full size.

use std::ops::Range;

use super::Brush;
use super::cells::{Cells, State};
use super::cut::change;
use super::marks::{Painted, brush, mixed, shares};
use crate::grid::Grid;
use crate::matte::pass;
use crate::{BoundingBox, Mask, budget};

/// Radius in cells of the windows in which colours are fitted to the decision.
const RADIUS: f64 = 3.0;

/// Changes of colour along a border: below the first they are texture, above the second an edge.
const EDGE: [i32; 2] = [20, 60];

/// Cells around an edge that it counts in.
const WIDTH: usize = 2;

/// The values of `mask` in `window`, by the `values` of its cells.
pub(super) fn blend(
    mask: &Mask,
    painted: &Painted,
    window: BoundingBox,
    cells: &Cells,
    values: &[u8],
    guide: &Grid<3>,
    pixels: &[[u8; 3]],
) -> Vec<u8> {
    let (width, height) = (window.width as usize, window.height as usize);
    let longer = guide.width.max(guide.height) as f64;
    let inner: Vec<u8> = cells.shape.inner().map(|at| values[at]).collect();
    let mut out = pass(&inner, guide, RADIUS / longer, pixels, width, height);
    let edges = edges(cells, values);
    let planes = Planes {
        cells,
        values,
        edges,
    };
    let columns = shares(width, guide.width);
    let starts = starts(&columns, guide.width);
    let (mut band, mut last) = (Vec::new(), usize::MAX);
    for ((line, row), (cell, down)) in (window.top as usize..)
        .zip(out.chunks_exact_mut(width))
        .zip(shares(height, guide.height))
    {
        if budget::is_spent() {
            break;
        }
        if cell != last {
            planes.band(cell, &mut band);
            last = cell;
        }
        let at = line * painted.width + window.left as usize;
        let [labels, old] = [&painted.labels, &mask.data].map(|all| &all[at..][..width]);
        for run in runs(&band) {
            let part = starts[run.start]..starts[run.end];
            match &band[run.start] {
                None => paint_plainly(&mut row[part.clone()], &labels[part.clone()], &old[part]),
                Some(corners) => {
                    for x in part {
                        let brush = brush(labels[x]);
                        row[x] = corners.value(columns[x].1, down, brush, old[x], row[x]);
                    }
                }
            }
        }
    }
    out
}

/// For each of so many cells its first column, and the end of all.
fn starts(columns: &[(usize, i32)], cells: usize) -> Vec<usize> {
    let start = |cell: usize| columns.partition_point(|(place, _)| *place < cell);
    (0..=cells).map(start).collect()
}

/// Runs of cells without corners, which have no open one beside them, and each other cell alone.
fn runs(band: &[Option<Corners>]) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    band.chunk_by(|a, b| a.is_none() && b.is_none())
        .map(move |run| {
            let start = end;
            end += run.len();
            start..end
        })
}

/// Writes a brush's value where it is painted, and the old value elsewhere.
fn paint_plainly(values: &mut [u8], labels: &[u8], old: &[u8]) {
    for ((value, label), old) in values.iter_mut().zip(labels).zip(old) {
        *value = brush(*label).map_or(*old, Brush::target);
    }
}

/// The planes that a line of pixels is drawn from.
struct Planes<'a> {
    cells: &'a Cells,
    values: &'a [u8],
    /// How far the border near a cell is an edge of the image, of 255.
    edges: Vec<u8>,
}

/// Four cells that pixels are between, of which one or more are open.
struct Corners {
    brush: Brush,
    values: [u8; 4],
    edges: [u8; 4],
    /// 255 where a value can change.
    gates: [u8; 4],
}

impl Planes<'_> {
    /// The corners between a row of cells and the next one.
    fn band(&self, y: usize, out: &mut Vec<Option<Corners>>) {
        let shape = self.cells.shape;
        let below = (y + 1).min(shape.height - 1);
        out.clear();
        out.extend((0..shape.width).map(|x| {
            let right = (x + 1).min(shape.width - 1);
            let places = [(x, y), (right, y), (x, below), (right, below)];
            let places = places.map(|(x, y)| shape.at(x, y));
            let states = places.map(|at| self.cells.states[at]);
            let open = states.iter().find_map(|state| match state {
                State::Open(brush) => Some(*brush),
                _ => None,
            });
            open.map(|brush| Corners {
                brush,
                values: places.map(|at| self.values[at]),
                edges: places.map(|at| self.edges[at]),
                gates: states.map(|state| if state == State::Kept { 0 } else { 255 }),
            })
        }));
    }
}

impl Corners {
    /// The value of a pixel, of which `old` is the one before and `fitted` the one that colours give.
    fn value(&self, across: i32, down: i32, painted: Option<Brush>, old: u8, fitted: u8) -> u8 {
        let between = |[a, b, c, d]: [u8; 4]| mixed(mixed(a, b, across), mixed(c, d, across), down);
        let share = |plane| i32::from(between(plane)) * 256 / 255;
        let drawn = mixed(between(self.values), fitted, share(self.edges));
        match painted {
            Some(brush) => brush.towards(old, drawn),
            None => mixed(old, self.brush.towards(old, drawn), share(self.gates)),
        }
    }
}

/// How far the border near each cell is an edge of the image.
fn edges(cells: &Cells, values: &[u8]) -> Vec<u8> {
    let shape = cells.shape;
    let mut edges = vec![0_u8; shape.len()];
    for &at in &cells.open {
        for other in shape.around(at) {
            // Those of the border have no colour.
            let is_border = cells.depth[other] == super::plane::FAR;
            if is_border || (values[at] >= 128) == (values[other] >= 128) {
                continue;
            }
            let change = change(cells.colours[at], cells.colours[other]);
            let share = (change - EDGE[0]) * 255 / (EDGE[1] - EDGE[0]);
            edges[at] = edges[at].max(share.clamp(0, 255) as u8);
        }
    }
    let mut widened = edges.clone();
    for &at in cells.open.iter().filter(|at| edges[**at] > 0) {
        let (x, y) = (at % shape.stride(), at / shape.stride());
        for y in y.saturating_sub(WIDTH)..=(y + WIDTH).min(shape.height + 1) {
            for x in x.saturating_sub(WIDTH)..=(x + WIDTH).min(shape.width + 1) {
                let near = &mut widened[y * shape.stride() + x];
                *near = (*near).max(edges[at]);
            }
        }
    }
    widened
}
