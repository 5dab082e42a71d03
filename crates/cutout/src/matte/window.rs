//! Sums over square windows, in integers: exact, so that a mirrored image has mirrored sums.

use std::ops::{AddAssign, Range, SubAssign};

/// Running sums of `N` quantities over windows of `2 × radius + 1` rows and columns, cut off at the borders.
pub(super) struct Windows<T, const N: usize> {
    radius: usize,
    height: usize,
    columns: Vec<Column<T, N>>,
}

/// A column's sums over some rows.
#[derive(Clone)]
struct Column<T, const N: usize> {
    rows: Range<usize>,
    sums: [T; N],
}

impl<T, const N: usize> Windows<T, N>
where
    T: Copy + Default + AddAssign + SubAssign,
{
    /// Windows of a grid of `width` × `height` cells.
    pub(super) fn new(radius: usize, width: usize, height: usize) -> Self {
        let column = Column {
            rows: 0..0,
            sums: [T::default(); N],
        };
        Self {
            radius,
            height,
            columns: vec![column; width],
        }
    }

    /// Calls `visit` for each of the windows around the cells `part` of row `y` with the number of cells in it and the
    /// sums over it. `cell` gives the quantities of the cell in a column and a row. Rows have to be asked for in order.
    pub(super) fn sums(
        &mut self,
        y: usize,
        part: Range<usize>,
        cell: impl Fn(usize, usize) -> [T; N],
        mut visit: impl FnMut(usize, &[T; N]),
    ) {
        let (radius, width) = (self.radius, self.columns.len());
        let rows = reach(y, radius, self.height);
        let first = part.start.saturating_sub(radius);
        let end = (part.end + radius).min(width);
        for (x, column) in (first..).zip(&mut self.columns[first..end]) {
            column.move_to(&rows, |y| cell(x, y));
        }
        let mut sums = [T::default(); N];
        for column in &self.columns[reach(part.start, radius, width)] {
            add(&mut sums, &column.sums);
        }
        for x in part {
            let columns = reach(x, radius, width);
            visit(columns.len() * rows.len(), &sums);
            if let Some(column) = self.columns.get(x + radius + 1) {
                add(&mut sums, &column.sums);
            }
            if let Some(column) = x.checked_sub(radius) {
                subtract(&mut sums, &self.columns[column].sums);
            }
        }
    }
}

impl<T: Copy + Default + AddAssign + SubAssign, const N: usize> Column<T, N> {
    /// Makes the sums those over `rows`, which begin and end no earlier than those before. Rows that were left more than one step ago
    /// are not asked for.
    fn move_to(&mut self, rows: &Range<usize>, cell: impl Fn(usize) -> [T; N]) {
        if self.rows.start + 1 < rows.start || self.rows.end <= rows.start {
            self.rows = rows.start..rows.start;
            self.sums = [T::default(); N];
        }
        while self.rows.start < rows.start {
            subtract(&mut self.sums, &cell(self.rows.start));
            self.rows.start += 1;
        }
        while self.rows.end < rows.end {
            add(&mut self.sums, &cell(self.rows.end));
            self.rows.end += 1;
        }
    }
}

/// The places within `radius` of `at` among `length`.
pub(super) fn reach(at: usize, radius: usize, length: usize) -> Range<usize> {
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
    use std::num::Wrapping;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn running_sums_are_the_sums_over_each_window_that_is_asked_for(
            width in 1_usize..12, height in 1_usize..24, radius in 1_usize..5, seed in any::<u32>(),
        ) {
            let value = |x: usize, y: usize| Wrapping((x as u32 * 7919 + y as u32 * 104_729) ^ seed >> 8);
            let mut windows = Windows::<Wrapping<u32>, 2>::new(radius, width, height);
            for y in 0..height {
                // Some rows are left out, and some columns.
                let start = (seed as usize >> (y % 16)) % (width + 1);
                let end = start + (seed as usize >> (y % 13)) % (width - start + 1);
                let rows = reach(y, radius, height);
                let mut x = start;
                windows.sums(y, start..end, |x, y| [value(x, y), Wrapping(1)], |count, sums| {
                    let part = reach(x, radius, width);
                    let cells = rows.clone().flat_map(|y| part.clone().map(move |x| value(x, y)));
                    let sum: Wrapping<u32> = cells.sum();
                    assert_eq!((count, sums[1]), (part.len() * rows.len(), Wrapping(count as u32)));
                    assert_eq!(sums[0], sum);
                    x += 1;
                });
                prop_assert_eq!(x, end);
            }
        }
    }
}
