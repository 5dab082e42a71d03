//! The contact sheet: before and after of many images, what failed and the least certain first.

mod html;
mod item;
mod link;
mod png;

use std::collections::HashMap;
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
use item::{Counts, Item};

pub(super) use item::SIDE;

#[derive(Clone, Copy)]
enum SheetFormat {
    Html,
    Png,
}

impl SheetFormat {
    /// Images on one page: as many as a browser filters at once and loads without effort (some 110 MB), and as an image of
    /// a hundred megabytes in memory shows.
    fn page(self) -> usize {
        match self {
            Self::Html => 5000,
            Self::Png => 500,
        }
    }
}

/// A contact sheet in the making.
pub(super) struct Sheet {
    path: PathBuf,
    format: SheetFormat,
    items: HashMap<PathText, Item>,
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
        })
    }

    /// Where it begins.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what is said of an image in place of what was said of it before.
    pub(super) fn take(&mut self, record: &ReportLine, thumbnails: Option<[PathBuf; 2]>) {
        if let Some(item) = Item::of(record, thumbnails) {
            self.items.insert(record.input.clone(), item);
        }
    }

    /// Writes the sheet, in pages where it is long: `sheet.html`, `sheet-2.html`, …, and notes them in `manifest`.
    ///
    /// # Errors
    /// Kind `io`, also when a file is there that is no earlier sheet.
    pub(super) fn write(self, manifest: &Manifest) -> Result<Vec<PathBuf>, Error> {
        let mut items: Vec<&Item> = self.items.values().collect();
        items.sort_by(|a, b| a.order(b));
        let pages = items.len().div_ceil(self.format.page()).max(1);
        let paths: Vec<PathBuf> = (0..pages).map(|page| self.page(page)).collect();
        for (page, path) in paths.iter().enumerate() {
            let from = page * self.format.page();
            let shown = &items[from..(from + self.format.page()).min(items.len())];
            let bytes = match self.format {
                SheetFormat::Html => {
                    let place = html::Place {
                        page,
                        paths: &paths,
                        first: from,
                    };
                    html::page(shown, &Counts::of(&items), &place, manifest)?.into_bytes()
                }
                SheetFormat::Png => png::page(shown, manifest)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_of_many_images_has_pages_that_lead_to_each_other_and_all_say_how_many_there_are() {
        let top = tempfile::tempdir().unwrap();
        let manifest = Manifest::open(&top.path().join("out"), false).unwrap();
        let path = top.path().join("s#1.html");
        let mut sheet = Sheet::new(&path).unwrap();
        let page = SheetFormat::Html.page();
        let error = Error::new(Kind::Io, "<gone>");
        for number in 0..=page {
            let name = format!("{number}.png");
            sheet.take(&ReportLine::failed(Path::new(&name), None, &error), None);
        }
        // Said again of the same image, which is counted once.
        sheet.take(&ReportLine::failed(Path::new("7.png"), None, &error), None);
        let paths = sheet.write(&manifest).unwrap();
        assert_eq!(paths, [path, top.path().join("s#1-2.html")]);
        let pages = paths
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap());
        for (text, (images, link)) in pages.zip([(page, "./s%231-2.html"), (1, "./s%231.html")]) {
            assert_eq!(text.matches("<li ").count(), images);
            assert!(text.contains(&format!("<a href=\"{link}\">")), "{link}");
            assert!(text.contains(&format!("{} failed", page + 1)));
            assert_eq!(text.matches("&lt;gone&gt;").count(), images);
        }
    }
}
