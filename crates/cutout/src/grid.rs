//! An image on a coarse grid, and a grid's values between its cells.

mod average;

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
        let (columns, rows) = (cells(width), cells(height));
        Self {
            width: columns,
            height: rows,
            cells: average::average(pixels, [width, height], [columns, rows]),
        }
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

    /// Compares each cell of a grid of some pixels with their mean.
    fn are_means<const CHANNELS: usize, const N: usize>(
        width: usize,
        height: usize,
        side: usize,
        seed: u8,
    ) {
        let value = |i: usize, channel: usize| (i * [1, 31, i, 7][channel] / 3) as u8 ^ seed;
        let pixel = |i: usize| std::array::from_fn(|channel| value(i, channel));
        let pixels: Vec<[u8; CHANNELS]> = (0..width * height).map(pixel).collect();
        let grid = Grid::<N>::of(&pixels, width, height, side);
        let mut seen = 0;
        for (index, cell) in grid.cells.iter().enumerate() {
            let (x, y) = (index % grid.width, index / grid.width);
            let rows = bound(y, height, grid.height)..bound(y + 1, height, grid.height);
            let columns = bound(x, width, grid.width)..bound(x + 1, width, grid.width);
            let cells = rows.flat_map(|y| columns.clone().map(move |x| y * width + x));
            let cells: Vec<_> = cells.collect();
            seen += cells.len();
            for (i, value) in cell.iter().enumerate() {
                let sum: usize = cells.iter().map(|&at| usize::from(pixels[at][i])).sum();
                let mean = (sum + cells.len() / 2) / cells.len();
                assert_eq!(usize::from(*value), mean, "{width}×{height} to {side}");
            }
        }
        assert_eq!(seen, width * height);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn cells_are_means_and_each_pixel_falls_into_one(
            width in 1_usize..40, height in 1_usize..40, side in 1_usize..40, seed in any::<u8>(), tall in any::<bool>(),
        ) {
            // Some cells have more rows than sums of 16 bits hold.
            let height = if tall { height * 40 } else { height };
            are_means::<1, 1>(width, height, side, seed);
            are_means::<3, 3>(width, height, side, seed);
            are_means::<4, 3>(width, height, side, seed);
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
