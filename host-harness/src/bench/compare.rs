//! Whether rows made the same cut-out, and quotients between rows that did.

use std::path::Path;

use super::figure::Figure;
use super::record::{Agreement, Ratio, Series};
use super::report;

/// Mean difference of the alpha channels, of 0…1, up to which two cut-outs are the same work.
const CLOSE: f64 = 0.02;

/// Figures of which every row is divided by the first row.
const COMPARED: [Figure; 4] = [
    Figure::ProcessWarm,
    Figure::ProcessPeak,
    Figure::First,
    Figure::Steady,
];

/// Compares each row's picture with the first row's.
pub(super) fn agreement(pictures: &[(String, &Path)]) -> Vec<Agreement> {
    let Some(((_, first), others)) = pictures.split_first() else {
        return Vec::new();
    };
    let first = alpha(first);
    let compare = |(row, path): &(String, &Path)| {
        let difference = match (&first, alpha(path)) {
            (Ok(first), Ok(other)) => difference(first, &other),
            (Err(reason), _) => Err(reason.clone()),
            (_, Err(reason)) => Err(reason),
        };
        let agrees = matches!(difference, Ok(d) if d <= CLOSE);
        Agreement {
            row: row.clone(),
            difference,
            agrees,
        }
    };
    others.iter().map(compare).collect()
}

fn alpha(path: &Path) -> Result<image::GrayImage, String> {
    let picture = image::open(path).map_err(|e| format!("no picture: {e}"))?;
    if !picture.color().has_alpha() {
        return Err("the picture has no alpha channel".to_owned());
    }
    let picture = picture.into_rgba8();
    Ok(image::GrayImage::from_fn(
        picture.width(),
        picture.height(),
        |x, y| image::Luma([picture.get_pixel(x, y)[3]]),
    ))
}

fn difference(a: &image::GrayImage, b: &image::GrayImage) -> Result<f64, String> {
    if a.dimensions() != b.dimensions() {
        return Err("the pictures differ in size".to_owned());
    }
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    Ok(sum as f64 / 255.0 / a.len().max(1) as f64)
}

/// Medians of every row over the first row's, where both have the figure.
pub(super) fn ratios(rows: &[String], series: &[Series], agreement: &[Agreement]) -> Vec<Ratio> {
    let Some((first, others)) = rows.split_first() else {
        return Vec::new();
    };
    let median_of = |row: &str, figure| {
        let found = series.iter().find(|s| s.row == row && s.figure == figure);
        found.map(|s| report::median(&s.samples))
    };
    let mut ratios = Vec::new();
    for figure in COMPARED {
        for row in others {
            let (Some(above), Some(below)) = (median_of(row, figure), median_of(first, figure))
            else {
                continue;
            };
            let agrees = agreement.iter().any(|a| a.row == *row && a.agrees);
            let value = match agrees {
                true => Ok(above / below),
                false => Err("the cut-outs differ".to_owned()),
            };
            ratios.push(Ratio {
                figure,
                row: row.clone(),
                over: first.clone(),
                value,
            });
        }
    }
    ratios
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(row: &str, figure: Figure, samples: &[f64]) -> Series {
        Series {
            row: row.to_owned(),
            figure,
            count: None,
            samples: samples.to_vec(),
        }
    }

    fn verdict(row: &str, agrees: bool) -> Agreement {
        Agreement {
            row: row.to_owned(),
            difference: Ok(0.0),
            agrees,
        }
    }

    #[test]
    fn a_ratio_needs_rows_that_agree() {
        let rows = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let figures = [
            series("a", Figure::Steady, &[2.0, 2.0, 9.0]),
            series("b", Figure::Steady, &[1.0, 3.0, 3.0]),
            series("c", Figure::Steady, &[4.0]),
        ];
        let found = ratios(&rows, &figures, &[verdict("b", true), verdict("c", false)]);
        let values: Vec<_> = found.iter().map(|r| (r.row.as_str(), &r.value)).collect();
        let refused = Err("the cut-outs differ".to_owned());
        assert_eq!(values, [("b", &Ok(1.5)), ("c", &refused)]);
    }

    #[test]
    fn cut_outs_that_differ_do_not_agree() {
        let folder = tempfile::tempdir().unwrap();
        let save = |name: &str, alpha: u8, side: u32| {
            let path = folder.path().join(name);
            let pixel = image::Rgba([9, 9, 9, alpha]);
            image::RgbaImage::from_pixel(side, side, pixel)
                .save(&path)
                .unwrap();
            path
        };
        let [a, near, far, small] = [
            save("a.png", 200, 8),
            save("near.png", 203, 8),
            save("far.png", 100, 8),
            save("small.png", 200, 4),
        ];
        let pictures: Vec<_> = [("a", &a), ("near", &near), ("far", &far), ("small", &small)]
            .map(|(row, path)| (row.to_owned(), path.as_path()))
            .into();
        let agrees: Vec<_> = agreement(&pictures)
            .iter()
            .map(|a| (a.row.clone(), a.agrees))
            .collect();
        let expected = [("near", true), ("far", false), ("small", false)];
        assert_eq!(
            agrees,
            expected.map(|(row, agrees)| (row.to_owned(), agrees))
        );
    }
}
