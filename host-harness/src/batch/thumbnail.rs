//! Thumbnails: small images before and after, kept for contact sheets.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

use super::manifest_line::WrittenFile;
use super::path_text::PathText;
use super::state_folder;
use crate::files::{self, Folder};
use crate::{Error, Kind};

/// Enough to judge an edge by.
const QUALITY: u8 = 80;

/// Largest thumbnail in bytes: more than a JPEG has of so many pixels.
const MAX_BYTES: u64 = 64 << 10;

/// Where the thumbnails of the result `main` are kept, below the output folder: before and after.
pub(super) fn places(main: &Path) -> [PathBuf; 2] {
    let digest = blake3::hash(main.as_os_str().as_encoded_bytes()).to_hex();
    ["before", "after"].map(|which| {
        let file = format!("{}.{which}.jpg", &digest[..32]);
        PathBuf::from(state_folder::NAME)
            .join("thumbnails")
            .join(file)
    })
}

/// Whether `pair` can be the thumbnails of the result `main`: a manifest may name any file.
pub(super) fn are(pair: &[WrittenFile; 2], main: &Path) -> bool {
    let places = places(main).map(|path| PathText::from(&*path));
    pair.iter().map(|made| &made.path).eq(&places)
        && pair.iter().all(|made| made.bytes <= MAX_BYTES)
}

/// Reads the thumbnail at `path` below the folder `out`.
///
/// # Errors
/// Kind `FileTooLarge` for what is no thumbnail; whatever the file system answers; for what is no regular file, which is not
/// waited for.
pub(super) fn read(out: &Folder, path: &Path) -> io::Result<Vec<u8>> {
    let bytes = files::read_file(out.file_below(path)?, MAX_BYTES)?;
    if bytes.len() as u64 > MAX_BYTES {
        let text = format!("it is above {} KiB; remove it", MAX_BYTES >> 10);
        return Err(io::Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// A thumbnail's file, of `pixels` in RGB.
///
/// # Errors
/// Kind `trap` for pixels of another number.
pub(super) fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Error> {
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    let image = RgbImage::from_raw(width, height, pixels.to_vec());
    let made = image.and_then(|image| image.write_with_encoder(encoder).ok());
    made.ok_or_else(|| {
        let text = format!("the engine's thumbnail of {width} × {height} is none");
        Error::new(Kind::Trap, text)
    })?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::SIDE;
    use super::*;

    #[test]
    fn a_thumbnail_of_noise_is_small_enough_to_be_read_again() {
        let mut pixels = vec![0; (3 * SIDE * SIDE) as usize];
        blake3::Hasher::new().finalize_xof().fill(&mut pixels);
        let jpeg = encode(&pixels, (SIDE, SIDE)).unwrap();
        assert!(jpeg.len() as u64 <= MAX_BYTES, "{}", jpeg.len());
    }
}
