//! Whether rows made the same cut-out, and quotients between rows that did.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::figure::Figure;
use crate::record::{Agreement, Ratio, Series};
use crate::report;

/// Mean difference of the alpha channels, of 0…1, up to which two cut-outs are the same work.
const CLOSE: f64 = 0.02;
/// [`CLOSE`] as a share of the larger of both means: an empty mask is not close to that of a small subject.
const CLOSE_SHARE: f64 = 0.25;

/// Figures of which every row is divided by the first row.
const COMPARED: [Figure; 4] = [
    Figure::ProcessWarm,
    Figure::ProcessPeak,
    Figure::First,
    Figure::Steady,
];

/// Compares each row's image with the first row's. `fickle` rows have made others too.
pub(crate) fn agreement(images: &[(String, &Path)], fickle: &BTreeSet<String>) -> Vec<Agreement> {
    let Some((first, others)) = images.split_first() else {
        return Vec::new();
    };
    let first_path = first.1;
    let alpha_of = |(row, path): &(String, &Path)| match alpha(path) {
        Ok(_) if fickle.contains(row) => Err(format!("{row} made different images, or none")),
        found => found,
    };
    let first = alpha_of(first);
    let compare = |other: &(String, &Path)| {
        let found = match (&first, alpha_of(other)) {
            (Ok(first), Ok(other)) => difference(first, &other),
            (Err(reason), _) => Err(reason.clone()),
            (_, Err(reason)) => Err(reason),
        };
        Agreement {
            row: other.0.clone(),
            agrees: found.as_ref().is_ok_and(Difference::is_close),
            same_bytes: found.is_ok() && same_bytes(first_path, other.1),
            difference: found.map(|found| found.mean),
        }
    };
    others.iter().map(compare).collect()
}

/// Whether two processes of one row made the same cut-out.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    let is_close = || difference(&alpha(a)?, &alpha(b)?).map(|found| found.is_close());
    same_bytes(a, b) || is_close() == Ok(true)
}

fn same_bytes(a: &Path, b: &Path) -> bool {
    matches!((fs::read(a), fs::read(b)), (Ok(a), Ok(b)) if a == b)
}

fn alpha(path: &Path) -> Result<image::GrayImage, String> {
    let opened = image::open(path).map_err(|e| format!("no image: {e}"))?;
    if !opened.color().has_alpha() {
        return Err("the image has no alpha channel".to_owned());
    }
    let opened = opened.into_rgba8();
    Ok(image::GrayImage::from_fn(
        opened.width(),
        opened.height(),
        |x, y| image::Luma([opened.get_pixel(x, y)[3]]),
    ))
}

/// How far two masks are apart.
struct Difference {
    /// Mean absolute difference, 0…1.
    mean: f64,
    /// The larger of both masks' means, 0…1.
    size: f64,
}

impl Difference {
    fn is_close(&self) -> bool {
        self.mean <= CLOSE && self.mean <= CLOSE_SHARE * self.size
    }
}

fn difference(a: &image::GrayImage, b: &image::GrayImage) -> Result<Difference, String> {
    if a.dimensions() != b.dimensions() {
        return Err("the images differ in size".to_owned());
    }
    let mean = |sum: u64| sum as f64 / 255.0 / a.len().max(1) as f64;
    let sum = |mask: &image::GrayImage| mask.iter().copied().map(u64::from).sum();
    let apart = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
    Ok(Difference {
        mean: mean(apart.map(u64::from).sum()),
        size: mean(sum(a)).max(mean(sum(b))),
    })
}

/// Medians of every row over the first row's, where both have the figure.
pub(crate) fn ratios(rows: &[String], series: &[Series], agreement: &[Agreement]) -> Vec<Ratio> {
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
            same_bytes: agrees,
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
        // A row's alpha and side beside the first row's, and whether that is the same work.
        for (first, other, side, expected) in [
            (200, 203, 8, true),
            (200, 100, 8, false),
            (200, 200, 4, false),
            // A subject of a hundredth of the image, say, and none.
            (3, 0, 8, false),
            (0, 3, 8, false),
            (3, 3, 8, true),
            (0, 0, 8, true),
        ] {
            let (a, b) = (save("a.png", first, 8), save("b.png", other, side));
            let images = [("a".to_owned(), &*a), ("b".to_owned(), &*b)];
            let found = agreement(&images, &BTreeSet::new());
            assert_eq!(found[0].agrees, expected, "{first} {other} {side}");
            let same = (first, 8) == (other, side);
            assert_eq!(found[0].same_bytes, same, "{first} {other} {side}");
            assert_eq!(is_same(&a, &b), expected, "{first} {other} {side}");
            let fickle = |row: &str| agreement(&images, &BTreeSet::from([row.to_owned()]));
            assert!(!fickle("a")[0].agrees && !fickle("b")[0].agrees);
        }
        assert!(!is_same(
            &folder.path().join("a.png"),
            &folder.path().join("missing.png")
        ));
    }
}
