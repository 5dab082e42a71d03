//! Sums over square windows, in integers: exact, so that a mirrored picture has mirrored sums.

use std::ops::{AddAssign, SubAssign};

/// Running sums of `N` quantities over windows of `2 × radius + 1` rows and columns, cut off at the borders.
pub(super) struct Window<T, const N: usize> {
    radius: usize,
    /// For each column the sums over the rows that are in.
    columns: Vec<[T; N]>,
}

impl<T, const N: usize> Window<T, N>
where
    T: Copy + Default + AddAssign + SubAssign,
{
    /// A window over rows of `width` columns, empty as yet.
    pub(super) fn new(radius: usize, width: usize) -> Self {
        Self {
            radius,
            columns: vec![[T::default(); N]; width],
        }
    }

    /// Takes a row in.
    pub(super) fn enter(&mut self, row: impl Iterator<Item = [T; N]>) {
        for (column, values) in self.columns.iter_mut().zip(row) {
            add(column, &values);
        }
    }

    /// Takes a row out that was taken in before.
    pub(super) fn leave(&mut self, row: impl Iterator<Item = [T; N]>) {
        for (column, values) in self.columns.iter_mut().zip(row) {
            subtract(column, &values);
        }
    }

    /// Calls `visit` for each column with the number of columns in its window and the sums over it.
    pub(super) fn sums(&self, mut visit: impl FnMut(usize, [T; N])) {
        let mut sums = [T::default(); N];
        let width = self.columns.len();
        for column in &self.columns[..self.radius.min(width)] {
            add(&mut sums, column);
        }
        for x in 0..width {
            if let Some(column) = self.columns.get(x + self.radius) {
                add(&mut sums, column);
            }
            if let Some(column) = x.checked_sub(self.radius + 1) {
                subtract(&mut sums, &self.columns[column]);
            }
            visit(reach(x, self.radius, width).len(), sums);
        }
    }
}

/// The places within `radius` of `at` among `length`.
pub(super) fn reach(at: usize, radius: usize, length: usize) -> std::ops::Range<usize> {
    at.saturating_sub(radius)..(at + radius + 1).min(length)
}

fn add<T: Copy + AddAssign, const N: usize>(sums: &mut [T; N], values: &[T; N]) {
    sums.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum += *value);
}

fn subtract<T: Copy + SubAssign, const N: usize>(sums: &mut [T; N], values: &[T; N]) {
    sums.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum -= *value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn running_sums_are_the_sums_over_each_window(
            width in 1_usize..12, height in 1_usize..12, radius in 1_usize..5, seed in any::<u32>(),
        ) {
            let value = |x: usize, y: usize| (x as u32 * 7919 + y as u32 * 104_729) ^ seed >> 8;
            let row = |y: usize| (0..width).map(move |x| [value(x, y), 1]);
            let mut window = Window::<u32, 2>::new(radius, width);
            let mut end = 0;
            for y in 0..height {
                let rows = reach(y, radius, height);
                while end < rows.end {
                    window.enter(row(end));
                    end += 1;
                }
                if let Some(leaving) = y.checked_sub(radius + 1) {
                    window.leave(row(leaving));
                }
                let mut x = 0;
                window.sums(|columns, sums| {
                    let part = reach(x, radius, width);
                    let cells = rows.clone().flat_map(|y| part.clone().map(move |x| value(x, y)));
                    let sum = cells.fold(0_u32, u32::wrapping_add);
                    assert_eq!((columns, sums), (part.len(), [sum, (part.len() * rows.len()) as u32]));
                    x += 1;
                });
                prop_assert_eq!(x, width);
            }
        }
    }
}
