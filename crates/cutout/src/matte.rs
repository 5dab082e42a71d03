//! A map of the network to a full-size mask.

mod fit;
mod flat;
mod refine;
mod uncertainty;
mod window;

pub(crate) use refine::pass;

use crate::looks::Map;
use crate::{Error, ErrorKind, Mask, Matte, ModelSpec, Picture, Quality, grid, resample};

/// The mask of `picture`: `map` over the image as `quality` says.
///
/// # Errors
/// Kind `model` when `map` has another size than `spec` says.
pub(crate) fn matte(
    map: &Map,
    spec: &ModelSpec,
    picture: &Picture,
    quality: Quality,
) -> Result<Matte, Error> {
    spec.check()?;
    if map.values.len() != spec.area() {
        return Err(Error::new(
            ErrorKind::Model,
            format!(
                "model {}: a map of {} values instead of {}",
                spec.name,
                map.values.len(),
                spec.area()
            ),
        ));
    }
    let (width, height) = (picture.width, picture.height);
    let (values, side) = (&map.values, spec.side as usize);
    let data = match quality {
        Quality::Rembg | Quality::Fast => {
            resample::stretch_map(values, side, width as usize, height as usize)
        }
        Quality::Good | Quality::Best => refine::refine(picture, |width, height| {
            // Four neighbours are not enough for a grid that is much coarser than the map.
            if 2 * width.min(height) < side {
                resample::stretch_map(values, side, width, height)
            } else {
                grid::blend_map(values, side, width, height)
            }
        }),
    };
    Ok(Matte {
        uncertainty: uncertainty::of(&data, width as usize, map.scatter),
        mask: Mask {
            width,
            height,
            data,
        },
    })
}

/// How far a mask that is not the network's alone can be trusted, as [`Matte::uncertainty`] says it.
pub(crate) fn uncertainty(mask: &Mask) -> f32 {
    match mask.has_foreground() {
        true => uncertainty::of(&mask.data, mask.width as usize, 0.0),
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OutputRule, Scaling};

    fn spec(side: u32) -> ModelSpec {
        ModelSpec {
            name: "m".into(),
            side,
            mean: [0.5; 3],
            std: [1.0; 3],
            scaling: Scaling::PictureMax,
            output: OutputRule::MinMax,
        }
    }

    fn plain(map: &[f32], (width, height): (u32, u32), quality: Quality) -> Result<Matte, Error> {
        let picture = Picture::new(width, height, 3, vec![9; (width * height * 3) as usize]);
        let map = Map {
            values: map.to_vec(),
            scatter: 0.25,
        };
        matte(&map, &spec(2), &picture, quality)
    }

    #[test]
    fn a_plain_mask_is_the_map_at_the_pictures_size_truncated() {
        for quality in [Quality::Rembg, Quality::Fast] {
            let matte = plain(&[0.0, 0.5, 0.75, 1.0], (2, 2), quality).unwrap();
            assert_eq!(matte.mask.data, [0, 127, 191, 255]);
            assert_eq!((matte.mask.width, matte.mask.height), (2, 2));
            assert!((matte.uncertainty - 0.333_333).abs() < 1e-5);
        }
    }

    #[test]
    fn a_map_of_another_size_is_an_error() {
        for quality in [Quality::Rembg, Quality::Good] {
            let error = plain(&[0.0; 5], (3, 3), quality).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Model);
        }
    }
}
