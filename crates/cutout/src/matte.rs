//! The network's map to a full-size mask.

use crate::{Error, ErrorKind, Mask, ModelSpec, OutputRule, resample};

/// Stretches the values of `map` (side × side, row-major) over 0…255 and the map over
/// `width` × `height` pixels. A flat map, or one with a value that is not finite, is an empty mask.
///
/// # Errors
/// Kind `model` when `map` has another size than `spec` says.
pub(crate) fn matte(map: &[f32], spec: &ModelSpec, width: u32, height: u32) -> Result<Mask, Error> {
    spec.check()?;
    if map.len() != spec.area() {
        return Err(Error::new(
            ErrorKind::Model,
            format!(
                "model {}: a map of {} values instead of {}",
                spec.name,
                map.len(),
                spec.area()
            ),
        ));
    }
    let OutputRule::MinMax = spec.output;
    let Some(small) = min_max(map) else {
        return Ok(Mask::empty(width, height));
    };
    Ok(Mask {
        width,
        height,
        data: resample::stretch_map(&small, spec.side as usize, width as usize, height as usize),
    })
}

/// `(p - min) / (max - min)` in f32, times 255; `None` when that is not defined.
fn min_max(map: &[f32]) -> Option<Vec<f32>> {
    if !map.iter().all(|p| p.is_finite()) {
        return None;
    }
    let min = map.iter().copied().fold(f32::INFINITY, f32::min);
    let max = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = max - min;
    let defined = range > 0.0 && range.is_finite();
    defined.then(|| map.iter().map(|p| (p - min) / range * 255.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scaling;

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

    #[test]
    fn the_map_is_stretched_over_the_whole_range_and_truncated() {
        let mask = matte(&[-1.0, 0.0, 0.5, 1.0], &spec(2), 2, 2).unwrap();
        assert_eq!(mask.data, [0, 127, 191, 255]);
        assert_eq!((mask.width, mask.height), (2, 2));
    }

    #[test]
    fn a_map_without_contrast_is_an_empty_mask() {
        let (nan, inf, max) = (f32::NAN, f32::INFINITY, f32::MAX);
        for map in [
            [0.7; 4],
            [0.0; 4],
            [0.0, nan, 1.0, 0.5],
            [0.0, inf, 1.0, 0.5],
            [-max, max, 0.0, 0.0],
        ] {
            assert_eq!(
                matte(&map, &spec(2), 3, 5).unwrap(),
                Mask::empty(3, 5),
                "{map:?}"
            );
        }
    }

    #[test]
    fn a_map_of_another_size_is_an_error() {
        assert_eq!(
            matte(&[0.0; 5], &spec(2), 3, 3).unwrap_err().kind(),
            ErrorKind::Model
        );
    }
}
