//! Thumbnails: small images before and after, kept for contact sheets.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use cutout::{BoundingBox, Canvas, Encoding, Format, WebpQuality};

use super::manifest_line::WrittenFile;
use super::path_text::PathText;
use super::state_folder;
use crate::files::{self, Folder};
use crate::{Error, Kind};

/// Enough to judge an edge by.
const QUALITY: u8 = 75;

/// Largest thumbnail in bytes: more than a WebP file has of so many pixels.
const MAX_BYTES: u64 = 128 << 10;

/// Where the thumbnails of the result `main` are kept, below the output folder: before and after.
pub(super) fn places(main: &Path) -> [PathBuf; 2] {
    let digest = blake3::hash(main.as_os_str().as_encoded_bytes()).to_hex();
    ["before", "after"].map(|which| {
        let file = format!("{}.{which}.webp", &digest[..32]);
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

/// A thumbnail's file, of `pixels` in RGB: WebP, which takes less than half the bytes of a JPEG that looks as good.
///
/// # Errors
/// Kind `trap` for pixels of another number; those of the encoder.
pub(super) fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Error> {
    if pixels.len() as u64 != 3 * u64::from(width) * u64::from(height) {
        let text = format!("the engine's thumbnail of {width} × {height} is none");
        return Err(Error::new(Kind::Trap, text));
    }
    let (left, top) = (0, 0);
    let canvas = Canvas {
        width,
        height,
        data: (pixels.chunks_exact(3))
            .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], u8::MAX])
            .collect(),
        fine: None,
        profile: None,
        density: None,
        foreground: BoundingBox {
            left,
            top,
            width,
            height,
        },
        opaque: true,
    };
    let encoding = Encoding {
        format: Format::WebP,
        webp: WebpQuality::Lossy(QUALITY),
        ..Encoding::default()
    };
    Ok(canvas.encoded(encoding)?)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::SIDE;
    use super::*;

    #[test]
    fn a_thumbnail_of_noise_is_small_enough_to_be_read_again() {
        let mut pixels = vec![0; (3 * SIDE * SIDE) as usize];
        blake3::Hasher::new().finalize_xof().fill(&mut pixels);
        let webp = encode(&pixels, (SIDE, SIDE)).unwrap();
        assert!(webp.len() as u64 <= MAX_BYTES, "{}", webp.len());
    }

    #[test]
    fn pixels_of_another_number_are_no_thumbnail() {
        for count in [0, 11, 13, 16] {
            let error = encode(&vec![0; count], (2, 2)).unwrap_err();
            assert_eq!(error.kind(), Kind::Trap, "{count}");
        }
        assert!(encode(&[0; 12], (2, 2)).is_ok());
    }
}
