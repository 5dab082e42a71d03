//! One value for each pixel of an encoded image: a mask, or what somebody has painted.

use super::decoded;
use crate::{Error, Limits, Picture, budget};

/// One value for each pixel.
pub(crate) struct Layer {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Alpha, or grey where all pixels are opaque.
    pub(crate) values: Vec<u8>,
    /// Whether the values are those of a mask: the image is grey or has alpha.
    pub(crate) is_mask: bool,
    /// Whether the values are alpha of an image that is not opaque.
    pub(crate) is_alpha: bool,
}

/// The alpha of an encoded image; its grey value where it has none, or where all of it is opaque and grey.
///
/// # Errors
/// As [`super::decode`].
pub(crate) fn decode_layer(bytes: &[u8], limits: &Limits) -> Result<Layer, Error> {
    let (picture, has_alpha) = budget::kept(decoded(bytes, limits))?;
    budget::room(u64::from(picture.width) * u64::from(picture.height))?;
    Ok(layer(&picture, has_alpha))
}

fn layer(picture: &Picture, has_alpha: bool) -> Layer {
    let (values, is_mask) = match picture.channels {
        4 => {
            let pixels = picture.data.as_chunks::<4>().0.iter();
            (pixels.map(|[.., alpha]| *alpha).collect(), true)
        }
        _ => opaque(picture.data.as_chunks::<3>().0, has_alpha),
    };
    Layer {
        width: picture.width,
        height: picture.height,
        values,
        is_mask,
        is_alpha: picture.channels == 4,
    }
}

fn opaque(pixels: &[[u8; 3]], has_alpha: bool) -> (Vec<u8>, bool) {
    if pixels.iter().all(is_grey) {
        return (pixels.iter().map(|[_, g, _]| *g).collect(), true);
    }
    if has_alpha {
        return (vec![255; pixels.len()], true);
    }
    // Luma of BT.601, in thousandths.
    let luma = |[r, g, b]: &[u8; 3]| {
        let [r, g, b] = [*r, *g, *b].map(u32::from);
        ((299 * r + 587 * g + 114 * b) / 1000) as u8
    };
    (pixels.iter().map(luma).collect(), false)
}

/// Whether a pixel is grey, but for what a lossy format does to it.
fn is_grey([r, g, b]: &[u8; 3]) -> bool {
    r.abs_diff(*g).max(b.abs_diff(*g)) <= 8
}
