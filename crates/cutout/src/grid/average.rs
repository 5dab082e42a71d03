//! Means of pixels over cells.

use wide::{i32x4, u16x8, u32x4};

use super::bound;
use crate::lanes;

/// Most values of 0…255 whose sum fits 16 bits, and whose mean can be had in 32.
const MOST_VALUES: usize = 256;

/// Means of `pixels`, of which the first `N` values count, over cells, row-major; sizes are width and height.
pub(super) fn average<const CHANNELS: usize, const N: usize>(
    pixels: &[[u8; CHANNELS]],
    [from_width, from_height]: [usize; 2],
    [width, height]: [usize; 2],
) -> Vec<[u8; N]> {
    let bounds: Vec<_> = (0..=width).map(|x| bound(x, from_width, width)).collect();
    let widths = || bounds.windows(2).map(|ends| ends[1] - ends[0]);
    let widest = widths().max().unwrap_or(0);
    let narrowest = widths().min().unwrap_or(0);
    let mut columns = vec![0_u16; from_width * CHANNELS + LANES];
    let mut cells = vec![[0; N]; width * height];
    for (y, cells) in cells.chunks_exact_mut(width.max(1)).enumerate() {
        let rows = bound(y, from_height, height)..bound(y + 1, from_height, height);
        let source = &pixels[rows.start * from_width..rows.end * from_width];
        if widest * rows.len() <= MOST_VALUES && widest - narrowest <= 1 {
            columns.fill(0);
            add_rows(&mut columns, source.as_flattened(), from_width * CHANNELS);
            let means = [0, 1].map(|extra| MeanOfFew::of(narrowest, extra, rows.len()));
            few_columns::<CHANNELS, N>(cells, &columns, &bounds, narrowest, &means);
        } else {
            let mut sums = vec![[0; N]; width];
            for rows in source.chunks(MOST_VALUES * from_width.max(1)) {
                columns.fill(0);
                add_rows(&mut columns, rows.as_flattened(), from_width * CHANNELS);
                many_columns::<CHANNELS, N>(&mut sums, &columns, &bounds);
            }
            for ((cell, sums), ends) in cells.iter_mut().zip(&sums).zip(bounds.windows(2)) {
                // Of at most 2²⁸ pixels; with one cell a side or more than 2, less than 2²⁴ fall into one cell.
                let count = ((ends[1] - ends[0]) * rows.len()).max(1) as u32;
                *cell = sums.map(|sum| ((sum + count / 2) / count) as u8);
            }
        }
    }
    cells
}

/// Adds rows of `width` values to sums of at most [`MOST_VALUES`] rows.
fn add_rows(sums: &mut [u16], values: &[u8], width: usize) {
    let mut pairs = values.chunks_exact(2 * width.max(1));
    for pair in &mut pairs {
        let (first, second) = pair.split_at(width);
        add(sums, [first, second]);
    }
    if !pairs.remainder().is_empty() {
        add(sums, [pairs.remainder()]);
    }
}

/// Adds rows of as many values to sums.
fn add<const COUNT: usize>(sums: &mut [u16], rows: [&[u8]; COUNT]) {
    let parts = rows.map(|row| row.as_chunks::<32>().0);
    let (blocks, _) = sums.as_chunks_mut::<32>();
    let count = parts[0].len();
    let parts = parts.map(|blocks| &blocks[..count]);
    for (at, sums) in blocks[..count].iter_mut().enumerate() {
        let rows = parts.map(|blocks| &blocks[at]);
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum += rows.iter().map(|row| u16::from(row[i])).sum::<u16>();
        }
    }
    for row in rows {
        let last = &row[32 * count..];
        (sums[32 * count..].iter_mut().zip(last))
            .for_each(|(sum, value)| *sum += u16::from(*value));
    }
}

/// Values of a vector: a column is read as so many, also the last one.
const LANES: usize = 8;

/// Means of cells with at most [`MOST_VALUES`] pixels, `narrowest` columns or one more; `means` is for both.
// Within its caller too few registers are left for the loop.
#[inline(never)]
fn few_columns<const CHANNELS: usize, const N: usize>(
    cells: &mut [[u8; N]],
    values: &[u16],
    bounds: &[usize],
    narrowest: usize,
    means: &[MeanOfFew; 2],
) {
    for (cell, ends) in cells.iter_mut().zip(bounds.windows(2)) {
        let values = &values[ends[0] * CHANNELS..][..narrowest * CHANNELS + LANES];
        let column = |at: usize| {
            let values = &values[at * CHANNELS..][..LANES];
            u16x8::new(std::array::from_fn(|i| values[i]))
        };
        let mut sum = column(0);
        for at in 1..narrowest {
            sum += column(at);
        }
        let mean = &means[usize::from(ends[1] - ends[0] > narrowest)];
        let means = mean.value(sum + (column(narrowest) & mean.extra));
        *cell = std::array::from_fn(|i| means[i]);
    }
}

/// Adds columns to the sums of their cells.
fn many_columns<const CHANNELS: usize, const N: usize>(
    sums: &mut [[u32; N]],
    values: &[u16],
    bounds: &[usize],
) {
    let columns = values.as_chunks::<CHANNELS>().0;
    for (sums, ends) in sums.iter_mut().zip(bounds.windows(2)) {
        for column in &columns[ends[0]..ends[1]] {
            (sums.iter_mut().zip(column)).for_each(|(sum, value)| *sum += u32::from(*value));
        }
    }
}

/// Rounded means of at most [`MOST_VALUES`] values, four at once, by a multiplication.
struct MeanOfFew {
    /// All bits where a cell has a column more than the narrowest.
    extra: u16x8,
    half: u32x4,
    factor: u32x4,
}

impl MeanOfFew {
    const SHIFT: u32 = 24;

    /// Of cells of `narrowest` columns, and `extra` ones, 0 or 1, of `rows` pixels.
    fn of(narrowest: usize, extra: usize, rows: usize) -> Self {
        let count = ((narrowest + extra) * rows).max(1) as u32;
        Self {
            extra: u16x8::splat(if extra > 0 { u16::MAX } else { 0 }),
            half: u32x4::splat(count / 2),
            factor: u32x4::splat((1_u32 << Self::SHIFT).div_ceil(count)),
        }
    }

    /// Exact (Granlund and Montgomery 1994): the sum and the half are below 2⁸ × count, and the factor is too large by less than
    /// one, so that the product is by less than 2⁸ × count² ≤ 2²⁴ once it is divided. It is at most 255.5 × (2²⁴ + count), which fits
    /// 32 bits.
    fn value(&self, sums: u16x8) -> [u8; 4] {
        let pairs: u32x4 = bytemuck::cast(sums);
        let sums = (pairs & u32x4::splat(0xffff)).unpack_lo(pairs >> 16);
        let means: i32x4 = bytemuck::cast(((sums + self.half) * self.factor) >> Self::SHIFT);
        let [means, ..]: [[u8; 4]; 4] = bytemuck::cast(lanes::bytes([means; 4]));
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_exact_quotients_also_of_the_most_values() {
        for count in 1..=MOST_VALUES as u32 {
            let mean = MeanOfFew::of(count as usize, 0, 1);
            for sum in 0..=255 * count {
                let exact = ((sum + count / 2) / count) as u8;
                assert_eq!(
                    mean.value(u16x8::splat(sum as u16)),
                    [exact; 4],
                    "{sum} of {count}"
                );
            }
        }
    }
}
