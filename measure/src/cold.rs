//! Dropping the program from the page cache.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::process;

/// Copies of the program and of its host images, which nobody has mapped, so that the kernel can drop them.
pub(crate) struct Copies {
    pub(crate) program: PathBuf,
    pub(crate) cache: PathBuf,
}

impl Copies {
    /// Makes the copies in `folder`.
    ///
    /// # Errors
    /// Kind `io` when a file cannot be copied.
    pub(crate) fn new<'a>(
        folder: &Path,
        program: &Path,
        host_images: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, Error> {
        let copies = Self {
            program: folder.join("cutout"),
            cache: folder.join("cache"),
        };
        // As a cache has to be: code is loaded from there.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&copies.cache)
            .map_err(Error::io("make a folder for copies"))?;
        let copy = |from: &Path, to: &Path| {
            let done = fs::copy(from, to);
            done.map_err(Error::io(format!("copy {}", from.display())))
        };
        copy(program, &copies.program)?;
        for image in host_images {
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
    pub(crate) fn drop_from_page_cache(&self) -> Result<(), Error> {
        process::drop_from_page_cache(&self.program)?;
        let entries = fs::read_dir(&self.cache).map_err(Error::io("list the copied cache"))?;
        for entry in entries {
            let entry = entry.map_err(Error::io("list the copied cache"))?;
            process::drop_from_page_cache(&entry.path())?;
        }
        Ok(())
    }
}
