//! EXIF (CIPA DC-008), as far as results depend on it.
//!
//! Directories are searched where they lie, and nothing is kept of them: `kamadak-exif` 0.6.2 reads all of them first,
//! which makes millions of fields of 64 KiB in which directories overlap.

use std::borrow::Cow;

use image::ImageDecoder;
use image::metadata::Orientation;

use super::{Format, raw_profile};

/// The prefix of EXIF in JPEG, and of some writers of PNG and WebP as well.
const PREFIX: &[u8] = b"Exif\0\0";

/// Bytes of a directory's entry: tag, type, count, and the value or where it is.
const ENTRY: usize = 12;

const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011a;
const Y_RESOLUTION: u16 = 0x011b;
const RESOLUTION_UNIT: u16 = 0x0128;
const EXIF_DIRECTORY: u16 = 0x8769;
const COLOUR_SPACE: u16 = 0xa001;
const INTEROP_DIRECTORY: u16 = 0xa005;
const INTEROP_INDEX: u16 = 0x0001;

/// The EXIF of a file: a TIFF file (revision 6.0) without pixels, or one with them.
pub(super) struct Exif<'a> {
    bytes: Cow<'a, [u8]>,
    is_big_endian: bool,
}

impl<'a> Exif<'a> {
    /// The file's EXIF; a TIFF file is its own. `None` when there is none, or it does not begin as EXIF does.
    pub(super) fn of(
        decoder: &mut dyn ImageDecoder,
        format: Format,
        bytes: &'a [u8],
        png: Option<&png::Info<'_>>,
    ) -> Option<Self> {
        if format == Format::Tiff {
            return Self::new(Cow::Borrowed(bytes));
        }
        let stored = decoder.exif_metadata().ok().flatten();
        let stored = stored.and_then(|exif| Self::new(Cow::Owned(exif)));
        stored.or_else(|| Self::new(Cow::Owned(raw_profile::exif(png?)?)))
    }

    fn new(mut bytes: Cow<'a, [u8]>) -> Option<Self> {
        if bytes.starts_with(PREFIX) {
            bytes.to_mut().drain(..PREFIX.len());
        }
        let is_big_endian = match bytes.first_chunk::<4>()? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            is_big_endian,
        })
    }

    /// How the image has to be turned. The value may have any integer type, and more may follow it.
    pub(super) fn orientation(&self) -> Option<Orientation> {
        let value = self.field(self.main()?, ORIENTATION)?.integer()?;
        Orientation::from_exif(u8::try_from(value).ok()?)
    }

    /// Whether the colours are Adobe RGB (1998): so says the colour space 2, which cameras write though EXIF has not
    /// got it, or "uncalibrated" beside DCF's mark of an option file (CIPA DC-009).
    pub(super) fn is_adobe_rgb(&self) -> bool {
        let found = || {
            let directory = self.field(self.main()?, EXIF_DIRECTORY)?.integer()?;
            match self.field(directory, COLOUR_SPACE)?.integer()? {
                2 => Some(true),
                0xffff => {
                    let interop = self.field(directory, INTEROP_DIRECTORY)?.integer()?;
                    let index = self.field(interop, INTEROP_INDEX)?.value;
                    Some(index.starts_with(b"R03"))
                }
                _ => None,
            }
        };
        found().unwrap_or(false)
    }

    /// How many pixels a centimetre has, across and down; inches where no unit is stated.
    pub(super) fn pixels_per_centimetre(&self) -> Option<[f64; 2]> {
        let main = self.main()?;
        let unit = self.field(main, RESOLUTION_UNIT);
        let unit = match unit.and_then(|unit| unit.integer()).unwrap_or(2) {
            2 => 2.54,
            3 => 1.0,
            _ => return None,
        };
        let x = self.field(main, X_RESOLUTION)?.number()?;
        let y = self.field(main, Y_RESOLUTION);
        let y = y.and_then(|y| y.number()).unwrap_or(x);
        Some([x / unit, y / unit])
    }

    fn main(&self) -> Option<u32> {
        self.u32(self.bytes.get(4..)?)
    }

    /// The first entry of `tag` in the directory at `offset`.
    fn field(&self, offset: u32, tag: u16) -> Option<Field<'_>> {
        let directory = self.bytes.get(usize::try_from(offset).ok()?..)?;
        let count = usize::from(self.u16(directory)?);
        let entries = directory.get(2..)?.chunks_exact(ENTRY).take(count);
        let mut found = entries.filter(|entry| self.u16(entry) == Some(tag));
        let entry = found.next()?;
        let kind = self.u16(entry.get(2..)?)?;
        let count = self.u32(entry.get(4..)?)?;
        let size = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            5 | 10 => 8,
            _ => return None,
        };
        let length = usize::try_from(count).ok()?.checked_mul(size)?;
        let inside = entry.get(8..)?;
        let value = if length <= inside.len() {
            inside.get(..length)?
        } else {
            let at = usize::try_from(self.u32(inside)?).ok()?;
            self.bytes.get(at..)?.get(..length)?
        };
        Some(Field {
            exif: self,
            kind,
            value,
        })
    }

    fn u16(&self, bytes: &[u8]) -> Option<u16> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, bytes: &[u8]) -> Option<u32> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
}

/// The values of an entry.
struct Field<'a> {
    exif: &'a Exif<'a>,
    kind: u16,
    value: &'a [u8],
}

impl Field<'_> {
    /// The first value, when it is a whole number and not negative.
    fn integer(&self) -> Option<u32> {
        match self.kind {
            1 | 6 => {
                let value = *self.value.first()?;
                (self.kind == 1 || value < 1 << 7).then(|| value.into())
            }
            3 | 8 => {
                let value = self.exif.u16(self.value)?;
                (self.kind == 3 || value < 1 << 15).then(|| value.into())
            }
            4 | 9 | 13 => {
                let value = self.exif.u32(self.value)?;
                (self.kind != 9 || value < 1 << 31).then_some(value)
            }
            _ => None,
        }
    }

    /// The first value, when it is a fraction or whole, and not negative.
    fn number(&self) -> Option<f64> {
        if self.kind != 5 {
            return self.integer().map(f64::from);
        }
        let (above, below) = (
            self.exif.u32(self.value)?,
            self.exif.u32(self.value.get(4..)?)?,
        );
        Some(f64::from(above) / f64::from(below))
    }
}

#[cfg(test)]
mod tests;
