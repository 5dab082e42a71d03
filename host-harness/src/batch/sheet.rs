//! The contact sheet: before and after of many images, the least certain first.

mod html;
mod item;
mod png;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::manifest_line::{ManifestLine, WrittenFile};
use super::path_text::PathText;
use super::report_line::ReportLine;
use crate::files;
use crate::{Error, Kind};
use item::Item;

pub(super) use item::SIDE;

/// Images on one page: what a person looks through in a minute.
const PAGE: usize = 500;

#[derive(Clone, Copy)]
enum SheetFormat {
    Html,
    Png,
}

/// A contact sheet in the making.
pub(super) struct Sheet {
    path: PathBuf,
    format: SheetFormat,
    items: HashMap<PathText, Item>,
    /// Images without a result, and why.
    missing: BTreeMap<String, &'static str>,
}

impl Sheet {
    /// A sheet at `path`, in the format that its name says.
    ///
    /// # Errors
    /// Kind `usage` for another name.
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let format = match path.extension().and_then(OsStr::to_str) {
            Some("html") => SheetFormat::Html,
            Some("png") => SheetFormat::Png,
            _ => {
                let text = format!(
                    "--contact-sheet {}: the name has to end in .html or .png",
                    path.display()
                );
                return Err(Error::new(Kind::Usage, text));
            }
        };
        let path =
            std::path::absolute(path).map_err(Error::io("find the contact sheet's place"))?;
        if !path.parent().is_some_and(Path::is_dir) {
            let text = format!(
                "--contact-sheet {}: there is no such folder",
                path.display()
            );
            return Err(Error::new(Kind::Usage, text));
        }
        Ok(Self {
            path,
            format,
            items: HashMap::new(),
            missing: BTreeMap::new(),
        })
    }

    /// Where it begins.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what is said of an image in place of what was said of it before.
    pub(super) fn take(&mut self, record: &ReportLine, thumbnails: Option<[PathBuf; 2]>) {
        let name = record.input.to_string();
        match (&record.details, thumbnails, &record.error) {
            (Some(details), Some(thumbnails), _) => {
                self.missing.remove(&name);
                let item = Item {
                    name,
                    uncertainty: details.uncertainty,
                    thumbnails,
                };
                self.items.insert(record.input.clone(), item);
            }
            (_, _, Some(cause)) => drop(self.missing.insert(name, cause.kind)),
            _ => {}
        }
    }

    /// Writes the sheet, in pages where it is long: `sheet.html`, `sheet-2.html`, …, and notes them in `manifest`.
    ///
    /// # Errors
    /// Kind `io`, also when a file is there that is no earlier sheet.
    pub(super) fn write(self, manifest: &Manifest) -> Result<Vec<PathBuf>, Error> {
        let mut items: Vec<&Item> = self.items.values().collect();
        items.sort_by(|a, b| {
            let by_name = || a.name.cmp(&b.name);
            b.uncertainty.total_cmp(&a.uncertainty).then_with(by_name)
        });
        let pages = items.len().div_ceil(PAGE).max(1);
        let paths: Vec<PathBuf> = (0..pages).map(|page| self.page(page)).collect();
        for (page, path) in paths.iter().enumerate() {
            let from = page * PAGE;
            let items = &items[from..(from + PAGE).min(items.len())];
            let bytes = match self.format {
                SheetFormat::Html => {
                    let none = BTreeMap::new();
                    let missing = if page == 0 { &self.missing } else { &none };
                    html::page(items, missing, page, &paths, manifest)?.into_bytes()
                }
                SheetFormat::Png => png::page(items, manifest)?,
            };
            refuse_other(path, manifest)?;
            let noted = manifest.add(ManifestLine::Sheet(WrittenFile::of(path, &bytes)));
            noted.map_err(Error::io("note the contact sheet in the manifest"))?;
            let written = match (files::place_below(manifest.out(), path), page) {
                (Some(below), _) => manifest.folder().put(&below, &bytes),
                (None, 0) => files::write_file(path, &bytes),
                // The user has named the first page alone, so no link that has another's name is followed.
                (None, _) => files::replace(path, &bytes),
            };
            written.map_err(Error::io(format!("write {}", path.display())))?;
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

/// Refuses to write where something is that is no contact sheet of the batch.
///
/// # Errors
/// Kind `io`; so is a link below the output folder that leads out of it.
pub(super) fn refuse_other(path: &Path, manifest: &Manifest) -> Result<(), Error> {
    let is_own = |file: File| manifest.sheet(path).is_some_and(|sheet| sheet.is(&file));
    let may_be_written = match files::place_below(manifest.out(), path) {
        Some(below) => match manifest.folder().file_below(&below) {
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            file => is_own(file.map_err(Error::io(format!("write {}", path.display())))?),
        },
        None => {
            !path.exists()
                || files::is_in_place(path)
                || files::open_regular(path).is_ok_and(is_own)
        }
    };
    if may_be_written {
        return Ok(());
    }
    let text = format!(
        "{} is there already and is no contact sheet of this batch; move it or name another file",
        path.display()
    );
    Err(Error::new(Kind::Io, text))
}
