//! Specks and pinholes of a map. Nothing thin is ever taken: what is near the subject belongs to it.

use super::parts::{Parts, Touching};

/// What is above this may belong to the subject.
const FAINT: f32 = 0.1;
/// A part with less than this share of the largest one's sum is a speck, if it is far away.
const SPECK: f64 = 0.01;
/// Cells of a map of side [`SIDE`] between the subject and what is far from it.
const GAP: usize = 6;
const SIDE: usize = 320;
/// A hole with less than this share of the subject's cells is a pinhole.
const PINHOLE: f64 = 0.001;
/// Cells around a pinhole, and the least that they are worth.
const RING: usize = 3;
const SOLID: f32 = 0.9;

/// Empties specks and fills pinholes of `map`: side × side values of 0…1, row-major.
pub(super) fn clean(map: &mut [f32], side: usize) {
    drop_specks(map, side);
    fill_pinholes(map, side);
}

fn drop_specks(map: &mut [f32], side: usize) {
    let parts = Parts::of(map, side, Touching::Corners, |value| value > FAINT);
    if parts.count < 2 {
        return;
    }
    let sums = parts.sums(|cell| f64::from(map[cell]));
    let largest = sums[1..].iter().copied().fold(0.0, f64::max);
    let mut keep: Vec<bool> = sums.iter().map(|sum| *sum >= SPECK * largest).collect();
    let near = near(&parts, &keep, side, (GAP * side).div_ceil(SIDE));
    for (&label, near) in parts.labels.iter().zip(near) {
        keep[label as usize] |= near;
    }
    for (value, &label) in map.iter_mut().zip(&parts.labels) {
        if label > 0 && !keep[label as usize] {
            *value = 0.0;
        }
    }
}

/// Which cells are within `gap` steps, also diagonal ones, of a part that is kept.
fn near(parts: &Parts, keep: &[bool], side: usize, gap: usize) -> Vec<bool> {
    let kept = |label: &u32| *label > 0 && keep[*label as usize];
    let mut across = vec![false; parts.labels.len()];
    for (row, labels) in across
        .chunks_exact_mut(side)
        .zip(parts.labels.chunks_exact(side))
    {
        spread(row, labels.iter().map(kept), gap);
    }
    let mut near = vec![false; across.len()];
    let mut column = vec![false; side];
    for x in 0..side {
        spread(
            &mut column,
            across.iter().skip(x).step_by(side).copied(),
            gap,
        );
        for (to, from) in near.iter_mut().skip(x).step_by(side).zip(&column) {
            *to = *from;
        }
    }
    near
}

/// Sets what is within `gap` places of one that is set in `from`.
fn spread(to: &mut [bool], from: impl Iterator<Item = bool>, gap: usize) {
    let length = to.len();
    to.fill(false);
    let mut done = 0;
    for (at, _) in from.enumerate().filter(|(_, set)| *set) {
        let end = (at + gap + 1).min(length);
        to[at.saturating_sub(gap).max(done).min(end)..end].fill(true);
        done = end;
    }
}

fn fill_pinholes(map: &mut [f32], side: usize) {
    let parts = Parts::of(map, side, Touching::Sides, |value| value < 0.5);
    let cells = parts.sums(|_| 1.0);
    let mut fill: Vec<bool> = cells
        .iter()
        .map(|count| *count < PINHOLE * cells[0])
        .collect();
    fill[0] = false;
    for (cell, &label) in parts.labels.iter().enumerate() {
        if fill[label as usize] && !is_inside(map, &parts.labels, side, cell) {
            fill[label as usize] = false;
        }
    }
    for (value, &label) in map.iter_mut().zip(&parts.labels) {
        if fill[label as usize] {
            *value = 1.0;
        }
    }
}

/// Whether all that is around a cell of a hole, but for the hole, is the inside of the subject. What touches the border
/// is no hole.
fn is_inside(map: &[f32], labels: &[u32], side: usize, cell: usize) -> bool {
    let (x, y) = (cell % side, cell / side);
    if x == 0 || y == 0 || x + 1 == side || y + 1 == side {
        return false;
    }
    let near = |at: usize| at.saturating_sub(RING)..(at + RING + 1).min(side);
    near(y).all(|y| {
        near(x).all(|x| {
            let at = y * side + x;
            labels[at] == labels[cell] || map[at] >= SOLID
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 160;

    /// Boxes of a value, one upon the other: left, top, width, height.
    type Boxes = &'static [([usize; 4], f32)];

    fn map(boxes: Boxes) -> Vec<f32> {
        let mut map = vec![0.0; SIDE * SIDE];
        for &([left, top, width, height], value) in boxes {
            for row in map.chunks_exact_mut(SIDE).skip(top).take(height) {
                row[left..left + width].fill(value);
            }
        }
        map
    }

    #[test]
    fn specks_go_pinholes_fill_and_thin_parts_stay() {
        const SUBJECT: ([usize; 4], f32) = ([40, 40, 60, 60], 1.0);
        let cases: [(&str, Boxes, Boxes); 9] = [
            (
                "a far speck and its haze",
                &[SUBJECT, ([130, 130, 4, 4], 0.2), ([131, 131, 2, 2], 0.9)],
                &[SUBJECT],
            ),
            (
                "a second subject",
                &[SUBJECT, ([130, 120, 8, 8], 0.9)],
                &[SUBJECT, ([130, 120, 8, 8], 0.9)],
            ),
            (
                "a broken whisker",
                &[SUBJECT, ([102, 60, 5, 1], 0.4)],
                &[SUBJECT, ([102, 60, 5, 1], 0.4)],
            ),
            (
                "a long strand",
                &[SUBJECT, ([100, 60, 55, 1], 0.15)],
                &[SUBJECT, ([100, 60, 55, 1], 0.15)],
            ),
            ("a pinhole", &[SUBJECT, ([60, 60, 1, 2], 0.1)], &[SUBJECT]),
            (
                "a pinhole in hair",
                &[SUBJECT, ([58, 60, 1, 1], 0.7), ([60, 60, 1, 2], 0.1)],
                &[SUBJECT, ([58, 60, 1, 1], 0.7), ([60, 60, 1, 2], 0.1)],
            ),
            (
                "a handle",
                &[SUBJECT, ([60, 60, 10, 10], 0.1)],
                &[SUBJECT, ([60, 60, 10, 10], 0.1)],
            ),
            (
                "a notch at the border",
                &[([0, 0, 160, 160], 1.0), ([0, 80, 2, 1], 0.0)],
                &[([0, 0, 160, 160], 1.0), ([0, 80, 2, 1], 0.0)],
            ),
            ("nothing", &[], &[]),
        ];
        for (name, before, after) in cases {
            let mut found = map(before);
            clean(&mut found, SIDE);
            assert!(found == map(after), "{name}");
        }
    }
}
