//! A page cache without the program.

use std::fs;
use std::path::{Path, PathBuf};

use super::process;
use crate::Error;
use crate::engine::Cache;

/// Copies of the program and of its host images, which nobody has mapped, so that the kernel can drop them.
pub(super) struct Copies {
    pub(super) program: PathBuf,
    pub(super) cache: PathBuf,
}

impl Copies {
    /// Makes the copies in `folder`.
    ///
    /// # Errors
    /// Kind `io` when a file cannot be copied.
    pub(super) fn new<'a>(
        folder: &Path,
        program: &Path,
        images: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, Error> {
        let copies = Self {
            program: folder.join("cutout"),
            cache: folder.join("cache"),
        };
        // Makes the folder as a cache has to be.
        Cache::at(copies.cache.clone())?;
        let copy = |from: &Path, to: &Path| {
            let done = fs::copy(from, to);
            done.map_err(Error::io(format!("copy {}", from.display())))
        };
        copy(program, &copies.program)?;
        for image in images {
            copy(
                image,
                &copies.cache.join(image.file_name().unwrap_or_default()),
            )?;
        }
        Ok(copies)
    }

    /// Asks the kernel to drop them.
    ///
    /// # Errors
    /// As [`process::drop_from_page_cache`].
    pub(super) fn drop_from_page_cache(&self) -> Result<(), Error> {
        process::drop_from_page_cache(&self.program)?;
        let entries = fs::read_dir(&self.cache).map_err(Error::io("list the copied cache"))?;
        for entry in entries {
            let entry = entry.map_err(Error::io("list the copied cache"))?;
            process::drop_from_page_cache(&entry.path())?;
        }
        Ok(())
    }
}
