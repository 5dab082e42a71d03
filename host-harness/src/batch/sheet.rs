//! The contact sheet: before and after of many pictures, the least certain first.

mod html;
mod png;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, Place};
use crate::{Error, Kind};

/// Longer side of a thumbnail in pixels.
pub(super) const SIDE: u32 = 128;

/// Pictures on one page: what a person looks through in a minute.
const PAGE: usize = 500;

/// A picture on the sheet.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) uncertainty: f32,
    /// Files: before, after.
    pub(super) thumbnails: [PathBuf; 2],
}

/// A picture that has no result.
pub(super) struct Missing {
    pub(super) name: String,
    pub(super) kind: &'static str,
}

#[derive(Clone, Copy)]
enum Format {
    Html,
    Png,
}

/// A contact sheet in the making.
pub(super) struct Sheet {
    path: PathBuf,
    format: Format,
    pub(super) items: Vec<Item>,
    pub(super) missing: Vec<Missing>,
}

impl Sheet {
    /// A sheet at `path`, in the format that its name says.
    ///
    /// # Errors
    /// Kind `usage` for another name.
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let format = match path.extension().and_then(OsStr::to_str) {
            Some("html") => Format::Html,
            Some("png") => Format::Png,
            _ => {
                let text = format!(
                    "--contact-sheet {}: the name has to end in .html or .png",
                    path.display()
                );
                return Err(Error::new(Kind::Usage, text));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            format,
            items: Vec::new(),
            missing: Vec::new(),
        })
    }

    /// Writes the sheet, in pages where it is long: `sheet.html`, `sheet-2.html`, …
    ///
    /// # Errors
    /// Kind `io`.
    pub(super) fn write(mut self) -> Result<Vec<PathBuf>, Error> {
        self.items.sort_by(|a, b| {
            let by_name = || a.name.cmp(&b.name);
            b.uncertainty.total_cmp(&a.uncertainty).then_with(by_name)
        });
        let pages = self.items.len().div_ceil(PAGE).max(1);
        let paths: Vec<PathBuf> = (0..pages).map(|page| self.page(page)).collect();
        for (page, path) in paths.iter().enumerate() {
            let from = page * PAGE;
            let items = &self.items[from..(from + PAGE).min(self.items.len())];
            let bytes = match self.format {
                Format::Html => {
                    let missing = if page == 0 { &*self.missing } else { &[] };
                    html::page(items, missing, page, &paths)?.into_bytes()
                }
                Format::Png => png::page(items)?,
            };
            files::write(&Place::File(path.clone()), &bytes)?;
        }
        Ok(paths)
    }

    fn page(&self, page: usize) -> PathBuf {
        if page == 0 {
            return self.path.clone();
        }
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{}.", page + 1));
        name.push(self.path.extension().unwrap_or_default());
        self.path.with_file_name(name)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::io(format!("read the thumbnail {}", path.display())))
}
