//! The rim of marks, decided by geodesic distances in colour.

use super::cells::{Cells, State, steps};
use super::{Brush, Grid};

/// Cost of a step for each level by which a colour changes, beyond [`NOISE`] levels.
const CONTRAST: i32 = 6;
const NOISE: i32 = 3;

/// Farther than anything.
const FAR: i32 = 1 << 28;

/// Sweeps over the rim, forth and back.
const SWEEPS: usize = 2;

/// The values of all cells, without a border: those of the mask where nothing changes.
pub(super) fn values(cells: &Cells, guide: &Grid<3>) -> Vec<u8> {
    let stride = cells.stride;
    let mut distances: Vec<[i32; 2]> = (0..cells.states.len()).map(|at| start(cells, at)).collect();
    let is_open = |at: &usize| matches!(cells.states[*at], State::Open(_));
    let open: Vec<usize> = (0..cells.states.len()).filter(is_open).collect();
    let steps = steps(stride);
    let relax = |distances: &mut Vec<[i32; 2]>, at: usize, sign: isize| {
        for (by, step) in steps {
            let from = at.wrapping_add_signed(sign * by);
            if let Some(change) = change(guide, stride, at, from) {
                let cost = step + CONTRAST * (change - NOISE).max(0);
                for side in [0, 1] {
                    distances[at][side] = distances[at][side].min(distances[from][side] + cost);
                }
            }
        }
    };
    for _ in 0..SWEEPS {
        open.iter().for_each(|at| relax(&mut distances, *at, 1));
        open.iter()
            .rev()
            .for_each(|at| relax(&mut distances, *at, -1));
    }
    let value = |(x, y): (usize, usize)| {
        let at = (y + 1) * stride + x + 1;
        match cells.states[at] {
            State::Kept => cells.mask[at],
            State::Sure(brush) => brush.target(),
            State::Open(brush) => {
                let [keep, erase] = distances[at];
                // Both change by a step from one cell to the next: so the border is as wide as a cell.
                let lead = (erase - keep).clamp(-10, 10);
                brush.towards(cells.mask[at], (128 + lead * 127 / 10) as u8)
            }
        }
    };
    let places = (0..guide.height).flat_map(|y| (0..guide.width).map(move |x| (x, y)));
    places.map(value).collect()
}

/// The distances of a cell that is decided from foreground and background: negative, by its depth, so that where the
/// image has no edges they are equal on the border of a mark.
fn start(cells: &Cells, at: usize) -> [i32; 2] {
    let is_foreground = match cells.states[at] {
        State::Open(_) => return [FAR; 2],
        State::Sure(brush) => brush == Brush::Keep,
        State::Kept => cells.mask[at] >= 128,
    };
    let depth = -cells.depth[at];
    if is_foreground {
        [depth, FAR]
    } else {
        [FAR, depth]
    }
}

/// The most that a colour changes between two cells; `None` outside.
pub(super) fn change(guide: &Grid<3>, stride: usize, at: usize, from: usize) -> Option<i32> {
    let cell = |at: usize| {
        let (x, y) = ((at % stride).checked_sub(1)?, (at / stride).checked_sub(1)?);
        let is_inside = x < guide.width && y < guide.height;
        is_inside.then(|| guide.cells[y * guide.width + x])
    };
    let (a, b) = (cell(at)?, cell(from)?);
    a.iter().zip(b).map(|(a, b)| i32::from(a.abs_diff(b))).max()
}
