//! A file that is written before it takes its place.

use std::ffi::OsStr;
use std::fs::File;
use std::io;

use rustix::fs::renameat;

use super::Folder;

/// A file that is to take a place, and is removed unless it does.
pub(crate) struct Temporary<'a> {
    pub(crate) file: File,
    pub(super) place: TemporaryName<'a>,
}

pub(super) struct TemporaryName<'a> {
    pub(super) folder: &'a Folder,
    /// `None` once the file has its place.
    pub(super) name: Option<String>,
}

impl Temporary<'_> {
    /// Puts the file in the place of `name` in `folder`.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn rename(mut self, folder: &Folder, name: &OsStr) -> io::Result<File> {
        if let Some(own) = &self.place.name {
            renameat(&self.place.folder.0, &**own, &folder.0, name)?;
        }
        self.place.name = None;
        Ok(self.file)
    }
}

impl Drop for TemporaryName<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // It would be cleared away later.
            let _ = self.folder.remove(name.as_ref());
        }
    }
}
