//! Corrections of a mask by hand: painted marks of what to keep and what to erase.
//!
//! Marks are sloppy, so only what is deep inside of one is certain. A rim around its border is decided by geodesic
//! distances (Bai and Sapiro 2007; Criminisi, Sharp and Blake 2008) on a coarse grid, see [`cut`], and drawn along the
//! image's own edges, see [`blend`]. All other pixels keep their value.

mod blend;
mod cells;
mod cut;
mod marks;
mod mask_file;
mod plane;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::grid::Grid;
use crate::picture::rows_of;
use crate::{BoundingBox, Error, Limits, Mask, OptionSpec, Picture, Values, budget, transparency};
use cells::Cells;
use marks::Painted;

pub use marks::{Area, Mark, check_count};
pub(crate) use mask_file::mask_of;

/// Longer side of the grid that a whole image would be decided on.
const SIDE: usize = 640;

/// Share of the image's longer side that marks reach over, inward and outward, and the least reach in pixels.
const REACH: usize = 64;
const LEAST_REACH: usize = 4;

/// Cells of the reach that the last steps need: their values are spread to the cells beside them.
const SLACK: f64 = 1.75;

/// The purpose of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brush {
    /// The brush that makes foreground.
    Keep,
    /// The brush that makes background.
    Erase,
}

/// The two inputs of a correction beside image and mask, in the order in which they are listed.
pub const MARKS: [OptionSpec; 2] = [Brush::Keep.option(), Brush::Erase.option()];

impl Brush {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Keep, Self::Erase];

    /// The name of a flag or field with a mark.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Erase => "erase",
        }
    }

    /// The flag or field with a mark.
    pub const fn option(self) -> OptionSpec {
        OptionSpec {
            name: self.as_str(),
            values: Values::Rectangle,
            default: None,
            about: match self {
                Self::Keep => {
                    "Make a part foreground: a rectangle, or an image that is painted there; its border follows the image's edges nearby"
                }
                Self::Erase => {
                    "Make a part background: a rectangle, or an image that is painted there; its border follows the image's edges nearby"
                }
            },
        }
    }

    /// The mask's value that is asked for.
    fn target(self) -> u8 {
        match self {
            Self::Keep => 255,
            Self::Erase => 0,
        }
    }

    /// `value` if it is nearer to what is asked for than `old` is.
    fn towards(self, old: u8, value: u8) -> u8 {
        match self {
            Self::Keep => old.max(value),
            Self::Erase => old.min(value),
        }
    }
}

/// The distance in pixels from a mark within which a mask of `width` × `height` can change.
pub(crate) fn reach(width: usize, height: usize) -> usize {
    (width.max(height) / REACH).max(LEAST_REACH)
}

/// Corrects the `mask` of `picture`, which has its size, by `marks`; of marks that overlap a later one wins.
///
/// # Errors
/// Kind `correction` when a mark does not fit the image, or there are too many; `too-many-pixels` when all painted marks
/// together have too many; those of [`decode`](crate::decode) for a mark.
pub(crate) fn correct(
    picture: &Picture,
    mask: &mut Mask,
    marks: &[Mark<'_>],
    limits: &Limits,
) -> Result<(), Error> {
    let painted = Painted::of(marks, picture.width, picture.height, limits)?;
    let Some(window) = painted.window(reach(painted.width, painted.height)) else {
        return Ok(());
    };
    budget::room(u64::from(window.width) * u64::from(window.height))?;
    let pixels = pixels(picture, window)?;
    let pixels = pixels.as_chunks::<3>().0;
    budget::check()?;
    let window_side = window.width.max(window.height) as usize;
    let longer = painted.width.max(painted.height);
    // In 64 bits: the product of two sides, which 32 bits may not hold.
    let side = (window_side as u64 * SIDE as u64).div_ceil(longer.max(SIDE) as u64) as usize;
    let guide = Grid::<3>::of(pixels, window.width as usize, window.height as usize, side);
    let scale = guide.width.max(guide.height) as f64 / window_side as f64;
    let reach = (reach(painted.width, painted.height) as f64 * scale - SLACK).max(0.0);
    let cells = Cells::new(mask, &painted, window, &guide, reach);
    budget::check()?;
    let values = cut::values(&cells);
    let result = blend::blend(mask, &painted, window, &cells, &values, &guide, pixels);
    budget::check()?;
    write_back(picture, mask, window, &result);
    Ok(())
}

/// The colours in `window`, three values a pixel, those that are hidden excepted.
fn pixels(picture: &Picture, window: BoundingBox) -> Result<Cow<'_, [u8]>, Error> {
    let is_whole = (window.width, window.height) == (picture.width, picture.height);
    if is_whole && picture.channels == 3 {
        return Ok(Cow::Borrowed(&picture.data));
    }
    let count = u64::from(window.width) * u64::from(window.height);
    budget::room(count * (picture.channels as u64 + 3))?;
    let stride = picture.width as usize * picture.channels;
    let part = rows_of(&picture.data, stride, window, picture.channels);
    Ok(Cow::Owned(match picture.channels {
        4 => transparency::before_ground(part.as_chunks().0).into_flattened(),
        _ => part,
    }))
}

/// Writes the values of a window into the mask, those that the image does not show excepted.
fn write_back(picture: &Picture, mask: &mut Mask, window: BoundingBox, values: &[u8]) {
    let width = mask.width as usize;
    let (left, top) = (window.left as usize, window.top as usize);
    for (y, row) in (top..).zip(values.chunks_exact(window.width as usize)) {
        let at = y * width + left;
        if picture.channels == 3 {
            mask.data[at..][..row.len()].copy_from_slice(row);
            continue;
        }
        for (index, value) in (at..).zip(row) {
            if !transparency::is_transparent(picture, index) {
                mask.data[index] = *value;
            }
        }
    }
}
