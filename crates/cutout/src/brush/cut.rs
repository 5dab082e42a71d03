//! The rim of marks, decided by geodesic distances in colour.

use super::Brush;
use super::cells::{Cells, State};
use super::plane::{FAR, MOST, STEP};

/// Cost of a step for each level by which a colour changes, beyond [`NOISE`] levels.
const CONTRAST: i32 = 4;
const NOISE: i32 = 6;

/// Sweeps over the rim.
const SWEEPS: usize = 2;

/// The values of all cells: those of the mask where nothing changes.
pub(super) fn values(cells: &Cells) -> Vec<u8> {
    let mut distances: Vec<_> = (0..cells.states.len()).map(|at| start(cells, at)).collect();
    for _ in 0..SWEEPS {
        cells.shape.sweep(&cells.open, |at, from, step| {
            let [keep, erase] = distances[from];
            let change = change(cells.colours[at], cells.colours[from]);
            let cost = step + CONTRAST * (change - NOISE).max(0);
            let own = &mut distances[at];
            *own = [own[0].min(keep + cost), own[1].min(erase + cost)];
        });
    }
    let drawn = leads(cells, &distances);
    // What the image's edges change of the marks' own border.
    let changes = drawn.iter().zip(&cells.leads).map(|(lead, own)| lead - own);
    let changes = smooth(cells, &smooth(cells, &changes.collect::<Vec<_>>()));
    let value = |at: usize| match cells.states[at] {
        State::Kept => cells.mask[at],
        State::Sure(brush) => brush.target(),
        State::Open(brush) => {
            // It changes by two steps from one cell to the next: so the border is as wide as a cell.
            let lead = (cells.leads[at] + changes[at]).clamp(-STEP, STEP);
            let value = (128 + lead * 128 / STEP).min(255) as u8;
            brush.towards(cells.mask[at], value)
        }
    };
    (0..cells.states.len()).map(value).collect()
}

/// How much nearer the foreground is than the background; of a cell that is not open what its mark gives.
fn leads(cells: &Cells, distances: &[[i32; 2]]) -> Vec<i32> {
    let lead = |at: usize| match cells.states[at] {
        State::Open(_) => {
            let [keep, erase] = distances[at];
            (erase - keep).clamp(-MOST, MOST)
        }
        _ => cells.leads[at],
    };
    (0..cells.states.len()).map(lead).collect()
}

/// Means over each open cell and its open neighbours, so that texture makes no rough border.
fn smooth(cells: &Cells, values: &[i32]) -> Vec<i32> {
    let mut smooth = values.to_vec();
    let is_open = |at: &usize| matches!(cells.states[*at], State::Open(_));
    for &at in &cells.open {
        let (mut sum, mut count) = (values[at], 1);
        for other in cells.shape.around(at).into_iter().filter(is_open) {
            sum += values[other];
            count += 1;
        }
        smooth[at] = sum / count;
    }
    smooth
}

/// The distances of a cell from foreground and background: of one that is decided minus its depth, so that where the image
/// has no edges they are equal on the border of a mark.
fn start(cells: &Cells, at: usize) -> [i32; 2] {
    let is_foreground = match cells.states[at] {
        State::Open(brush) if cells.ridges[at] => brush == Brush::Erase,
        State::Open(_) => return [FAR; 2],
        State::Sure(brush) => brush == Brush::Keep,
        State::Kept => cells.mask[at] >= 128,
    };
    // The border of planes has the depth of what is far.
    let depth = -cells.depth[at];
    match (depth == -FAR, is_foreground) {
        (true, _) => [FAR; 2],
        (false, true) => [depth, FAR],
        (false, false) => [FAR, depth],
    }
}

/// The most that a colour changes.
pub(super) fn change(a: [u8; 3], b: [u8; 3]) -> i32 {
    let [r, g, b] = [0, 1, 2].map(|i| a[i].abs_diff(b[i]));
    i32::from(r.max(g).max(b))
}
