//! The foreground's own colours, where the image shows a mixture of it and what is behind.
//!
//! Multi-level estimation (Germer, Uelwer, Conrad and Harmeling 2020) on a coarse grid: from one cell to all of them,
//! foreground and background are kept smooth where alpha is and made to explain the image. At full size a pixel then
//! takes its share of what the estimate leaves unexplained.

mod levels;
mod needed;
#[cfg(test)]
mod tests;

use wide::{f32x4, i32x4};

use crate::grid::{Grid, places};
use crate::{Mask, Picture};
use needed::Needed;

/// Longer side of the grid.
const SIDE: usize = 320;

/// Foreground and background: red, green and blue of 0…1 each, and a value without meaning.
type Pair = [f32x4; 2];

/// Colours of foreground and background over an image, in the cells that its soft pixels lie between.
#[derive(Debug)]
pub(crate) struct Foreground {
    width: usize,
    height: usize,
    pairs: Vec<Pair>,
}

impl Foreground {
    /// The colours that explain `picture` by `mask`, which has its size.
    pub(crate) fn of(picture: &Picture, mask: &Mask) -> Self {
        Self::with(picture, mask, |width, height| {
            Needed::by(mask, width, height)
        })
    }

    /// [`Self::of`], in the cells of a grid of the width and height that `needed` is called with.
    fn with(picture: &Picture, mask: &Mask, needed: impl FnOnce(usize, usize) -> Needed) -> Self {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let colours = match picture.channels {
            4 => Grid::of(&unhidden(picture), width, height, SIDE),
            _ => Grid::of(picture.data.as_chunks::<3>().0, width, height, SIDE),
        };
        let alphas = Grid::of(mask.data.as_chunks::<1>().0, width, height, SIDE);
        let (width, height) = (colours.width, colours.height);
        Self {
            width,
            height,
            pairs: levels::solve(colours, alphas, needed(width, height)),
        }
    }

    /// The estimate over `width` × `height` pixels, those of the mask that it was made by.
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
    /// Pixels that are looked at together.
    const BLOCK: usize = 8;

    /// Puts the foreground's colours in place of those of `row`, row `y` of the image, where its `mask` is neither
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
        for block in mask[first..=last].chunks(Self::BLOCK) {
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
        // What the image itself has as half transparent is no mixture with anything that it shows.
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
