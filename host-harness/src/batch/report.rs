//! The report: a line of JSON for every image.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::Error;
use crate::files::{self, Folder, Place};

/// The report, flushed line by line, so that it is whole as far as it goes.
pub(super) struct ReportFile(Option<Box<dyn Write>>);

impl ReportFile {
    /// The report at `path`; below `out`, the output folder, that is a regular file, to which no link from outside leads.
    ///
    /// # Errors
    /// Kind `io`.
    pub(super) fn open(path: Option<&Path>, out: &Path) -> Result<Self, Error> {
        Ok(Self(match path.map(Place::of_output) {
            None => None,
            Some(Place::Stream) => Some(Box::new(io::stdout())),
            Some(Place::File(path)) => {
                let doing = format!("write the report {}", path.display());
                let file = match files::place_below(out, &path) {
                    Some(below) => Folder::open(out).and_then(|out| out.create(&below)),
                    None => files::create(&path),
                };
                Some(Box::new(file.map_err(Error::io(doing))?))
            }
        }))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Kind `io`.
    pub(super) fn write(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        let mut write = || -> io::Result<()> {
            let mut bytes = serde_json::to_vec(line)?;
            bytes.push(b'\n');
            file.write_all(&bytes)?;
            file.flush()
        };
        write().map_err(Error::io("write the report"))
    }
}
