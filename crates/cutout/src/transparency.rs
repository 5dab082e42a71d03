//! Transparency that an image comes with: what lies under it is not to be seen, and decides nothing.

use crate::colour::product;
use crate::{BoundingBox, Mask, Matte, Picture};

/// Of the border, the share that is transparent where an image stands free.
const FREE: f32 = 0.98;

/// An image with less than this share of its area transparent is a photo with a corner or a pixel missing.
const CLEARED: f64 = 0.05;

/// A network that keeps more than the larger share of the visible part has nothing to remove; one that keeps less than the
/// smaller has not understood the image.
const TRUSTED: std::ops::Range<f32> = 0.02..0.9;

/// An image as people see it.
pub(crate) enum Seen {
    /// All of it.
    All,
    /// Nothing.
    Nothing,
    /// A logo, a signature or a sticker: nearly all of its border is transparent.
    Free,
    /// Another image with transparent pixels: here before black or white, whichever its visible part is further from, and
    /// without alpha.
    Before(Picture),
}

impl Seen {
    pub(crate) fn of(picture: &Picture) -> Self {
        let Some(pixels) = alpha(picture) else {
            return Self::All;
        };
        let (weight, ground) = ground(pixels);
        if weight == 255 * pixels.len() as u64 {
            return Self::All;
        }
        if weight == 0 {
            return Self::Nothing;
        }
        if stands_free(pixels, picture.width as usize) {
            return Self::Free;
        }
        Self::Before(Picture {
            channels: 3,
            data: pixels
                .iter()
                .flat_map(|pixel| before(pixel, ground))
                .collect(),
            ..picture.without_data()
        })
    }
}

/// The sum of all alphas, and black or white, whichever the visible part is further from.
fn ground(pixels: &[[u8; 4]]) -> (u64, u8) {
    let (mut weight, mut brightness) = (0, 0);
    for [r, g, b, a] in pixels.iter().map(|pixel| pixel.map(u64::from)) {
        weight += a;
        // Luma of BT.601, in thousandths.
        brightness += a * (299 * r + 587 * g + 114 * b);
    }
    let is_dark = brightness < weight * 127_500;
    (weight, if is_dark { 255 } else { 0 })
}

/// A pixel's colour before `ground`.
fn before([r, g, b, a]: &[u8; 4], ground: u8) -> [u8; 3] {
    [r, g, b].map(|value| mixed(*value, ground, *a))
}

/// The colours of `pixels` before black or white, as in [`Seen::Before`].
pub(crate) fn before_ground(pixels: &[[u8; 4]]) -> Vec<[u8; 3]> {
    let (_, ground) = ground(pixels);
    pixels.iter().map(|pixel| before(pixel, ground)).collect()
}

/// A network's `matte` of an image that has transparent pixels: only what is visible is foreground, and where the network would
/// take next to nothing or nearly all, all of it is.
pub(crate) fn trusted(matte: Matte, picture: &Picture) -> Matte {
    let Some(pixels) = alpha(picture) else {
        return matte;
    };
    let (mut kept, mut visible) = (0, 0);
    for (value, [.., alpha]) in matte.mask.data.iter().zip(pixels) {
        kept += u64::from(*value) * u64::from(*alpha);
        visible += 255 * u64::from(*alpha);
    }
    let share = kept as f32 / visible.max(1) as f32;
    let cleared = 1.0 - visible as f64 / (255.0 * 255.0 * pixels.len().max(1) as f64);
    if visible > 0 && cleared >= CLEARED && !TRUSTED.contains(&share) {
        return visible_part(picture);
    }
    let mut matte = matte;
    for (index, value) in matte.mask.data.iter_mut().enumerate() {
        if is_transparent(picture, index) {
            *value = 0;
        }
    }
    matte
}

/// The matte of an image that is cut out already: its cut-out is the image itself.
pub(crate) fn visible_part(picture: &Picture) -> Matte {
    let count = alpha(picture).unwrap_or_default().len();
    let value = |index: usize| match is_transparent(picture, index) {
        true => 0,
        false => 255,
    };
    let data = (0..count).map(value);
    Matte {
        mask: Mask {
            width: picture.width,
            height: picture.height,
            data: data.collect(),
        },
        uncertainty: 0.0,
    }
}

/// The box around what the cut-out of `picture` by `mask` shows.
pub(crate) fn foreground(picture: &Picture, mask: &Mask) -> Option<BoundingBox> {
    alpha(picture).map_or_else(
        || mask.foreground(),
        |pixels| joined(pixels, mask).foreground(),
    )
}

/// `picture` and `mask` resampled to `width` × `height`. Alpha and mask are resampled as one and divided again: the product of two
/// that are resampled apart is too thin at the edges that they share.
pub(crate) fn stretched(
    picture: &Picture,
    mask: &Mask,
    width: u32,
    height: u32,
) -> (Picture, Mask) {
    let small = picture.stretched(width, height);
    let is_same = (width, height) == (picture.width, picture.height);
    let (Some(pixels), false) = (alpha(picture), is_same) else {
        return (small, mask.stretched(width, height));
    };
    let mut mask = joined(pixels, mask).stretched(width, height);
    for (value, [.., alpha]) in mask.data.iter_mut().zip(small.data.as_chunks::<4>().0) {
        *value = divided((*value).into(), (*alpha).into(), 255) as u8;
    }
    (small, mask)
}

/// Mask times alpha.
fn joined(pixels: &[[u8; 4]], mask: &Mask) -> Mask {
    let values = mask.data.iter().zip(pixels);
    Mask {
        data: values
            .map(|(value, [.., alpha])| product(*value, *alpha))
            .collect(),
        ..*mask
    }
}

/// `value`, which was multiplied by `alpha`, as it was before, rounded; all of 0…`most`, and 0 where `alpha` is.
pub(crate) fn divided(value: u32, alpha: u32, most: u32) -> u32 {
    let whole = (value * most + alpha / 2).checked_div(alpha);
    whole.unwrap_or(0).min(most)
}

/// Whether pixel `index` has an alpha of 0, with all of its bits.
pub(crate) fn is_transparent(picture: &Picture, index: usize) -> bool {
    let at = index * picture.channels + 3;
    let fine = picture.fine.as_ref();
    picture.data[at] == 0 && fine.is_none_or(|fine| fine[at] == 0)
}

/// The pixels of an image that has alpha.
pub(crate) fn alpha(picture: &Picture) -> Option<&[[u8; 4]]> {
    (picture.channels == 4).then(|| picture.data.as_chunks().0)
}

/// `value` with `alpha` before `ground`, rounded.
fn mixed(value: u8, ground: u8, alpha: u8) -> u8 {
    let (a, b) = (u32::from(alpha), 255 - u32::from(alpha));
    ((u32::from(value) * a + u32::from(ground) * b + 127) / 255) as u8
}

fn stands_free(pixels: &[[u8; 4]], width: usize) -> bool {
    let rows = || pixels.chunks_exact(width.max(1));
    let ends = rows().flat_map(|row| row.first().into_iter().chain(row.last()));
    let border = rows().next().into_iter().chain(rows().next_back());
    let border = border.flatten().chain(ends);
    let (mut clear, mut count) = (0, 0);
    for [.., alpha] in border {
        count += 1;
        clear += u32::from(*alpha <= Mask::FOREGROUND_LEVEL);
    }
    clear as f32 >= FREE * count as f32
}

#[cfg(test)]
mod tests;
