//! Photos of `fixtures/` and their masks.

use std::fs;
use std::io;
use std::path::PathBuf;

use host_harness::models;

/// An encoded photo.
///
/// # Errors
/// When there is no such photo.
pub fn photo(name: &str) -> io::Result<Vec<u8>> {
    fs::read(path("photos").join(name))
}

/// The default model's mask of a photo by the plain recipe, as the reference makes it, one byte a pixel.
///
/// # Errors
/// When there is no such mask.
pub fn mask(name: &str) -> image::ImageResult<Vec<u8>> {
    let mask = path("masks").join(models::DEFAULT).join(name);
    Ok(image::open(mask)?.to_luma8().into_raw())
}

/// Whether a mask is the expected one, in the bounds of `fixtures/reference/compare.py`: 99.9 % within 2 levels, none
/// beyond 4.
pub fn is_alike(expected: &[u8], actual: &[u8]) -> bool {
    let apart = || expected.iter().zip(actual).map(|(a, b)| a.abs_diff(*b));
    let within = apart().filter(|&levels| levels <= 2).count();
    expected.len() == actual.len()
        && within * 1000 >= expected.len() * 999
        && apart().all(|levels| levels <= 4)
}

fn path(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(folder)
}
