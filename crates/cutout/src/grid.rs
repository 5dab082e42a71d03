//! An image on a coarse grid, and a grid's values between its cells.

use crate::BoundingBox;

/// Means of pixels over the cells of a grid.
pub(crate) struct Grid<const N: usize> {
    /// Cells in a row, at least 1.
    pub(crate) width: usize,
    /// Rows, at least 1.
    pub(crate) height: usize,
    /// `width × height` cells, row-major, values 0…255.
    pub(crate) cells: Vec<[u8; N]>,
}

impl<const N: usize> Grid<N> {
    /// `pixels`, of which the first `N` values count, on a grid of their own shape whose longer side has at most `side`
    /// cells; fewer pixels are a grid themselves.
    pub(crate) fn of<const CHANNELS: usize>(
        pixels: &[[u8; CHANNELS]],
        width: usize,
        height: usize,
        side: usize,
    ) -> Self {
        let longer = width.max(height).max(1);
        let cells = |length: usize| match longer > side {
            true => {
                // In 64 bits: the product of two 32-bit sides.
                let cells = (length as u64 * side as u64 + longer as u64 / 2) / longer as u64;
                (cells as usize).max(1)
            }
            false => length.max(1),
        };
        let mut grid = Self {
            width: cells(width),
            height: cells(height),
            cells: Vec::with_capacity(cells(width) * cells(height)),
        };
        grid.average(pixels, width, height);
        grid
    }

    fn average<const CHANNELS: usize>(
        &mut self,
        pixels: &[[u8; CHANNELS]],
        from_width: usize,
        from_height: usize,
    ) {
        let mut columns = vec![[0_u16; CHANNELS]; from_width];
        let mut sums = vec![[0_u32; N]; self.width];
        let bounds: Vec<_> = (0..=self.width)
            .map(|x| bound(x, from_width, self.width))
            .collect();
        let mut means = Means::default();
        for y in 0..self.height {
            let rows = bound(y, from_height, self.height)..bound(y + 1, from_height, self.height);
            let source = &pixels[rows.start * from_width..rows.end * from_width];
            sums.fill([0; N]);
            for rows in source.chunks(ROWS * from_width.max(1)) {
                columns.fill([0; CHANNELS]);
                for row in rows.chunks_exact(from_width.max(1)) {
                    add(columns.as_flattened_mut(), row.as_flattened());
                }
                for (sums, ends) in sums.iter_mut().zip(bounds.windows(2)) {
                    for column in &columns[ends[0]..ends[1]] {
                        (sums.iter_mut().zip(column))
                            .for_each(|(sum, value)| *sum += u32::from(*value));
                    }
                }
            }
            for (sums, ends) in sums.iter().zip(bounds.windows(2)) {
                // Of at most 2²⁸ pixels; with one cell a side or more than 2, less than 2²⁴ fall into one cell.
                let mean = means.of(ends[1] - ends[0], rows.len());
                self.cells.push(sums.map(|sum| mean.value(sum)));
            }
        }
    }
}

/// Rows of values of 0…255 whose sums fit 16 bits.
const ROWS: usize = 257;

/// Adds a row to sums of at most [`ROWS`] rows.
fn add(sums: &mut [u16], values: &[u8]) {
    let (blocks, last_sums) = sums.as_chunks_mut::<16>();
    let (parts, last_values) = values.as_chunks::<16>();
    for (sums, values) in blocks.iter_mut().zip(parts) {
        (sums.iter_mut().zip(values)).for_each(|(sum, value)| *sum += u16::from(*value));
    }
    (last_sums.iter_mut().zip(last_values)).for_each(|(sum, value)| *sum += u16::from(*value));
}

/// The [`Mean`] of each width of a cell.
#[derive(Default)]
struct Means {
    rows: usize,
    of_widths: Vec<Option<Mean>>,
}

impl Means {
    /// The one of cells of `width` × `rows` pixels.
    fn of(&mut self, width: usize, rows: usize) -> &Mean {
        if rows != self.rows {
            self.rows = rows;
            self.of_widths.clear();
        }
        if width >= self.of_widths.len() {
            self.of_widths.resize_with(width + 1, || None);
        }
        self.of_widths[width].get_or_insert_with(|| Mean::of((width * rows).max(1) as u32))
    }
}

/// Rounded means of `count` values of 0…255, by a multiplication: a division costs several times as long.
struct Mean {
    count: u32,
    factor: u64,
}

impl Mean {
    const SHIFT: u32 = 56;

    /// `count` is 1…2²⁴.
    fn of(count: u32) -> Self {
        let factor = (1_u64 << Self::SHIFT).div_ceil(count.into());
        Self { count, factor }
    }

    /// Exact (Granlund and Montgomery 1994): the sum and the half are below 2⁸ × count, and the factor is too large by less than
    /// one, so that the product is by less than 2⁸ × count² ≤ 2⁵⁶ once it is divided.
    fn value(&self, sum: u32) -> u8 {
        ((u64::from(sum + self.count / 2) * self.factor) >> Self::SHIFT) as u8
    }
}

/// Where cell `index` of `cells` begins among `length` pixels; rounded, and mirrored in a mirror.
pub(crate) fn bound(index: usize, length: usize, cells: usize) -> usize {
    if 2 * index > cells {
        return length - bound(cells - index, length, cells);
    }
    let (twice, cells) = (2 * index as u64 * length as u64, cells as u64);
    ((twice + cells) / (2 * cells)) as usize
}

/// For each of some pixels the cell of a grid whose middle is before its own, and how far it is towards the next
/// one's, 0…1.
pub(crate) fn places(pixels: usize, cells: usize) -> Vec<(usize, f32)> {
    let place = |pixel: usize| {
        let at = (pixel as f64 + 0.5) * cells as f64 / pixels as f64 - 0.5;
        let at = at.clamp(0.0, (cells - 1) as f64);
        (at as usize, at.fract() as f32)
    };
    (0..pixels).map(place).collect()
}

/// A map of `side` × `side` values of 0…1 at `width` × `height`, between the four nearest ones, as 0…255, rounded.
pub(crate) fn blend_map(map: &[f32], side: usize, width: usize, height: usize) -> Vec<u8> {
    let whole = BoundingBox {
        left: 0,
        top: 0,
        width: side as u32,
        height: side as u32,
    };
    let values = blend_part(map, side, whole, width, height);
    values.map(|value| (value * 255.0 + 0.5) as u8).collect()
}

/// The `part` of a map of rows of `stride` values at `width` × `height`, between the four nearest ones.
pub(crate) fn blend_part(
    map: &[f32],
    stride: usize,
    part: BoundingBox,
    width: usize,
    height: usize,
) -> impl Iterator<Item = f32> {
    let [left, top, from_width, from_height] =
        [part.left, part.top, part.width, part.height].map(|side| side as usize);
    let columns = places(width, from_width);
    let row = move |y: usize| &map[(top + y) * stride + left..][..from_width];
    places(height, from_height)
        .into_iter()
        .flat_map(move |(y, down)| {
            let (upper, lower) = (row(y), row((y + 1).min(from_height - 1)));
            let column = |&(x, across): &(usize, f32)| {
                let next = (x + 1).min(from_width - 1);
                let left = upper[x] + (lower[x] - upper[x]) * down;
                let right = upper[next] + (lower[next] - upper[next]) * down;
                left + (right - left) * across
            };
            columns.iter().map(column).collect::<Vec<_>>()
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_grid_has_the_pictures_shape_and_at_most_so_many_cells_a_side() {
        let cases = [
            ((640, 480), 640, (640, 480)),
            ((639, 1), 640, (639, 1)),
            ((1280, 960), 640, (640, 480)),
            ((960, 1280), 320, (240, 320)),
            ((10_000, 3), 640, (640, 1)),
            ((3, 2), 2, (2, 1)),
        ];
        for ((width, height), side, expected) in cases {
            let grid = Grid::<1>::of(&vec![[7]; width * height], width, height, side);
            assert_eq!(
                (grid.width, grid.height),
                expected,
                "{width}×{height} to {side}"
            );
            assert!(grid.cells.iter().all(|cell| *cell == [7]));
        }
    }

    #[test]
    fn means_are_exact_quotients_also_of_the_most_values() {
        let counts = (1..300).chain([4095, 65_537, 11_863_283, (1 << 24) - 1, 1 << 24]);
        for count in counts {
            let mean = Mean::of(count);
            for level in 0..=255 {
                for near in [0, count / 2, count / 2 + 1, count - 1] {
                    let sum = (level * count + near).min(255 * count);
                    let exact = (sum + count / 2) / count;
                    assert_eq!(u32::from(mean.value(sum)), exact, "{sum} of {count}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn cells_are_means_and_each_pixel_falls_into_one(
            width in 1_usize..40, height in 1_usize..40, side in 1_usize..40, seed in any::<u8>(),
        ) {
            let pixels: Vec<[u8; 4]> = (0..width * height)
                .map(|i| [i, i * 31, i * i, i / 3].map(|v| v as u8 ^ seed))
                .collect();
            let grid = Grid::<3>::of(&pixels, width, height, side);
            let mut seen = 0;
            for (index, cell) in grid.cells.iter().enumerate() {
                let (x, y) = (index % grid.width, index / grid.width);
                let rows = bound(y, height, grid.height)..bound(y + 1, height, grid.height);
                let columns = bound(x, width, grid.width)..bound(x + 1, width, grid.width);
                let cells: Vec<_> = rows.flat_map(|y| columns.clone().map(move |x| y * width + x)).collect();
                seen += cells.len();
                for (i, value) in cell.iter().enumerate() {
                    let sum: usize = cells.iter().map(|&at| usize::from(pixels[at][i])).sum();
                    let mean = (sum + cells.len() / 2) / cells.len();
                    prop_assert_eq!(usize::from(*value), mean);
                }
            }
            prop_assert_eq!(seen, width * height);
        }

        #[test]
        fn cells_of_a_mirror_are_mirrored(length in 1_usize..5000, cells in 1_usize..700) {
            let cells = cells.min(length);
            for index in (0..=cells).filter(|index| 2 * index != cells) {
                let both = bound(index, length, cells) + bound(cells - index, length, cells);
                prop_assert_eq!(both, length);
            }
        }

        #[test]
        fn places_are_between_neighbours_and_mirrored_in_a_mirror(pixels in 1_usize..200, cells in 1_usize..200) {
            let places = places(pixels, cells);
            for (place, mirrored) in places.iter().zip(places.iter().rev()) {
                prop_assert!(place.0 < cells && (0.0..1.0).contains(&place.1));
                let at = |(cell, share): (usize, f32)| cell as f32 + share;
                prop_assert!((at(*place) + at(*mirrored) - (cells - 1) as f32).abs() < 1e-3);
            }
        }
    }
}
