//! Windows of a mask in which there is nothing to fit.

/// Cells of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const ABOVE_EMPTY: u8 = 1;
    const BELOW_OPAQUE: u8 = 2;

    /// The kind of a cell of mask `value`.
    pub(super) fn of(value: u8) -> Self {
        Self(u8::from(value > 0) * Self::ABOVE_EMPTY + u8::from(value < 255) * Self::BELOW_OPAQUE)
    }

    /// Whether all cells are empty or all are opaque; then the level, 0 or 1.
    pub(super) fn level(self) -> Option<i32> {
        match self.0 {
            Self::BELOW_OPAQUE => Some(0),
            Self::ABOVE_EMPTY => Some(1),
            _ => None,
        }
    }
}

impl FromIterator<Kinds> for Kinds {
    fn from_iter<I: IntoIterator<Item = Self>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |all, Self(kinds)| all | kinds))
    }
}

/// The kinds of cells in the windows within `radius` of each block of cells; `kinds` are those in each block, rows of `width` blocks.
pub(super) fn within(kinds: &[Kinds], width: usize, radius: usize) -> Vec<Kinds> {
    // Blocks beyond the borders are of no kind.
    let mut plane = vec![0; kinds.len() + 2 * radius * width];
    let mut line = vec![0; width + 2 * radius];
    for (out, row) in plane[radius * width..]
        .chunks_exact_mut(width)
        .zip(kinds.chunks_exact(width))
    {
        line.fill(0);
        line[radius..]
            .iter_mut()
            .zip(row)
            .for_each(|(out, Kinds(kinds))| *out = *kinds);
        join(&mut line, 1, 2 * radius + 1);
        out.copy_from_slice(&line[..width]);
    }
    join(&mut plane, width, 2 * radius + 1);
    plane.truncate(kinds.len());
    plane.into_iter().map(Kinds).collect()
}

/// Joins each value with the `count − 1` that follow it at distances of `step`, as far as there are. What is joined
/// doubles with each pass.
fn join(values: &mut [u8], step: usize, count: usize) {
    let mut joined = 1;
    while joined < count {
        let more = joined.min(count - joined);
        let ahead = (more * step).min(values.len());
        let others = values[ahead..].to_vec();
        values
            .iter_mut()
            .zip(others)
            .for_each(|(value, other)| *value |= other);
        joined += more;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matte::window::reach;

    proptest! {
        #[test]
        fn a_window_has_a_level_where_all_its_cells_have_it(
            width in 1_usize..30, height in 1_usize..30, radius in 1_usize..9, seed in any::<u32>(), share in 0_u32..60,
        ) {
            let value = |i: usize| {
                let number = (i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 16;
                if number % 1000 < share { number as u8 } else if i % width * 2 > width { 255 } else { 0 }
            };
            let mask: Vec<u8> = (0..width * height).map(value).collect();
            let cells: Vec<_> = mask.iter().map(|value| Kinds::of(*value)).collect();
            for (at, kinds) in within(&cells, width, radius).into_iter().enumerate() {
                let rows = reach(at / width, radius, height);
                let columns = reach(at % width, radius, width);
                let all = |level: u8| rows.clone().all(|y| columns.clone().all(|x| mask[y * width + x] == level));
                let expected = if all(0) { Some(0) } else if all(255) { Some(1) } else { None };
                prop_assert_eq!(kinds.level(), expected, "{}", at);
            }
        }
    }
}
