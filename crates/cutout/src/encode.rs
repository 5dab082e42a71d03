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
/// Kind `encode`, also for a canvas that the format cannot hold.
pub(crate) fn canvas(canvas: &Canvas, format: Format, quality: u8) -> Result<Vec<u8>, Error> {
    if canvas.width.max(canvas.height) > format.max_side() {
        let text = format!(
            "{}×{} pixels do not fit into {}, whose sides end at {}; ask for png or a smaller result",
            canvas.width,
            canvas.height,
            format.as_str(),
            format.max_side()
        );
        return Err(Error::new(ErrorKind::Encode, text));
    }
    let opaque = canvas.is_opaque();
    match format {
        Format::Png if opaque => png::rgb(canvas.width, canvas.height, &canvas.rgb()),
        Format::Png => png::rgba(canvas.width, canvas.height, &canvas.data),
        Format::WebP if opaque => written(format, |out| {
            let encoder = WebPEncoder::new_lossless(out);
            encoder.encode(
                &canvas.rgb(),
                canvas.width,
                canvas.height,
                ExtendedColorType::Rgb8,
            )
        }),
        Format::WebP => written(format, |out| {
            let encoder = WebPEncoder::new_lossless(out);
            encoder.encode(
                &canvas.data,
                canvas.width,
                canvas.height,
                ExtendedColorType::Rgba8,
            )
        }),
        Format::Jpeg => written(format, |out| {
            let encoder = JpegEncoder::new_with_quality(out, quality.clamp(1, 100));
            encoder.write_image(
                &canvas.rgb(),
                canvas.width,
                canvas.height,
                ExtendedColorType::Rgb8,
            )
        }),
    }
}

/// A mask as a file: grey, one channel where the format has that.
///
/// # Errors
/// As [`canvas`].
pub(crate) fn grey(mask: &crate::Mask, format: Format, quality: u8) -> Result<Vec<u8>, Error> {
    match format {
        Format::Png => png::mask(mask),
        Format::WebP => written(format, |out| {
            let encoder = WebPEncoder::new_lossless(out);
            encoder.encode(&mask.data, mask.width, mask.height, ExtendedColorType::L8)
        }),
        Format::Jpeg => written(format, |out| {
            let encoder = JpegEncoder::new_with_quality(out, quality.clamp(1, 100));
            encoder.write_image(&mask.data, mask.width, mask.height, ExtendedColorType::L8)
        }),
    }
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
