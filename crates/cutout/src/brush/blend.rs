//! Decided cells, drawn at full size.

use super::cells::{Cells, State};
use super::cut::change;
use super::marks::{Painted, mixed, shares};
use super::{Brush, Grid};
use crate::matte::pass;
use crate::{BoundingBox, Mask};

/// Radius in cells of the windows in which colours are fitted to the decision.
const RADIUS: f64 = 3.0;

/// Changes of colour along a border: below the first it is no edge, above the second it is one.
const EDGE: [i32; 2] = [8, 24];

/// Cells around an edge that it counts in.
const WIDTH: usize = 2;

/// The values of `mask` in `window`, by those of its cells.
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
    let mut out = pass(values, guide, RADIUS / longer, pixels, width, height);
    let planes = Planes {
        cells,
        values,
        edges: edges(cells, values, guide),
        gates: gates(cells, guide),
        width: guide.width,
        height: guide.height,
    };
    let columns = shares(width, guide.width);
    let lines = shares(height, guide.height);
    for (y, (row, line)) in out.chunks_exact_mut(width).zip(lines).enumerate() {
        let at = (y + window.top as usize) * painted.width + window.left as usize;
        let labels = &painted.labels[at..][..width];
        let old = &mask.data[at..][..width];
        for (x, value) in row.iter_mut().enumerate() {
            let brush = brush(labels[x]);
            *value = planes.value(columns[x], line, brush, old[x], *value);
        }
    }
    out
}

fn brush(label: u8) -> Option<Brush> {
    match label {
        0 => None,
        1 => Some(Brush::Keep),
        _ => Some(Brush::Erase),
    }
}

/// What is known of cells.
struct Planes<'a> {
    cells: &'a Cells,
    values: &'a [u8],
    /// How far the border near a cell is an edge of the image, of 255.
    edges: Vec<u8>,
    /// 255 where a value can change.
    gates: Vec<u8>,
    width: usize,
    height: usize,
}

impl Planes<'_> {
    /// The value of a pixel between cells, of which `old` is the one before and `fitted` the one that colours give.
    fn value(
        &self,
        (x, across): (usize, i32),
        (y, down): (usize, i32),
        painted: Option<Brush>,
        old: u8,
        fitted: u8,
    ) -> u8 {
        let (right, below) = ((x + 1).min(self.width - 1), (y + 1).min(self.height - 1));
        let corners = [(x, y), (right, y), (x, below), (right, below)];
        let state = |(x, y): (usize, usize)| self.cells.states[(y + 1) * self.cells.stride + x + 1];
        let open = corners.iter().find_map(|at| match state(*at) {
            State::Open(brush) => Some(brush),
            _ => None,
        });
        let Some(near) = open else {
            return painted.map_or(old, Brush::target);
        };
        let between = |plane: &[u8]| {
            let [a, b, c, d] = corners.map(|(x, y)| plane[y * self.width + x]);
            mixed(mixed(a, b, across), mixed(c, d, across), down)
        };
        let drawn = mixed(
            between(self.values),
            fitted,
            i32::from(between(&self.edges)) * 256 / 255,
        );
        match painted {
            Some(brush) => brush.towards(old, drawn),
            None => {
                let gate = i32::from(between(&self.gates)) * 256 / 255;
                mixed(old, near.towards(old, drawn), gate)
            }
        }
    }
}

/// 255 for cells that are not kept.
fn gates(cells: &Cells, guide: &Grid<3>) -> Vec<u8> {
    let rows = cells
        .states
        .chunks_exact(cells.stride)
        .skip(1)
        .take(guide.height);
    let inner = rows.flat_map(|row| &row[1..=guide.width]);
    inner
        .map(|state| if *state == State::Kept { 0 } else { 255 })
        .collect()
}

/// How far the border near each cell is an edge of the image.
fn edges(cells: &Cells, values: &[u8], guide: &Grid<3>) -> Vec<u8> {
    let (width, height) = (guide.width, guide.height);
    let mut edges = vec![0_u8; width * height];
    let padded = |at: usize| (at / width + 1) * cells.stride + at % width + 1;
    let mut mark = |at: usize, other: usize| {
        let [a, b] = [at, other].map(|at| values[at] >= 128);
        if a == b {
            return;
        }
        let change = change(guide, cells.stride, padded(at), padded(other)).unwrap_or(0);
        let share = (change - EDGE[0]) * 255 / (EDGE[1] - EDGE[0]);
        let share = share.clamp(0, 255) as u8;
        edges[at] = edges[at].max(share);
        edges[other] = edges[other].max(share);
    };
    for at in 0..width * height {
        if at % width + 1 < width {
            mark(at, at + 1);
        }
        if at + width < width * height {
            mark(at, at + width);
        }
    }
    widened(&widened(&edges, width, 1), width, width)
}

/// The most of each value and those within [`WIDTH`] steps of `step`.
fn widened(values: &[u8], width: usize, step: usize) -> Vec<u8> {
    let most = |at: usize| {
        let reach = 1..=WIDTH;
        let others = reach.flat_map(|n| [at.checked_sub(n * step), at.checked_add(n * step)]);
        let in_line = |other: &usize| step > 1 || other / width == at / width;
        let others = others
            .flatten()
            .filter(in_line)
            .filter_map(|at| values.get(at));
        others.fold(values[at], |most, value| most.max(*value))
    };
    (0..values.len()).map(most).collect()
}
