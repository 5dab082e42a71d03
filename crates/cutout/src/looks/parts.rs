//! The connected parts of a map.

/// Which part each cell of a map belongs to.
pub(super) struct Parts {
    /// A number for each cell, row-major: 0 outside, parts from 1 on in the order of their first cells.
    pub(super) labels: Vec<u32>,
    /// The number of parts.
    pub(super) count: usize,
}

impl Parts {
    /// The parts of the cells that are `inside`, in a map of rows of `width`. Cells of a part share a side or a corner.
    pub(super) fn of(map: &[f32], width: usize, inside: impl Fn(f32) -> bool) -> Self {
        let mut labels = vec![0; map.len()];
        let (mut count, mut reached) = (0, Vec::new());
        for first in 0..map.len() {
            if labels[first] != 0 || !inside(map[first]) {
                continue;
            }
            count += 1;
            labels[first] = count;
            reached.push(first);
            while let Some(cell) = reached.pop() {
                visit(cell, width, map.len(), |next| {
                    if labels[next] == 0 && inside(map[next]) {
                        labels[next] = count;
                        reached.push(next);
                    }
                });
            }
        }
        Self {
            labels,
            count: count as usize,
        }
    }

    /// For each label the sum of `value` over its cells, with [`Self::labels`]' 0 first.
    pub(super) fn sums(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.count + 1];
        for (cell, &label) in self.labels.iter().enumerate() {
            sums[label as usize] += value(cell);
        }
        sums
    }
}

/// Calls `visit` with each cell that touches `cell`.
fn visit(cell: usize, width: usize, length: usize, mut visit: impl FnMut(usize)) {
    let x = cell % width;
    let columns = cell - x.min(1)..cell + 1 + usize::from(x + 1 < width);
    for at in columns {
        if at != cell {
            visit(at);
        }
        at.checked_sub(width).into_iter().for_each(&mut visit);
        (at + width < length)
            .then_some(at + width)
            .into_iter()
            .for_each(&mut visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_touch_are_one_part() {
        let map = [
            1, 0, 0, 1, 0, //
            0, 1, 0, 1, 0, //
            0, 0, 0, 1, 1, //
            1, 0, 1, 0, 0_u8,
        ]
        .map(f32::from);
        let labels = [1, 0, 0, 2, 0, 0, 1, 0, 2, 0, 0, 0, 0, 2, 2, 3, 0, 2, 0, 0];
        let parts = Parts::of(&map, 5, |value| value > 0.5);
        assert_eq!((parts.count, &parts.labels[..]), (3, &labels[..]));
    }
}
