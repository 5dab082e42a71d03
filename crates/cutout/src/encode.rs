//! Pixels to encoded bytes.

mod encoding;
mod png;
mod vp8;
mod webp;

use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

use crate::budget::{self, Sink};
use crate::{Canvas, Density, Error, ErrorKind, Mask, Profile};

pub use encoding::{Encoding, Format, JpegQuality, PngEffort, WebpQuality};
pub(crate) use png::cutout;

impl Canvas {
    /// The canvas as a file, stage `encode`: with the canvas's profile, and its density where the format has a field for it: PNG and JPEG.
    ///
    /// # Errors
    /// Kind `too-many-pixels` for a canvas that the format cannot hold, else `encode`.
    pub fn encoded(&self, encoding: Encoding) -> Result<Vec<u8>, Error> {
        budget::kept(canvas(self, encoding))
    }

    /// The colours alone, stage `encode`, whatever alpha says, as JPEG of `quality` 1…100: for clients that take alpha
    /// apart.
    ///
    /// # Errors
    /// As [`Self::encoded`].
    pub fn encoded_colours(&self, quality: u8) -> Result<Vec<u8>, Error> {
        budget::kept(colours(self, quality))
    }
}

impl Mask {
    /// The mask as a file, stage `encode`: grey with 8 bits, one channel where the format has that.
    ///
    /// # Errors
    /// As [`Canvas::encoded`].
    pub fn encoded(&self, encoding: Encoding) -> Result<Vec<u8>, Error> {
        budget::kept(grey(self, encoding))
    }
}

fn canvas(canvas: &Canvas, encoding: Encoding) -> Result<Vec<u8>, Error> {
    let (width, height, profile) = (canvas.width, canvas.height, canvas.profile.as_ref());
    match encoding.format {
        Format::Png => png::canvas(canvas, encoding.png),
        Format::WebP if canvas.opaque => {
            let (pixels, kind) = (canvas.rgb(), ExtendedColorType::Rgb8);
            webp::file(width, height, &pixels, kind, profile, encoding.webp)
        }
        Format::WebP => {
            let kind = ExtendedColorType::Rgba8;
            webp::file(width, height, &canvas.data, kind, profile, encoding.webp)
        }
        Format::Jpeg => {
            let (pixels, kind) = (canvas.rgb(), ExtendedColorType::Rgb8);
            let density = canvas.density;
            jpeg(
                width,
                height,
                &pixels,
                kind,
                profile,
                density,
                encoding.jpeg,
            )
        }
        Format::Raw => copied(&canvas.data),
    }
}

fn colours(canvas: &Canvas, quality: u8) -> Result<Vec<u8>, Error> {
    let (pixels, kind) = (canvas.colours(), ExtendedColorType::Rgb8);
    let (profile, density) = (canvas.profile.as_ref(), canvas.density);
    jpeg(
        canvas.width,
        canvas.height,
        &pixels,
        kind,
        profile,
        density,
        quality,
    )
}

fn grey(mask: &Mask, encoding: Encoding) -> Result<Vec<u8>, Error> {
    let (width, height, kind) = (mask.width, mask.height, ExtendedColorType::L8);
    match encoding.format {
        Format::Png => png::mask(mask, encoding.png),
        Format::WebP => webp::file(width, height, &mask.data, kind, None, encoding.webp),
        Format::Jpeg => jpeg(width, height, &mask.data, kind, None, None, encoding.jpeg),
        Format::Raw => copied(&mask.data),
    }
}

/// Plain pixels.
///
/// # Errors
/// Those of a [`Budget`](crate::Budget).
fn copied(pixels: &[u8]) -> Result<Vec<u8>, Error> {
    budget::room(pixels.len() as u64)?;
    Ok(pixels.to_vec())
}

fn jpeg(
    width: u32,
    height: u32,
    data: &[u8],
    kind: ExtendedColorType,
    profile: Option<&Profile>,
    density: Option<Density>,
    quality: u8,
) -> Result<Vec<u8>, Error> {
    fits(width, height, "jpg", 65_535)?;
    written(Format::Jpeg, |out| {
        let mut encoder = JpegEncoder::new_with_quality(out, encoding::in_range(quality));
        if let Some(density) = density.and_then(in_jfif) {
            encoder.set_pixel_density(density);
        }
        set_profile(&mut encoder, profile)?;
        encoder.write_image(data, width, height, kind)
    })
}

/// A density as JFIF has it, in whole pixels of an inch, or of a centimetre where that is exact; `None` beyond 16 bits.
fn in_jfif(Density { x, y }: Density) -> Option<PixelDensity> {
    let is_metric = x % 100 == 0 && y % 100 == 0;
    let (unit, metre) = if is_metric {
        (PixelDensityUnit::Centimeters, 100.0)
    } else {
        (PixelDensityUnit::Inches, 1.0 / 0.0254)
    };
    let side = |pixels: u32| {
        let side = (f64::from(pixels) / metre).round();
        (1.0..=65_535.0).contains(&side).then_some(side as u16)
    };
    Some(PixelDensity {
        density: (side(x)?, side(y)?),
        unit,
    })
}

fn set_profile(encoder: &mut impl ImageEncoder, profile: Option<&Profile>) -> ImageResult<()> {
    let Some(profile) = profile else {
        return Ok(());
    };
    let set = encoder.set_icc_profile(profile.bytes().to_vec());
    set.map_err(ImageError::Unsupported)
}

fn fits(width: u32, height: u32, what: &str, max_side: u32) -> Result<(), Error> {
    if width.max(height) <= max_side {
        return Ok(());
    }
    let text = format!(
        "{width}×{height} pixels do not fit into {what}, whose sides end at {max_side}; ask for png or a smaller result"
    );
    Err(Error::new(ErrorKind::TooManyPixels, text))
}

fn written(
    format: Format,
    write: impl FnOnce(&mut Sink) -> ImageResult<()>,
) -> Result<Vec<u8>, Error> {
    let mut sink = Sink::default();
    match write(&mut sink) {
        Ok(()) => Ok(sink.into_bytes()),
        Err(cause) => Err(Error::new(
            ErrorKind::Encode,
            format!("the {} cannot be written: {cause}", format.as_str()),
        )),
    }
}
