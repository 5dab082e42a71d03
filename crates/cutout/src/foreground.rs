//! The foreground's own colours, where the picture shows a mixture of it and what is behind.
//!
//! Multi-level estimation (Germer, Uelwer, Conrad and Harmeling 2020) on a coarse grid: from one cell to all of them,
//! foreground and background are kept smooth where alpha is and made to explain the picture. At full size a pixel then
//! takes its share of what the estimate leaves unexplained.

use wide::{f32x4, i32x4};

use crate::grid::{Grid, places};
use crate::{Mask, Picture};

/// Longer side of the grid.
const SIDE: usize = 320;
/// What neighbours have in common where alpha does not change.
const SMOOTHNESS: f32 = 1e-5;
/// Rounds on levels of at most [`SMALL`] cells a side, and on larger ones. Rounds take a cell's neighbours as they were,
/// so that a mirrored picture has mirrored colours, and need more of them than the paper's.
const ROUNDS: [usize; 2] = [10, 4];
const SMALL: usize = 160;

/// Foreground and background: red, green and blue of 0…1 each, and a value without meaning.
type Pair = [f32x4; 2];

/// Colours of foreground and background over a picture.
#[derive(Debug)]
pub(crate) struct Foreground {
    width: usize,
    height: usize,
    pairs: Vec<Pair>,
}

impl Foreground {
    /// The colours that explain `picture` by `mask`, which has its size.
    pub(crate) fn of(picture: &Picture, mask: &Mask) -> Self {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let colours = match picture.channels {
            4 => Grid::of(&unhidden(picture), width, height, SIDE),
            _ => Grid::of(picture.data.as_chunks::<3>().0, width, height, SIDE),
        };
        let alphas = Grid::of(mask.data.as_chunks::<1>().0, width, height, SIDE);
        Self::on_grid(colours, alphas)
    }

    fn on_grid(colours: Grid<3>, alphas: Grid<1>) -> Self {
        let mut estimate = Self {
            width: 1,
            height: 1,
            pairs: vec![seed(&colours.cells, &alphas.cells)],
        };
        let mut levels = vec![(colours, alphas)];
        while let Some((colours, alphas)) = levels.last()
            && colours.width.max(colours.height) > 1
        {
            let (width, height) = (colours.width, colours.height);
            let side = width.max(height).div_ceil(2);
            let colours = Grid::of(&colours.cells, width, height, side);
            let alphas = Grid::of(&alphas.cells, width, height, side);
            levels.push((colours, alphas));
        }
        for (colours, alphas) in levels.iter().rev() {
            estimate = estimate.spread(colours.width, colours.height);
            let longer = colours.width.max(colours.height);
            // A cell that is alone has no neighbours, but the seed.
            let rounds = if longer > 1 {
                ROUNDS[usize::from(longer > SMALL)]
            } else {
                0
            };
            let level = Level::new(colours, alphas);
            for _ in 0..rounds {
                estimate = estimate.improved(&level);
            }
        }
        estimate
    }

    /// The same on a finer grid.
    fn spread(&self, width: usize, height: usize) -> Self {
        let row = |y: usize| &self.pairs[y * self.height / height * self.width..][..self.width];
        let rows =
            (0..height).flat_map(|y| (0..width).map(move |x| row(y)[x * self.width / width]));
        Self {
            width,
            height,
            pairs: rows.collect(),
        }
    }

    /// One round: each cell's colours solved for, its neighbours' as they were.
    fn improved(&self, level: &Level<'_>) -> Self {
        let (width, last) = (self.width, self.height - 1);
        let mut pairs = Vec::with_capacity(self.pairs.len());
        for y in 0..self.height {
            let row = |y: usize| &self.pairs[y * width..][..width];
            let (own, above, below) = (row(y), row(y.saturating_sub(1)), row((y + 1).min(last)));
            for x in 0..width {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                let near = [&own[left], &own[right], &above[x], &below[x]];
                pairs.push(level.solve(y * width + x, near));
            }
        }
        Self { pairs, ..*self }
    }

    /// The estimate over `width` × `height` pixels.
    pub(crate) fn rows(&self, width: usize, height: usize) -> Rows<'_> {
        Rows {
            estimate: self,
            columns: places(width, self.width),
            lines: places(height, self.height),
            line: vec![[f32x4::ZERO; 2]; self.width],
        }
    }
}

/// The colours of an image that has alpha, grey in place of those that are hidden: they are no background either.
fn unhidden(picture: &Picture) -> Vec<[u8; 3]> {
    let pixels = picture.data.as_chunks::<4>().0.iter();
    let colour = |[r, g, b, a]: &[u8; 4]| if *a == 0 { [128; 3] } else { [*r, *g, *b] };
    pixels.map(colour).collect()
}

/// Mean colours where alpha is almost 1 and where it is almost 0; where it is nowhere, of everything.
fn seed(colours: &[[u8; 3]], alphas: &[[u8; 1]]) -> Pair {
    let mean = |inside: &dyn Fn(u8) -> bool| {
        let (mut count, mut sums) = (0_u64, [0_u64; 3]);
        for (colour, _) in colours
            .iter()
            .zip(alphas)
            .filter(|(_, [alpha])| inside(*alpha))
        {
            count += 1;
            sums.iter_mut()
                .zip(colour)
                .for_each(|(sum, value)| *sum += u64::from(*value));
        }
        (count > 0).then(|| sums.map(|sum| (sum as f64 / (count as f64 * 255.0)) as f32))
    };
    let all = mean(&|_| true).unwrap_or([0.5; 3]);
    let front = mean(&|alpha| alpha > 229).unwrap_or(all);
    let back = mean(&|alpha| alpha < 26).unwrap_or(all);
    [front, back].map(|[r, g, b]| f32x4::new([r, g, b, 0.0]))
}

/// A grid that is solved for, and what does not change from round to round.
struct Level<'a> {
    colours: &'a Grid<3>,
    alphas: &'a Grid<1>,
    cells: Vec<Cell>,
}

struct Cell {
    /// How alike the neighbours at the left and above are to be; 0 where there is none.
    left: f32,
    above: f32,
    /// Of all four neighbours.
    sum: f32,
    scale: f32,
}

impl<'a> Level<'a> {
    fn new(colours: &'a Grid<3>, alphas: &'a Grid<1>) -> Self {
        let (width, height) = (colours.width, colours.height);
        let alpha = |cell: usize| f32::from(alphas.cells[cell][0]) / 255.0;
        let alike = |is_there: bool, cell: usize, other: usize| match is_there {
            true => SMOOTHNESS + (alpha(cell) - alpha(other)).abs(),
            false => 0.0,
        };
        let cells = (0..width * height).map(|cell| {
            let (x, y) = (cell % width, cell / width);
            let left = alike(x > 0, cell, cell.wrapping_sub(1));
            let above = alike(y > 0, cell, cell.wrapping_sub(width));
            let right = alike(x + 1 < width, cell, cell + 1);
            let below = alike(y + 1 < height, cell, cell + width);
            let sum = (left + right + (above + below)).max(SMOOTHNESS);
            let (own, rest) = (alpha(cell), 1.0 - alpha(cell));
            Cell {
                left,
                above,
                sum,
                scale: 1.0 / (sum * (own * own + rest * rest + sum)),
            }
        });
        Self {
            colours,
            alphas,
            cells: cells.collect(),
        }
    }

    /// Least squares: the cell's mixture is its colour, and it is like its neighbours at the left, at the right, above and
    /// below.
    fn solve(&self, at: usize, near: [&Pair; 4]) -> Pair {
        let cell = &self.cells[at];
        // Behind the last cell of a row stands the first of the next one, which has nothing at its left.
        let right = self.cells.get(at + 1).map_or(0.0, |cell| cell.left);
        let below = self.cells.get(at + self.colours.width);
        let below = below.map_or(0.0, |cell| cell.above);
        let alike = [cell.left, right, cell.above, below];
        let mut sums = [f32x4::ZERO; 2];
        for (pair, share) in near.into_iter().zip(alike) {
            sums[0] += pair[0] * share;
            sums[1] += pair[1] * share;
        }
        let alpha = f32::from(self.alphas.cells[at][0]) / 255.0;
        let rest = 1.0 - alpha;
        let colour = shares(&self.colours.cells[at]);
        let (fore, behind) = (rest * rest + cell.sum, alpha * alpha + cell.sum);
        let (front, back) = (colour * alpha + sums[0], colour * rest + sums[1]);
        let both = alpha * rest;
        [front * fore - back * both, back * behind - front * both].map(|value| {
            (value * cell.scale)
                .fast_max(f32x4::ZERO)
                .fast_min(f32x4::ONE)
        })
    }
}

/// A colour's first three channels as 0…1.
fn shares<const CHANNELS: usize>(colour: &[u8; CHANNELS]) -> f32x4 {
    let [r, g, b] = [0, 1, 2].map(|i| i32::from(colour[i]));
    f32x4::from_i32x4(i32x4::new([r, g, b, 0])) / 255.0
}

/// The pair `share` of the way from `a` to `b`.
fn between(a: &Pair, b: &Pair, share: f32) -> Pair {
    [0, 1].map(|i| a[i] + (b[i] - a[i]) * share)
}

/// An estimate at full size, a row at a time.
pub(crate) struct Rows<'a> {
    estimate: &'a Foreground,
    columns: Vec<(usize, f32)>,
    lines: Vec<(usize, f32)>,
    line: Vec<Pair>,
}

impl Rows<'_> {
    /// Puts the foreground's colours in place of those of `row`, row `y` of the picture, where its `mask` is neither
    /// empty nor opaque.
    pub(crate) fn correct(&mut self, y: usize, row: &mut [[u8; 4]], mask: &[u8]) {
        let Some(first) = mask.iter().position(is_soft) else {
            return;
        };
        let last = mask.iter().rposition(is_soft).unwrap_or(first);
        let (width, (cell, share)) = (self.estimate.width, self.lines[y]);
        let upper = &self.estimate.pairs[cell * width..][..width];
        let lower = (cell + 1).min(self.estimate.height - 1);
        let lower = &self.estimate.pairs[lower * width..][..width];
        let reach = self.columns[first].0..(self.columns[last].0 + 2).min(width);
        for x in reach {
            self.line[x] = between(&upper[x], &lower[x], share);
        }
        let mut x = first;
        for block in mask[first..=last].chunks(8) {
            if any_soft(block) {
                (x..x + block.len())
                    .filter(|x| is_soft(&mask[*x]))
                    .for_each(|x| self.correct_pixel(x, &mut row[x], mask[x]));
            }
            x += block.len();
        }
    }

    /// [`Self::correct`] of pixel `x`, once `line` is made.
    fn correct_pixel(&self, x: usize, pixel: &mut [u8; 4], mask: u8) {
        // What the picture itself has as half transparent is no mixture with anything that it shows.
        if pixel[3] != mask {
            return;
        }
        let (cell, share) = self.columns[x];
        let next = (cell + 1).min(self.line.len() - 1);
        let pair = between(&self.line[cell], &self.line[next], share);
        let alpha = f32::from(mask) / 255.0;
        let left = shares(pixel) - pair[0] * alpha - pair[1] * (1.0 - alpha);
        let own = (pair[0] + left * (alpha * alpha)) * 255.0 + 0.5;
        let own = own.fast_max(f32x4::ZERO).fast_min(f32x4::splat(255.0));
        let [r, g, b, _] = own.fast_trunc_int().to_array().map(|value| value as u8);
        *pixel = [r, g, b, mask];
    }
}

fn is_soft(value: &u8) -> bool {
    !matches!(value, 0 | 255)
}

/// Whether any of at most 8 values is neither 0 nor 255.
fn any_soft(values: &[u8]) -> bool {
    let Ok(values) = <[u8; 8]>::try_from(values) else {
        return values.iter().any(is_soft);
    };
    let values = u64::from_ne_bytes(values);
    values != (values & 0x0101_0101_0101_0101) * 255
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thin strands of one colour before a background that changes, by their true alpha.
    #[test]
    fn strands_have_their_own_colour_within_10_levels() {
        const FOREGROUND: [f32; 3] = [60.0, 30.0, 20.0];
        let (width, height) = (420_usize, 300_usize);
        let background = |x: usize, y: usize| {
            let texture = ((x * 13 + y * 7) % 17) as f32 - 8.0;
            [
                90.0 + x as f32 / 4.0 + texture,
                200.0 - y as f32 / 3.0,
                120.0 + texture * 2.0,
            ]
        };
        let alpha = |x: usize, y: usize| {
            if y > 240 {
                return 1.0;
            }
            // Strands of 1 to 3 pixels that lean, every 24 pixels.
            let at = (x as f32 + y as f32 * 0.21) % 24.0;
            let radius = 0.5 + (x / 140) as f32 * 0.5;
            (radius + 0.5 - (at - 12.0).abs()).clamp(0.0, 1.0)
        };
        let (mut data, mut values) = (Vec::new(), Vec::new());
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let value = (alpha(x, y) * 255.0).round();
            let behind = background(x, y);
            let share = value / 255.0;
            values.push(value as u8);
            data.extend(
                (0..3).map(|i| (share * FOREGROUND[i] + (1.0 - share) * behind[i]).round() as u8),
            );
        }
        let picture = Picture::new(width as u32, height as u32, 3, data);
        let mask = Mask {
            width: width as u32,
            height: height as u32,
            data: values,
        };
        let estimate = Foreground::of(&picture, &mask);
        let mut rows = estimate.rows(width, height);
        let (mut errors, mut own_errors, mut count) = (0.0, 0.0, 0.0);
        for (y, mask) in mask.data.chunks_exact(width).enumerate() {
            let own = picture.data[y * width * 3..][..width * 3]
                .as_chunks::<3>()
                .0;
            let joined = own.iter().zip(mask).map(|([r, g, b], a)| [*r, *g, *b, *a]);
            let mut row: Vec<[u8; 4]> = joined.collect();
            rows.correct(y, &mut row, mask);
            for x in 0..width {
                if matches!(mask[x], 0 | 255) {
                    assert_eq!(row[x][..3], own[x], "{x}, {y}");
                } else if mask[x] >= 26 {
                    for i in 0..3 {
                        errors += (f32::from(row[x][i]) - FOREGROUND[i]).abs();
                        own_errors += (f32::from(own[x][i]) - FOREGROUND[i]).abs();
                        count += 1.0;
                    }
                }
            }
        }
        let (error, own) = (errors / count, own_errors / count);
        println!("mean error {error:.1} levels, with the picture's own colours {own:.1}");
        assert!(error <= 10.0 && error * 3.0 < own, "{error} of {own}");
    }

    #[test]
    fn any_size_has_an_estimate() {
        for (width, height) in [(1, 1), (1, 400), (333, 2), (31, 33)] {
            let pixels = (width * height) as usize;
            let picture = Picture::new(width, height, 4, vec![77; pixels * 4]);
            let mask = Mask {
                width,
                height,
                data: (0..pixels).map(|i| (i * 37 + 100) as u8).collect(),
            };
            let estimate = Foreground::of(&picture, &mask);
            let first = &mask.data[..width as usize];
            let mut row: Vec<[u8; 4]> = first.iter().map(|a| [77, 77, 77, *a]).collect();
            let mut rows = estimate.rows(width as usize, height as usize);
            rows.correct(height as usize - 1, &mut row, &mask.data[..width as usize]);
            // Where picture and foreground cannot be told apart, all is one colour.
            assert!(
                row.iter()
                    .all(|pixel| pixel[..3].iter().all(|v| v.abs_diff(77) <= 1)),
                "{row:?}"
            );
        }
    }
}
