//! The foreground's own colours, where the image shows a mixture of it and what is behind.
//!
//! Multi-level estimation (Germer, Uelwer, Conrad and Harmeling 2020) on a coarse grid: from one cell to all of them,
//! foreground and background are kept smooth where alpha is and made to explain the image. At full size a pixel then
//! takes its share of what the estimate leaves unexplained.

mod levels;
mod needed;
#[cfg(test)]
mod tests;

use wide::{f32x4, i32x4, u8x16};

use crate::grid::{Grid, places};
use crate::{Mask, Picture, lanes};
use levels::Pairs;
use needed::Needed;

/// Longer side of the grid.
const SIDE: usize = 320;

/// Foreground and background: red, green and blue, 0…1 while they are solved for and 0…255 in a [`Foreground`], and a value without meaning.
type Pair = [f32x4; 2];

/// Colours of foreground and background over an image, in the cells that its soft pixels lie between.
#[derive(Debug)]
pub(crate) struct Foreground {
    width: usize,
    height: usize,
    pairs: Pairs,
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
        let mut pairs = levels::solve(colours, alphas, needed(width, height));
        (pairs.all_mut().iter_mut().flatten()).for_each(|colour| *colour *= 255.0);
        Self {
            width,
            height,
            pairs,
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

/// Pixels that are looked at together.
const BLOCK: usize = 8;

/// An estimate at full size, a row at a time.
pub(crate) struct Rows<'a> {
    estimate: &'a Foreground,
    columns: Vec<(usize, f32)>,
    lines: Vec<(usize, f32)>,
    line: Vec<Pair>,
}

impl Rows<'_> {
    /// Puts the foreground's colours in place of those of `row`, row `y` of the image, where its `mask` is neither
    /// empty nor opaque.
    pub(crate) fn correct(&mut self, y: usize, row: &mut [[u8; 4]], mask: &[u8]) {
        let Some(first) = mask.chunks(BLOCK).position(any_soft) else {
            return;
        };
        let last = mask.chunks(BLOCK).rposition(any_soft).unwrap_or(first);
        let end = row.len().min((last + 1) * BLOCK);
        let start = first * BLOCK;
        self.mix(y, start, end - 1);
        let blocks = row[start..end].chunks_mut(BLOCK);
        let places = self.columns[start..end].chunks(BLOCK);
        for ((pixels, mask), places) in blocks.zip(mask[start..end].chunks(BLOCK)).zip(places) {
            if any_soft(mask) {
                self.correct_block(pixels, mask, places);
            }
        }
    }

    /// Makes `line` for row `y`, where the pixels from `first` to `last` need it.
    fn mix(&mut self, y: usize, first: usize, last: usize) {
        let (width, (cell, share)) = (self.estimate.width, self.lines[y]);
        let lower = (cell + 1).min(self.estimate.height - 1);
        let [upper, lower] = [cell, lower].map(|line| line * width);
        let pairs = &self.estimate.pairs;
        for x in self.columns[first].0..(self.columns[last].0 + 2).min(width) {
            self.line[x] = between(pairs.at(upper + x), pairs.at(lower + x), share);
        }
    }

    /// [`Self::correct`] of a block, once `line` is made.
    fn correct_block(&self, pixels: &mut [[u8; 4]], mask: &[u8], places: &[(usize, f32)]) {
        let (fours, last) = pixels.as_chunks_mut::<4>();
        let (masks, last_mask) = mask.as_chunks::<4>();
        let (fours_places, last_places) = places.as_chunks::<4>();
        for ((four, mask), places) in fours.iter_mut().zip(masks).zip(fours_places) {
            *four = self.corrected(four, mask, places);
        }
        for ((pixel, mask), place) in last.iter_mut().zip(last_mask).zip(last_places) {
            [*pixel, ..] = self.corrected(&[*pixel; 4], &[*mask; 4], &[*place; 4]);
        }
    }

    /// Four pixels of [`Self::correct_block`]. Those that are empty or opaque stay as they are.
    fn corrected(
        &self,
        pixels: &[[u8; 4]; 4],
        mask: &[u8; 4],
        places: &[(usize, f32); 4],
    ) -> [[u8; 4]; 4] {
        let colours = [0, 1, 2, 3].map(|i| {
            // What the image itself has as half transparent is no mixture with anything that it shows.
            let is_own = pixels[i][3] == mask[i];
            let weights = &WEIGHTS[if is_own { usize::from(mask[i]) } else { 255 }];
            let (cell, share) = places[i];
            let next = (cell + 1).min(self.line.len() - 1);
            colour_of(
                pixels[i],
                &between(&self.line[cell], &self.line[next], share),
                weights,
            )
        });
        let colours = lanes::bytes(colours);
        let is_alpha: u8x16 = bytemuck::cast([[0, 0, 0, 255_u8]; 4]);
        let own: u8x16 = bytemuck::cast(*pixels);
        bytemuck::cast(colours & !is_alpha | own & is_alpha)
    }
}

/// The colour of the foreground in a pixel, not yet within 0…255, from the colours of `pair` there.
fn colour_of(pixel: [u8; 4], pair: &Pair, weights: &Weights) -> i32x4 {
    let own = f32x4::from_i32x4(lanes::of(&pixel)) * (f32x4::new(lanes::PLACES) * weights.own);
    let colour = own + (pair[0] * weights.front - pair[1] * weights.back);
    // The lowest bit of a sum in 2²³…2²⁴ is one.
    const ROUNDED: f32 = 1.5 * (1 << 23) as f32;
    bytemuck::cast::<_, i32x4>(colour + ROUNDED) - i32x4::splat(ROUNDED.to_bits().cast_signed())
}

/// The shares of colours in that of the foreground.
struct Weights {
    /// Of the pixel's own.
    own: f32,
    /// Of the estimate's foreground, and of its background, which is taken away.
    front: f32,
    back: f32,
}

/// The shares by the mask's value: own × α² + front × (1 − α³) − back × α² (1 − α), which is the estimate's foreground and α² times what
/// the estimate leaves unexplained. What is empty or opaque stays.
static WEIGHTS: [Weights; 256] = {
    let mut all = [const {
        Weights {
            own: 1.0,
            front: 0.0,
            back: 0.0,
        }
    }; 256];
    let mut value = 1;
    while value < 255 {
        let alpha = value as f32 / 255.0;
        let own = alpha * alpha;
        all[value] = Weights {
            own,
            front: 1.0 - own * alpha,
            back: own * (1.0 - alpha),
        };
        value += 1;
    }
    all
};

fn is_soft(value: &u8) -> bool {
    !matches!(value, 0 | 255)
}

/// Whether any of at most 8 values is neither 0 nor 255.
fn any_soft(values: &[u8]) -> bool {
    let Ok(values) = <[u8; BLOCK]>::try_from(values) else {
        return values.iter().any(is_soft);
    };
    let values = u64::from_ne_bytes(values);
    values != (values & 0x0101_0101_0101_0101) * 255
}
