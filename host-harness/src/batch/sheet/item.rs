//! An image on a contact sheet.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::batch::manifest::Manifest;
use crate::batch::thumbnail;

/// Longer side of a thumbnail in pixels.
pub(in crate::batch) const SIDE: u32 = 128;

/// An image on the sheet.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) uncertainty: f32,
    /// Files below the output folder: before, after.
    pub(super) thumbnails: [PathBuf; 2],
}

/// Reads the thumbnail at `path` below the output folder.
pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let thumbnail = thumbnail::read(manifest.folder(), path);
    thumbnail.map_err(Error::io(format!("read the thumbnail {}", path.display())))
}
