//! Image to the network's input.

use crate::{BoundingBox, Error, ModelSpec, Picture, Scaling, resample};

/// Stretches `picture` to the model's square and normalises it: side × side × 3 values, row-major,
/// channel-last, in sRGB whatever the image's profile is. Alpha is ignored, not composited.
///
/// `None` when the stretched image has one colour only. There is nothing to segment then, yet the
/// rule `MinMax` would blow up the network's noise to a full-contrast mask.
///
/// # Errors
/// Kind `model` when `spec` cannot be computed with.
pub(crate) fn preprocess(picture: &Picture, spec: &ModelSpec) -> Result<Option<Vec<f32>>, Error> {
    spec.check()?;
    let mut pixels = resample::stretch_rgb(picture, spec.side, spec.side);
    if let Some(profile) = &picture.profile {
        profile.to_srgb(&mut pixels, 3);
    }
    let (colours, _) = pixels.as_chunks::<3>();
    if colours.iter().all(|colour| Some(colour) == colours.first()) {
        return Ok(None);
    }
    Ok(Some(normalised(&pixels, most(&pixels), spec)))
}

/// An image in its own shape in the middle of the model's square.
pub(crate) struct Letterboxed {
    /// Side × side × 3 values, as those of [`preprocess`].
    pub(crate) input: Vec<f32>,
    /// Where the image is in the square.
    pub(crate) part: BoundingBox,
}

/// The colour around a letterboxed image: the mean colour of the images that such models are trained with.
const AROUND: [u8; 3] = [124, 116, 104];

/// As [`preprocess`], without the change of shape.
///
/// # Errors
/// Kind `model` when `spec` cannot be computed with.
pub(crate) fn letterboxed(picture: &Picture, spec: &ModelSpec) -> Result<Letterboxed, Error> {
    spec.check()?;
    let longer = f64::from(picture.width.max(picture.height));
    let length = |length: u32| {
        let exact = f64::from(length) / longer * f64::from(spec.side);
        (exact.round() as u32).clamp(1, spec.side)
    };
    let (width, height) = (length(picture.width), length(picture.height));
    let part = BoundingBox {
        left: (spec.side - width) / 2,
        top: (spec.side - height) / 2,
        width,
        height,
    };
    let mut small = resample::stretch_rgb(picture, width, height);
    if let Some(profile) = &picture.profile {
        profile.to_srgb(&mut small, 3);
    }
    let most = most(&small);
    let around = match spec.scaling {
        // As bright beside the image's brightest value as it is beside white.
        Scaling::PictureMax => AROUND.map(|value| (u16::from(value) * u16::from(most) / 255) as u8),
        Scaling::None => AROUND,
    };
    let mut pixels = around.repeat(spec.area());
    let rows = pixels.chunks_exact_mut(spec.side as usize * 3);
    let colours = small.chunks_exact(width as usize * 3);
    for (row, colours) in rows.skip(part.top as usize).zip(colours) {
        row[part.left as usize * 3..][..colours.len()].copy_from_slice(colours);
    }
    let input = normalised(&pixels, most, spec);
    Ok(Letterboxed { input, part })
}

fn most(pixels: &[u8]) -> u8 {
    pixels.iter().copied().max().unwrap_or(0)
}

/// Values of 0…255, those of an image up to `most`, as the model takes them.
fn normalised(pixels: &[u8], most: u8, spec: &ModelSpec) -> Vec<f32> {
    let divisor = match spec.scaling {
        Scaling::PictureMax => f64::from(most).max(1e-6),
        Scaling::None => 1.0,
    };
    let tables: [[f32; 256]; 3] = std::array::from_fn(|channel| table(spec, channel, divisor));
    let values = pixels.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| {
        [
            tables[0][usize::from(r)],
            tables[1][usize::from(g)],
            tables[2][usize::from(b)],
        ]
    });
    let mut input = Vec::with_capacity(pixels.len());
    input.extend(values);
    input
}

/// The network's input for each of the 256 levels of a channel, computed in f64 and rounded once.
fn table(spec: &ModelSpec, channel: usize, divisor: f64) -> [f32; 256] {
    let (mean, std) = (f64::from(spec.mean[channel]), f64::from(spec.std[channel]));
    std::array::from_fn(|level| ((level as f64 / divisor - mean) / std) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, OutputRule};

    fn spec(side: u32) -> ModelSpec {
        ModelSpec {
            name: "m".into(),
            side,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            scaling: Scaling::PictureMax,
            output: OutputRule::MinMax,
        }
    }

    fn picture(width: u32, height: u32, channels: usize, data: &[u8]) -> Picture {
        Picture::new(width, height, channels, data.to_vec())
    }

    #[test]
    fn values_are_divided_by_the_pictures_own_maximum_then_normalised() {
        let two = picture(2, 1, 3, &[100, 50, 0, 200, 0, 100]);
        let same_side = ModelSpec { side: 2, ..spec(2) };
        let input = preprocess(&two, &same_side).unwrap().unwrap();
        // The single row is repeated: the stretch to 2×2 has one source row only.
        let row = [
            (0.5 - 0.485) / 0.229,
            (0.25 - 0.456) / 0.224,
            (0.0 - 0.406) / 0.225,
            (1.0 - 0.485) / 0.229,
            (0.0 - 0.456) / 0.224,
            (0.5 - 0.406) / 0.225,
        ];
        assert_eq!(input.len(), 12);
        for (found, expected) in input.iter().zip(row.iter().chain(&row)) {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-6,
                "{found} for {expected}"
            );
        }
    }

    #[test]
    fn values_that_are_not_scaled_are_normalised_as_they_are() {
        let own = ModelSpec {
            mean: [127.0; 3],
            std: [128.0; 3],
            scaling: Scaling::None,
            ..spec(2)
        };
        let dark = picture(2, 1, 3, &[0, 127, 255, 1, 2, 3]);
        let input = preprocess(&dark, &own).unwrap().unwrap();
        let row = [-127, 0, 128, -126, -125, -124].map(|value| value as f32 / 128.0);
        assert_eq!(input, [row, row].concat());
        let boxed = letterboxed(&dark, &own).unwrap();
        assert_eq!((boxed.part.top, boxed.part.height), (0, 1));
        let around = AROUND.map(|value| (f32::from(value) - 127.0) / 128.0);
        assert_eq!(boxed.input[6..9], around);
    }

    #[test]
    fn alpha_does_not_change_the_input() {
        let rgb = picture(2, 1, 3, &[9, 8, 7, 60, 50, 40]);
        let rgba = picture(2, 1, 4, &[9, 8, 7, 0, 60, 50, 40, 128]);
        assert_eq!(
            preprocess(&rgb, &spec(5)).unwrap(),
            preprocess(&rgba, &spec(5)).unwrap()
        );
    }

    #[test]
    fn a_picture_of_one_colour_has_no_input() {
        for colour in [[0, 0, 0], [255, 255, 255], [13, 200, 77]] {
            let blank = picture(7, 5, 3, &colour.repeat(35));
            assert_eq!(preprocess(&blank, &spec(4)).unwrap(), None, "{colour:?}");
        }
        let nearly = picture(2, 1, 3, &[0, 0, 0, 0, 0, 1]);
        assert!(preprocess(&nearly, &spec(2)).unwrap().is_some());
    }

    #[test]
    fn a_letterboxed_picture_is_scaled_by_its_own_maximum() {
        // Dark: what is around must not become the brightest thing to see.
        let dark = picture(4, 2, 3, &[40; 24]);
        let boxed = letterboxed(&dark, &spec(4)).unwrap();
        let part = boxed.part;
        assert_eq!((part.left, part.top, part.width, part.height), (0, 1, 4, 2));
        let level = |at: usize| f64::from(boxed.input[at * 3]) * 0.229 + 0.485;
        assert!((level(5) - 1.0).abs() < 1e-6, "{}", level(5));
        assert!((level(0) - 19.0 / 40.0).abs() < 1e-6, "{}", level(0));
        let thin = letterboxed(&picture(1, 500, 3, &[9; 1500]), &spec(8)).unwrap();
        assert_eq!(
            (thin.part.width, thin.part.height, thin.part.left),
            (1, 8, 3)
        );
    }

    #[test]
    fn a_model_without_a_side_is_an_error() {
        let error = preprocess(&picture(1, 1, 3, &[1, 2, 3]), &spec(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model);
    }
}
