//! JPEG of rarer kinds, by `oxideav-mjpeg`: slow, but right where `zune-jpeg` is not.

use image::error::{DecodingError, ImageFormatHint, UnsupportedError, UnsupportedErrorKind};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use oxideav_mjpeg::MjpegPixelFormat as PixelFormat;
use oxideav_mjpeg::{DecodeOptions, Error, JpegImage, Metadata, decode_with, read_metadata};

use super::header::{Coding, Frame, marker};
use crate::profile::Inks;

/// Most samples, of all components together, that `oxideav-mjpeg` 0.1.14 decodes.
pub(super) const MAX_SAMPLES: u64 = 64 << 20;

/// Bytes that it takes for a pixel.
pub(super) const WORKING_BYTES: u64 = 16;

/// A decoder of grey, RGB and four inks. More than 8 bits of a sample come out as 8.
pub(super) struct Mjpeg {
    /// The file up to the end of its last scan.
    data: Vec<u8>,
    frame: Frame,
    metadata: Metadata,
}

impl Mjpeg {
    /// `data` is the file up to the end of its last scan.
    ///
    /// # Errors
    /// Those of the header.
    pub(super) fn new(data: &[u8], frame: Frame) -> ImageResult<Self> {
        let mut data = match frame.coding {
            Coding::Arithmetic => trimmed(data),
            _ => data,
        }
        .to_vec();
        // Blocks of a single component are in rows whatever its sampling says (T.81, A.2.2), which the decoder misses.
        if frame.components.len() == 1
            && let Some(sampling) = data.get_mut(frame.sampling_at)
        {
            *sampling = 0x11;
        }
        let metadata = read_metadata(&data).map_err(error)?;
        Ok(Self {
            data,
            frame,
            metadata,
        })
    }

    /// The image, if all of it is in the data.
    fn decoded(&mut self) -> ImageResult<JpegImage> {
        let image = self.decoded_with(&[])?;
        // Where arithmetic codes end only their decoder knows: what follows the end must not change the image.
        if self.frame.coding == Coding::Arithmetic
            && self.decoded_with(&OTHER_TAIL)?.planes != image.planes
        {
            return Err(ImageError::IoError(
                std::io::ErrorKind::UnexpectedEof.into(),
            ));
        }
        Ok(image)
    }

    fn decoded_with(&mut self, tail: &[u8]) -> ImageResult<JpegImage> {
        let end = self.data.len();
        self.data.extend_from_slice(tail);
        self.data.extend([0xff, marker::EOI]);
        let image = decode_with(&self.data, &DecodeOptions::libjpeg_compatible());
        self.data.truncate(end);
        image.map_err(error)
    }

    /// Whether RGB came out in another order: the decoder takes the components of 10, 12 and 14 bits for green, blue and
    /// red.
    fn is_rotated(format: PixelFormat) -> bool {
        use PixelFormat::{Gbrp10Le, Gbrp12Le, Gbrp14Le};
        matches!(format, Gbrp10Le | Gbrp12Le | Gbrp14Le)
    }
}

/// Arithmetic codes without what says nothing, but would hide that data are missing: zeros, with which they go on
/// anyway, and the 0xff that may stand before a marker.
fn trimmed(data: &[u8]) -> &[u8] {
    let last = data.iter().rposition(|&byte| byte != 0xff);
    let data = &data[..last.map_or(0, |last| last + 1)];
    let last = data.iter().rposition(|&byte| byte != 0);
    // A zero behind 0xff belongs to it.
    let end = last.map_or(0, |last| last + 1 + usize::from(data[last] == 0xff));
    &data[..end]
}

/// Some zeros, which arithmetic codes may need behind their end, and then anything.
const OTHER_TAIL: [u8; 64] = {
    let (mut tail, mut i) = ([0; 64], 4);
    while i < tail.len() {
        tail[i] = (i * 89 % 251) as u8 + 1;
        i += 1;
    }
    tail
};

impl ImageDecoder for Mjpeg {
    fn dimensions(&self) -> (u32, u32) {
        (self.frame.width.into(), self.frame.height.into())
    }

    fn color_type(&self) -> ColorType {
        match self.frame.components.len() {
            1 => ColorType::L8,
            _ => ColorType::Rgb8,
        }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.metadata.icc.clone())
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.metadata.exif.clone())
    }

    fn read_image(mut self, out: &mut [u8]) -> ImageResult<()> {
        let mut image = self.decoded()?;
        if Self::is_rotated(image.format) && image.planes.len() == 3 {
            image.planes.rotate_left(1);
        }
        let is_ink = image.format == PixelFormat::Cmyk;
        if is_ink && !matches!(self.frame.adobe, Some(0 | 2)) {
            // All writers follow Adobe's convention that 255 is no ink; the decoder does for Adobe's marker only.
            let inks = image.planes.iter_mut().flat_map(|plane| &mut plane.data);
            inks.for_each(|value| *value = 255 - *value);
        }
        let profile = self.metadata.icc.as_deref().filter(|_| is_ink);
        if let (Some(inks), [plane]) = (profile.and_then(Inks::new), &image.planes[..]) {
            let done = inks.to_srgb(&plane.data, out);
            return if done { Ok(()) } else { Err(too_few()) };
        }
        let options = DecodeOptions::libjpeg_compatible().convert_options();
        let rgb = image.to_rgb8_with(&options);
        drop(image);
        let step = if self.color_type() == ColorType::L8 {
            3
        } else {
            1
        };
        if rgb.len() != out.len() * step {
            return Err(too_few());
        }
        for (out, value) in out.iter_mut().zip(rgb.iter().step_by(step)) {
            *out = *value;
        }
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}

fn too_few() -> ImageError {
    error(Error::InvalidData("samples are missing".to_owned()))
}

fn error(cause: Error) -> ImageError {
    let format = ImageFormatHint::Exact(ImageFormat::Jpeg);
    match cause {
        Error::Unsupported(what) => {
            let what = UnsupportedErrorKind::GenericFeature(what);
            ImageError::Unsupported(UnsupportedError::from_format_and_kind(format, what))
        }
        cause => ImageError::Decoding(DecodingError::new(format, cause.to_string())),
    }
}
