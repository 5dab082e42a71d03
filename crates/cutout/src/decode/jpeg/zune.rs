//! JPEG of the usual kinds, by `zune-jpeg`, which `image` has too but shows no inks of.

use std::borrow::Cow;

use image::error::{DecodingError, ImageFormatHint, UnsupportedError, UnsupportedErrorKind};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use zune_core::bytestream::{ZByteIoError, ZByteReaderTrait, ZCursor, ZSeekFrom};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use crate::decode::samples::buffer;
use crate::profile::Inks;
use crate::{Error, budget};

/// A decoder of grey, RGB, or of four inks (CMYK or YCCK), which come out as RGB: by their profile, or else by the
/// simplest rule.
pub(super) struct Zune<'a> {
    decoder: JpegDecoder<Source<'a>>,
    size: (usize, usize),
    stored: ColorSpace,
    inks: Option<Inks>,
}

impl<'a> Zune<'a> {
    /// # Errors
    /// Those of the header.
    pub(super) fn new(bytes: Cow<'a, [u8]>) -> ImageResult<Self> {
        let options = DecoderOptions::default()
            .set_strict_mode(false)
            .set_max_width(usize::MAX)
            .set_max_height(usize::MAX);
        let mut decoder = JpegDecoder::new_with_options(Source::new(bytes), options);
        decoder.decode_headers().map_err(error)?;
        let size = decoder.dimensions().unwrap_or_default();
        let stored = decoder.input_colorspace().unwrap_or(ColorSpace::RGB);
        let inks = match stored {
            ColorSpace::CMYK | ColorSpace::YCCK => decoder.icc_profile(),
            _ => None,
        };
        let inks = inks.and_then(|profile| Inks::new(&profile));
        let wanted = match stored {
            // What is wanted as it is stored is left as it is.
            ColorSpace::CMYK | ColorSpace::YCCK if inks.is_some() => stored,
            ColorSpace::Luma => ColorSpace::Luma,
            _ => ColorSpace::RGB,
        };
        decoder.set_options(options.jpeg_set_out_colorspace(wanted));
        Ok(Self {
            decoder,
            size,
            stored,
            inks,
        })
    }
}

impl ImageDecoder for Zune<'_> {
    fn dimensions(&self) -> (u32, u32) {
        // Sides are stored with 16 bits.
        (self.size.0 as u32, self.size.1 as u32)
    }

    fn color_type(&self) -> ColorType {
        match self.stored {
            ColorSpace::Luma => ColorType::L8,
            _ => ColorType::Rgb8,
        }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.decoder.icc_profile())
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.decoder.exif().cloned())
    }

    fn read_image(mut self, out: &mut [u8]) -> ImageResult<()> {
        let Some(inks) = &self.inks else {
            return self.decoder.decode_into(out).map_err(error);
        };
        let no_memory = |cause: Error| error(DecodeErrors::Format(cause.to_string()));
        let mut data = buffer(out.len() as u64 / 3 * 4).map_err(no_memory)?;
        self.decoder.decode_into(&mut data).map_err(error)?;
        for ink in data.as_chunks_mut::<4>().0 {
            if self.stored == ColorSpace::YCCK {
                *ink = unmixed(*ink);
            }
            // Adobe's convention, which all writers follow: 255 is no ink.
            *ink = ink.map(|value| 255 - value);
        }
        if inks.to_srgb(&data, out) {
            return Ok(());
        }
        Err(error(DecodeErrors::FormatStatic("inks are missing")))
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}

/// A file in memory that ends where the budget is spent.
struct Source<'a> {
    file: ZCursor<Cow<'a, [u8]>>,
    /// Bytes until the next question.
    left: usize,
    is_spent: bool,
}

impl<'a> Source<'a> {
    fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self {
            file: ZCursor::new(bytes),
            left: 0,
            is_spent: false,
        }
    }

    /// Whether `bytes` more may be read.
    fn may_read(&mut self, bytes: usize) -> Result<(), ZByteIoError> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => {
                self.is_spent = budget::is_spent();
                self.left = budget::STEP;
            }
        }
        match self.is_spent {
            true => Err(ZByteIoError::Generic("there is no time left")),
            false => Ok(()),
        }
    }
}

impl ZByteReaderTrait for Source<'_> {
    fn read_byte_no_error(&mut self) -> u8 {
        match self.may_read(1) {
            Ok(()) => self.file.read_byte_no_error(),
            Err(_) => 0,
        }
    }

    fn read_exact_bytes(&mut self, buf: &mut [u8]) -> Result<(), ZByteIoError> {
        self.may_read(buf.len())?;
        self.file.read_exact_bytes(buf)
    }

    fn read_bytes(&mut self, buf: &mut [u8]) -> Result<usize, ZByteIoError> {
        self.may_read(buf.len())?;
        self.file.read_bytes(buf)
    }

    fn peek_bytes(&mut self, buf: &mut [u8]) -> Result<usize, ZByteIoError> {
        self.file.peek_bytes(buf)
    }

    fn peek_exact_bytes(&mut self, buf: &mut [u8]) -> Result<(), ZByteIoError> {
        self.file.peek_exact_bytes(buf)
    }

    fn z_seek(&mut self, from: ZSeekFrom) -> Result<u64, ZByteIoError> {
        self.file.z_seek(from)
    }

    fn is_eof(&mut self) -> Result<bool, ZByteIoError> {
        Ok(self.is_spent || self.file.is_eof()?)
    }

    fn z_position(&mut self) -> Result<u64, ZByteIoError> {
        self.file.z_position()
    }

    fn read_remaining(&mut self, sink: &mut Vec<u8>) -> Result<usize, ZByteIoError> {
        self.file.read_remaining(sink)
    }
}

fn error(cause: DecodeErrors) -> ImageError {
    let format = ImageFormatHint::Exact(ImageFormat::Jpeg);
    match cause {
        DecodeErrors::Unsupported(what) => {
            let what = UnsupportedErrorKind::GenericFeature(format!("{what:?}"));
            ImageError::Unsupported(UnsupportedError::from_format_and_kind(format, what))
        }
        cause => ImageError::Decoding(DecodingError::new(format, cause.to_string())),
    }
}

/// YCCK to CMYK, both as they are stored: JFIF's YCbCr gives the complements of the first three inks.
fn unmixed([y, cb, cr, k]: [u8; 4]) -> [u8; 4] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    let colour = [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ];
    // Casts stop at 0 and 255.
    let [c, m, y] = colour.map(|value| 255 - (value + 0.5) as u8);
    [c, m, y, k]
}
