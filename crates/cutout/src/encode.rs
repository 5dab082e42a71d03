//! Pixels to encoded bytes.

mod png;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageResult};

use crate::{Canvas, Error, ErrorKind};

pub(crate) use png::cutout;

/// A format that results are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Lossless, with transparency.
    #[default]
    Png,
    /// Lossless, with transparency; smaller and slower than PNG.
    WebP,
    /// Lossy, without transparency: white is put behind.
    Jpeg,
}

impl Format {
    /// The format's word in flags, options and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }

    /// The format's media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// The longest side that the format can hold.
    fn max_side(self) -> u32 {
        match self {
            Self::Png => u32::MAX,
            Self::WebP => 16_384,
            Self::Jpeg => 65_535,
        }
    }
}

/// A canvas as a file; `quality` is that of JPEG, 1…100.
///
/// # Errors
/// Kind `too-many-pixels` for a canvas that the format cannot hold, else `encode`.
pub(crate) fn canvas(canvas: &Canvas, format: Format, quality: u8) -> Result<Vec<u8>, Error> {
    let (width, height) = (canvas.width, canvas.height);
    match format {
        Format::Png if canvas.opaque => png::rgb(width, height, &canvas.rgb()),
        Format::Png => png::rgba(width, height, &canvas.data),
        Format::WebP if canvas.opaque => {
            webp(width, height, &canvas.rgb(), ExtendedColorType::Rgb8)
        }
        Format::WebP => webp(width, height, &canvas.data, ExtendedColorType::Rgba8),
        Format::Jpeg => {
            let pixels = canvas.rgb();
            jpeg(width, height, &pixels, ExtendedColorType::Rgb8, quality)
        }
    }
}

/// A canvas's colours as JPEG, whatever alpha says.
///
/// # Errors
/// As [`canvas`].
pub(crate) fn colours(canvas: &Canvas, quality: u8) -> Result<Vec<u8>, Error> {
    let (pixels, kind) = (canvas.colours(), ExtendedColorType::Rgb8);
    jpeg(canvas.width, canvas.height, &pixels, kind, quality)
}

/// A mask as a file: grey, one channel where the format has that.
///
/// # Errors
/// As [`canvas`].
pub(crate) fn grey(mask: &crate::Mask, format: Format, quality: u8) -> Result<Vec<u8>, Error> {
    let (width, height, kind) = (mask.width, mask.height, ExtendedColorType::L8);
    match format {
        Format::Png => png::mask(mask),
        Format::WebP => webp(width, height, &mask.data, kind),
        Format::Jpeg => jpeg(width, height, &mask.data, kind, quality),
    }
}

fn webp(width: u32, height: u32, data: &[u8], kind: ExtendedColorType) -> Result<Vec<u8>, Error> {
    fits(width, height, Format::WebP)?;
    written(Format::WebP, |out| {
        WebPEncoder::new_lossless(out).encode(data, width, height, kind)
    })
}

fn jpeg(
    width: u32,
    height: u32,
    data: &[u8],
    kind: ExtendedColorType,
    quality: u8,
) -> Result<Vec<u8>, Error> {
    fits(width, height, Format::Jpeg)?;
    written(Format::Jpeg, |out| {
        let encoder = JpegEncoder::new_with_quality(out, quality.clamp(1, 100));
        encoder.write_image(data, width, height, kind)
    })
}

fn fits(width: u32, height: u32, format: Format) -> Result<(), Error> {
    if width.max(height) <= format.max_side() {
        return Ok(());
    }
    let text = format!(
        "{width}×{height} pixels do not fit into {}, whose sides end at {}; ask for png or a smaller result",
        format.as_str(),
        format.max_side()
    );
    Err(Error::new(ErrorKind::TooManyPixels, text))
}

fn written(
    format: Format,
    write: impl FnOnce(&mut Vec<u8>) -> ImageResult<()>,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match write(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(cause) => Err(Error::new(
            ErrorKind::Encode,
            format!("the {} cannot be written: {cause}", format.as_str()),
        )),
    }
}
