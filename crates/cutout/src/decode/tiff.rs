//! TIFF 6.0 and BigTIFF, by a reader of our own: those that there are take the first page for the image, leave colours
//! multiplied by alpha, or panic.

mod choice;
mod chunk;
mod colour;
mod directory;
mod fax;
mod grid;
mod inks;
mod page;
#[cfg(test)]
mod tests;

use image::error::{DecodingError, ImageFormatHint};
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};

use super::samples::buffer;
use super::{Format, damaged};
use crate::profile::Inks;
use crate::{Error, ErrorKind, Limits, budget};
use colour::{Unmix, Way};
use directory::{Directory, File};
use page::{AlphaKind, Colours, Compression, Page};

/// Numbers of tags.
mod tag {
    pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(super) const SUBFILE_TYPE: u16 = 255;
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const PHOTOMETRIC: u16 = 262;
    pub(super) const FILL_ORDER: u16 = 266;
    pub(super) const MAKE: u16 = 271;
    pub(super) const MODEL: u16 = 272;
    pub(super) const STRIP_PLACES: u16 = 273;
    pub(super) const ORIENTATION: u16 = 274;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const STRIP_ROWS: u16 = 278;
    pub(super) const STRIP_LENGTHS: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const T4_OPTIONS: u16 = 292;
    pub(super) const T6_OPTIONS: u16 = 293;
    pub(super) const PREDICTOR: u16 = 317;
    pub(super) const COLOUR_MAP: u16 = 320;
    pub(super) const TILE_WIDTH: u16 = 322;
    pub(super) const TILE_HEIGHT: u16 = 323;
    pub(super) const TILE_PLACES: u16 = 324;
    pub(super) const TILE_LENGTHS: u16 = 325;
    pub(super) const INK_SET: u16 = 332;
    pub(super) const EXTRA_SAMPLES: u16 = 338;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
    pub(super) const JPEG_TABLES: u16 = 347;
    pub(super) const COEFFICIENTS: u16 = 529;
    pub(super) const SUBSAMPLING: u16 = 530;
    pub(super) const REFERENCE: u16 = 532;
    pub(super) const ICC_PROFILE: u16 = 34675;
    pub(super) const DNG_VERSION: u16 = 50706;
}

/// A decoder of one image of a file: the first, or the largest where the first is a reduced one.
pub(super) struct Tiff<'a> {
    file: File<'a>,
    directory: Directory<'a>,
    page: Page,
    ways: Vec<Way>,
    inks: Option<Inks>,
}

impl<'a> Tiff<'a> {
    /// # Errors
    /// Those of the directory, as [`super::decode`]: what is not read is refused here.
    pub(super) fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let cut = || damaged(Format::Tiff, "the file ends before its directory does");
        let file = File::new(bytes).ok_or_else(cut)?;
        let directory = choice::page(file)?;
        let page = Page::new(&directory, limits)?;
        let inks = match page.colours {
            Colours::Inks => directory.bytes(tag::ICC_PROFILE).and_then(Inks::new),
            _ => None,
        };
        Ok(Self {
            ways: colour::ways(&page, &directory)?,
            file,
            directory,
            page,
            inks,
        })
    }

    /// Reads all pixels to `out`, in the layout of `color_type`.
    fn read(&self, out: &mut [u8]) -> Result<(), Error> {
        let (page, wide) = (&self.page, self.page.is_wide());
        let channels = self.ways.len();
        if page.colours == Colours::Inks {
            let pixels = u64::from(page.width) * u64::from(page.height);
            let size = if wide { 2 } else { 1 };
            let mut stored = buffer(pixels.saturating_mul((channels * size) as u64))?;
            self.place(&mut stored)?;
            self.divide(&mut stored);
            match &self.inks {
                Some(profile) => inks::by_profile(profile, &stored, channels, wide, out),
                None => inks::by_rule(&stored, channels, wide, out),
            }
            return Ok(());
        }
        self.place(out)?;
        // JPEG's come out as RGB, but for planes of their own.
        let is_mixed = page.compression != Compression::Jpeg || page.is_planar;
        if matches!(page.colours, Colours::YCbCr { .. }) && is_mixed {
            Unmix::new(&self.directory).apply(out, channels);
        }
        self.divide(out);
        Ok(())
    }

    /// Fills `out` with the samples that count, chunk by chunk.
    fn place(&self, out: &mut [u8]) -> Result<(), Error> {
        let (page, chunks) = (&self.page, &self.page.chunks);
        let tables = self.directory.bytes(tag::JPEG_TABLES).unwrap_or_default();
        let planes = if page.is_planar { page.samples } else { 1 };
        let mut line = Vec::new();
        for plane in (0..planes).filter(|&plane| self.is_wanted(plane)) {
            for index in 0..chunks.across * chunks.down {
                budget::check()?;
                let (column, row) = (index % chunks.across, index / chunks.across);
                let (left, top) = (column * chunks.width, row * chunks.height);
                let seen = (page.height as usize - top).min(chunks.height);
                let rows = if chunks.are_tiles {
                    chunks.height
                } else {
                    seen
                };
                let index = plane * chunks.across * chunks.down + index;
                let mut data = chunk::read(page, self.file, tables, index, rows)?;
                if page.block() != (1, 1) {
                    data = colour::spread(page, &data, rows)?.into();
                }
                let stored = data.chunks_exact((data.len() / rows).max(1));
                for (y, row) in stored.take(seen).enumerate() {
                    colour::levels(page, self.file, row, &mut line);
                    self.place_line(&line, plane, left, top + y, out);
                }
            }
        }
        Ok(())
    }

    /// Puts a chunk's row, of which the first pixel is at (`left`, `y`), to where it belongs.
    fn place_line(&self, line: &[u16], plane: usize, left: usize, y: usize, out: &mut [u8]) {
        let (page, width) = (&self.page, self.page.width as usize);
        let size = if page.is_wide() { 2 } else { 1 };
        let stride = self.ways.len() * size;
        let columns = (width - left).min(page.chunks.width);
        let out = &mut out[(y * width + left) * stride..][..columns * stride];
        for (at, way) in self.ways.iter().enumerate() {
            // What belongs to planes before has no place here.
            let first = if page.is_planar { plane } else { 0 };
            let sample = way.sample.checked_sub(first);
            if let Some(sample) = sample.filter(|&sample| sample < page.together()) {
                let values = line.iter().skip(sample).step_by(page.together());
                way.write(values.copied(), out, stride, at * size, size);
            }
        }
    }

    /// Whether a plane has a sample that counts.
    fn is_wanted(&self, plane: usize) -> bool {
        !self.page.is_planar || self.ways.iter().any(|way| way.sample == plane)
    }

    /// Makes alpha straight, and full where it is unspecified and shows nothing.
    fn divide(&self, data: &mut [u8]) {
        let Some(alpha) = self.page.alpha else {
            return;
        };
        let (channels, wide) = (self.ways.len(), self.page.is_wide());
        let size = if wide { 2 } else { 1 };
        let first = (channels - 1) * size;
        match alpha.kind {
            AlphaKind::Straight => {}
            AlphaKind::Associated => colour::divide(data, channels, wide),
            AlphaKind::Unspecified => {
                let shows = |pixel: &[u8]| pixel[first..].iter().any(|&byte| byte != 0);
                if !data.chunks_exact(channels * size).any(shows) {
                    for pixel in data.chunks_exact_mut(channels * size) {
                        pixel[first..].fill(u8::MAX);
                    }
                }
            }
        }
    }
}

impl ImageDecoder for Tiff<'_> {
    fn dimensions(&self) -> (u32, u32) {
        (self.page.width, self.page.height)
    }

    fn color_type(&self) -> ColorType {
        let wide = self.page.is_wide() && self.inks.is_none();
        let grey = matches!(self.page.colours, Colours::Grey { .. });
        match (grey, self.page.alpha.is_some(), wide) {
            (true, false, false) => ColorType::L8,
            (true, false, true) => ColorType::L16,
            (true, true, false) => ColorType::La8,
            (true, true, true) => ColorType::La16,
            (false, false, false) => ColorType::Rgb8,
            (false, false, true) => ColorType::Rgb16,
            (false, true, false) => ColorType::Rgba8,
            (false, true, true) => ColorType::Rgba16,
        }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.directory.bytes(tag::ICC_PROFILE).map(<[u8]>::to_vec))
    }

    fn orientation(&mut self) -> ImageResult<Orientation> {
        let stated = self.directory.value(tag::ORIENTATION);
        let stated = stated.and_then(|stated| Orientation::from_exif(stated.try_into().ok()?));
        Ok(stated.unwrap_or(Orientation::NoTransforms))
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.read(out).map_err(|cause| {
            let format = ImageFormatHint::Exact(ImageFormat::Tiff);
            ImageError::Decoding(DecodingError::new(format, cause))
        })
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}

/// An error that names what a file has, and the way out.
fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        format!(
            "this TIFF file {what}, and such files are not read here; save it as PNG, or as an RGB TIFF with 8 or 16 bits"
        ),
    )
}
