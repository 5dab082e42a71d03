//! Maps of an image: one look of the network or several.

mod doubt;
mod parts;
mod subject;

use crate::grid::blend_part;
use crate::{Error, ErrorKind, ModelSpec, OutputRule, Picture, Quality, Segmenter, preprocess};

/// A map of an image by the network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map {
    /// Side × side values of 0…1, row-major: the network's answer by the model's [`OutputRule`].
    pub(crate) values: Vec<f32>,
    /// The share of the subject that is outside its largest part, 0…1.
    pub(crate) scatter: f32,
}

/// A map with less doubt than this is not looked for again.
const SURE: f64 = 0.05;

/// Looks at `picture`, whose `input` is what [`preprocess`] made of it: once, and for [`Quality::Best`], unless that was
/// sure, also at its mirror image and at the whole of it in its own shape. The least doubtful map counts. `None` when
/// there is no subject.
///
/// # Errors
/// Kind `model` when the network fails, or its answer has another size or a value that is not finite.
pub(crate) fn look(
    picture: &Picture,
    mut input: Vec<f32>,
    spec: &ModelSpec,
    segmenter: &mut impl Segmenter,
    quality: Quality,
) -> Result<Option<Map>, Error> {
    let side = spec.side as usize;
    let raw = run(spec, segmenter, &input)?.to_vec();
    let (largest, sure) = subject::certainty(&raw);
    let Some(mut best) = Look::of(raw, spec) else {
        return Ok(None);
    };
    let is_there = || {
        largest >= subject::least(spec.output)
            && subject::is_there(largest, sure, best.doubt, &input, side)
    };
    if quality != Quality::Rembg && !is_there() {
        return Ok(None);
    }
    if quality == Quality::Best && best.doubt >= SURE {
        mirror::<3>(&mut input, side);
        let mut mirrored = run(spec, segmenter, &input)?.to_vec();
        mirror::<1>(&mut mirrored, side);
        best = best.or(Look::found(mirrored, spec));
        drop(input);
        if picture.width != picture.height {
            let boxed = preprocess::letterboxed(picture, spec)?;
            let whole = run(spec, segmenter, &boxed.input)?;
            let part = blend_part(whole, side, boxed.part, side, side).collect();
            best = best.or(Look::found(part, spec));
        }
    }
    Ok(Some(Map {
        scatter: doubt::scatter(&best.values, side) as f32,
        values: best.values,
    }))
}

/// One look's map.
struct Look {
    values: Vec<f32>,
    doubt: f64,
}

impl Look {
    /// Brings a network's answer to 0…1; `None` when it is to be stretched and is flat.
    fn of(raw: Vec<f32>, spec: &ModelSpec) -> Option<Self> {
        let values = match spec.output {
            OutputRule::MinMax => min_max(raw)?,
            OutputRule::Probability => probabilities(raw),
        };
        let doubt = doubt::doubt(&values, spec.side as usize);
        Some(Self { values, doubt })
    }

    /// The same; `None` also where the network has found nothing.
    fn found(raw: Vec<f32>, spec: &ModelSpec) -> Option<Self> {
        let (largest, _) = subject::certainty(&raw);
        (largest >= subject::least(spec.output))
            .then_some(raw)
            .and_then(|raw| Self::of(raw, spec))
    }

    /// The less doubtful of two, the first if they are alike.
    fn or(self, other: Option<Self>) -> Self {
        other
            .filter(|other| other.doubt < self.doubt)
            .unwrap_or(self)
    }
}

/// `(p - min) / (max - min)` in f32; `None` when that is not defined.
fn min_max(mut map: Vec<f32>) -> Option<Vec<f32>> {
    let min = map.iter().copied().fold(f32::INFINITY, f32::min);
    let max = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = max - min;
    if !(range > 0.0 && range.is_finite()) {
        return None;
    }
    map.iter_mut().for_each(|p| *p = (*p - min) / range);
    Some(map)
}

/// The values within 0…1.
fn probabilities(mut map: Vec<f32>) -> Vec<f32> {
    map.iter_mut().for_each(|p| *p = p.clamp(0.0, 1.0));
    map
}

/// One answer of the network, checked.
fn run<'a>(
    spec: &ModelSpec,
    segmenter: &'a mut impl Segmenter,
    input: &[f32],
) -> Result<&'a [f32], Error> {
    let map = segmenter.segment(input)?;
    let wrong = if map.len() != spec.area() {
        format!(
            "its answer has {} values instead of {}",
            map.len(),
            spec.area()
        )
    } else if !map.iter().all(|p| p.is_finite()) {
        "its answer holds values that are not finite numbers".to_owned()
    } else {
        return Ok(map);
    };
    Err(Error::new(
        ErrorKind::Model,
        format!(
            "model {}: {wrong}; the model or its file is damaged",
            spec.name
        ),
    ))
}

/// Turns rows of `side` pixels of `N` values round.
fn mirror<const N: usize>(values: &mut [f32], side: usize) {
    let (pixels, _) = values.as_chunks_mut::<N>();
    pixels
        .chunks_exact_mut(side.max(1))
        .for_each(<[_]>::reverse);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_stretched_over_the_whole_range() {
        assert_eq!(
            min_max(vec![-1.0, 0.0, 0.5, 1.0]),
            Some(vec![0.0, 0.5, 0.75, 1.0])
        );
    }

    #[test]
    fn a_map_without_contrast_is_none() {
        let max = f32::MAX;
        for map in [[0.7; 4], [0.0; 4], [-max, max, 0.0, 0.0]] {
            assert_eq!(min_max(map.to_vec()), None, "{map:?}");
        }
    }

    #[test]
    fn the_less_doubtful_look_is_taken_and_the_first_of_two_alike() {
        let look = |name: f32, doubt| Look {
            values: vec![name],
            doubt,
        };
        let cases = [
            (look(1.0, 0.2), Some(look(2.0, 0.1)), 2.0),
            (look(1.0, 0.1), Some(look(2.0, 0.2)), 1.0),
            (look(1.0, 0.1), Some(look(2.0, 0.1)), 1.0),
            (look(1.0, 0.9), None, 1.0),
        ];
        for (first, second, expected) in cases {
            assert_eq!(first.or(second).values, [expected]);
        }
    }

    #[test]
    fn a_look_that_finds_nothing_does_not_count_however_crisp_it_is_when_stretched() {
        let spec = ModelSpec {
            name: "m".into(),
            side: 2,
            mean: [0.5; 3],
            std: [1.0; 3],
            scaling: crate::Scaling::PictureMax,
            output: OutputRule::MinMax,
        };
        for (largest, found) in [(0.05, false), (0.9, true)] {
            let look = Look::found(vec![0.0, 0.0, largest, largest], &spec);
            assert_eq!(look.is_some(), found, "{largest}");
        }
    }

    #[test]
    fn a_mirror_turns_rows_and_keeps_values_of_a_pixel_together() {
        let mut values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        mirror::<3>(&mut values, 2);
        assert_eq!(
            values,
            [3.0, 4.0, 5.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0, 6.0, 7.0, 8.0]
        );
    }
}
