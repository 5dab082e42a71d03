//! The folder `.cutout` of an output folder: names in it.

use std::path::{Path, PathBuf};

/// The folder's name.
pub(super) const NAME: &str = ".cutout";

/// The manifest's name in it.
pub(super) const MANIFEST: &str = "manifest.jsonl";

/// The manifest of the output folder `out`.
pub(super) fn manifest(out: &Path) -> PathBuf {
    out.join(NAME).join(MANIFEST)
}
