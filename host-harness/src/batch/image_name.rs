//! Names of files that are images.

use std::ffi::OsStr;
use std::path::Path;

/// Extensions of images; in folders, only files with one of these are taken.
const EXTENSIONS: [&str; 13] = [
    "jpg", "jpeg", "jfif", "png", "webp", "heic", "heif", "hif", "avif", "bmp", "gif", "tif",
    "tiff",
];

/// Whether a file in a folder is taken for an image.
pub(super) fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|e| EXTENSIONS.contains(&e.to_ascii_lowercase().as_str()))
}
