//! A mask that comes with an image, read within its limits.

use super::marks::{about, misfit};
use crate::decode::decode_layer;
use crate::{Error, Limits, Mask, Picture, transparency};

/// The mask of an encoded image for `picture`: a mask in grey, or the alpha of a cut-out, which holds the alpha of `picture` as well.
///
/// # Errors
/// Kind `correction` when it has another size, or colours and no alpha; those of [`decode`](crate::decode).
pub(crate) fn mask_of(bytes: &[u8], picture: &Picture, limits: &Limits) -> Result<Mask, Error> {
    let (width, height) = (picture.width, picture.height);
    let layer = decode_layer(bytes, limits).map_err(|e| about("the mask", &e))?;
    if (layer.width, layer.height) != (width, height) {
        return Err(misfit(format!(
            "the mask is {}×{}, but the image is {width}×{height} when it is upright; send the mask of that image",
            layer.width, layer.height
        )));
    }
    if !layer.is_mask {
        return Err(misfit(
            "the mask has colours and no transparency: it is neither a mask in grey nor a cut-out; send what `output=mask` gives".into(),
        ));
    }
    let mut data = layer.values;
    for (index, [.., own]) in transparency::alpha(picture)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        if transparency::is_transparent(picture, index) {
            data[index] = 0;
        } else if layer.is_alpha {
            data[index] = transparency::divided(data[index].into(), (*own).into(), 255) as u8;
        }
    }
    Ok(Mask {
        width,
        height,
        data,
    })
}
