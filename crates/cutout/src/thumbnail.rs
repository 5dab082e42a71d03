//! Small images of before and after, to look through many results by.

use crate::compose::{self, Behind};
use crate::{Error, Layout, Limits, Mask, Picture, Quality, Size, Thumbnails};

/// `picture` with a longer side of at most `side` pixels, in sRGB.
pub(crate) fn small(picture: &Picture, side: u32) -> Picture {
    let size = Size {
        max_side: Some(side),
        max_pixels: None,
    };
    let (width, height) = size.of(picture.width, picture.height);
    picture.stretched(width, height).into_srgb()
}

/// A small image, and its cut-out by the `mask` of the large one.
///
/// # Errors
/// Kind `encode`.
pub(crate) fn pair(small: &Picture, mask: &Mask) -> Result<Thumbnails, Error> {
    let (width, height) = (small.width, small.height);
    let seen = |behind: &Behind, mask: &Mask| {
        let (whole, size, limits) = (Layout::default(), Size::default(), Limits::default());
        let canvas = compose::compose(small, mask, &whole, size, Quality::Fast, behind, &limits)?;
        Ok::<_, Error>(canvas.rgb())
    };
    let all = Mask {
        width,
        height,
        data: vec![255; width as usize * height as usize],
    };
    let ground = Behind::Picture(chequered(width, height));
    Ok(Thumbnails {
        width,
        height,
        before: seen(&Behind::Transparent, &all)?,
        after: seen(&ground, &mask.stretched(width, height))?,
    })
}

/// Two greys in squares of 8 pixels, as image editors show transparency.
fn chequered(width: u32, height: u32) -> Picture {
    let grey = |x: u32, y: u32| {
        if (x / 8 + y / 8).is_multiple_of(2) {
            153
        } else {
            102
        }
    };
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| [grey(x, y); 3]));
    Picture::new(width, height, 3, pixels.collect())
}
