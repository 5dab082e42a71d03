//! Encoded bytes to an upright [`Picture`].

mod cgbi;
mod density;
mod exif;
mod format;
mod hdr;
mod heif;
mod jpeg;
mod layer;
mod raw_profile;
mod samples;
mod stated;
mod tiff;
mod webp;

use std::borrow::Cow;
use std::error::Error as _;
use std::io::{self, Cursor};

use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::error::DecodingError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, RgbImage, RgbaImage};

use crate::budget::{self, Source};
use crate::{Error, ErrorKind, Limits, Picture, Profile, profile};
use exif::Exif;
use format::Format;
use stated::Colours;
use tiff::Tiff;

pub(crate) use layer::{Layer, decode_layer};

/// Memory that a decoder may take beside the pixels, for profiles, texts and its own tables.
const SIDE_MEMORY: u64 = 32 << 20;

/// Decodes JPEG (also progressive, lossless, in arithmetic codes, grey, CMYK and YCCK; more than 8 bits come out as 8),
/// PNG (1 to 16 bits, palette, interlaced, Apple's CgBI), WebP, HEIC and AVIF, BMP, GIF and TIFF, told apart by content. Of
/// an animation the first frame is taken, of a TIFF the first page, or the largest where that one is a reduced copy of it.
///
/// The image comes out upright, with 3 channels, or with 4 when any pixel is not opaque. Grey is
/// repeated in all three colours, and 16-bit samples come in two halves.
///
/// An RGB profile (ICC) comes with the image, also one made of colours that are stated otherwise: PNG's code points,
/// gamma and chromaticities, BMP's end points and profile, Adobe RGB by EXIF. A profile of grey, or of four inks in a
/// JPEG or a TIFF, is applied, and so is HDR (PQ, HLG): such an image comes out in sRGB. A profile that is damaged, above
/// 4 MiB or of other colours than the image's is ignored.
///
/// Sizes are checked from the header, before memory for pixels is taken.
///
/// A file that is cut short is refused in every format, rather than decoded as far as it goes.
///
/// # Errors
/// Kinds `unsupported-format`, `undecodable`, `too-many-bytes` and `too-many-pixels`.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, Error> {
    budget::kept(decoded(bytes, limits).map(|(picture, _)| picture))
}

/// The image, and whether its file has alpha, also where all pixels are opaque.
fn decoded(bytes: &[u8], limits: &Limits) -> Result<(Picture, bool), Error> {
    limits.check_bytes(bytes.len())?;
    let format = Format::sniff(bytes)?;
    if format == Format::Heif {
        let picture = heif::decode(bytes, limits)?;
        let has_alpha = picture.channels == 4;
        return Ok((picture, has_alpha));
    }
    let is_cgbi = format == Format::Png && cgbi::is_one(bytes);
    let bytes = match format {
        Format::Png => cgbi::plain(bytes)?,
        Format::WebP => webp::checked(bytes, limits)?,
        _ => Cow::Borrowed(bytes),
    };
    let bytes = &*bytes;
    let mut decoder = opened(format, bytes, limits)?;
    let (width, height) = decoder.dimensions();
    let chunks = png_chunks(format, bytes);
    let chunks = chunks.as_ref().map(png::Reader::info);
    let exif = Exif::of(&mut *decoder, format, bytes, chunks);
    let orientation = orientation(&mut *decoder, format, exif.as_ref());
    let icc = decoder.icc_profile().ok().flatten();
    let has_alpha = decoder.color_type().has_alpha();
    let density = density::of(format, bytes, chunks, exif.as_ref());
    let colours = stated::colours(format, bytes, chunks, exif.as_ref(), icc)?;
    let mut samples = samples::read(decoder, format)?;
    if is_cgbi {
        cgbi::restore(&mut samples.data, samples.channels);
    }
    let mut picture = Picture {
        width,
        height,
        channels: samples.channels,
        data: samples.data,
        fine: samples.fine,
        profile: None,
        density,
    };
    apply(colours, samples.grey, &mut picture);
    if orientation != Orientation::NoTransforms {
        // Halves of 16 bits are turned one after the other.
        budget::room(picture.data.len() as u64)?;
    }
    upright(picture, orientation)
        .map(|picture| (picture, has_alpha))
        .ok_or_else(|| damaged(format, "it has fewer pixels than its header says"))
}

/// A decoder of an image that is within the limits, as its own memory is.
fn opened<'a>(
    format: Format,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, Error> {
    let mut decoder = open(format, bytes, limits)?;
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    // TIFF and GIF may hold the pixels a second time while decoding.
    let pixels = decoder.total_bytes().saturating_mul(2);
    let allowed = memory(pixels.saturating_add(SIDE_MEMORY));
    let set = decoder.set_limits(allowed);
    set.map_err(|cause| refusal(format, &cause))?;
    Ok(decoder)
}

/// Gives an image the meaning of its values.
fn apply(colours: Colours, is_grey: bool, picture: &mut Picture) {
    match colours {
        Colours::Srgb => {}
        Colours::Profile(icc) => {
            picture.profile = Profile::new(&icc);
            if is_grey {
                apply_grey(&icc, picture);
            }
        }
        Colours::Hdr(hdr) => hdr.apply(picture),
    }
}

/// Turns a grey image with a profile of grey into sRGB.
fn apply_grey(icc: &[u8], picture: &mut Picture) {
    let levels = if picture.fine.is_some() {
        1 << 16
    } else {
        1 << 8
    };
    let Some(curve) = profile::grey_to_srgb(icc, levels) else {
        return;
    };
    let most = (levels - 1) as f32;
    let level = |&share: &f32| (share * most).round() as u16;
    let table: Vec<u16> = curve.iter().map(level).collect();
    let channels = picture.channels;
    let pixels = picture.data.chunks_exact_mut(channels);
    let Some(fine) = &mut picture.fine else {
        for value in pixels.flat_map(|pixel| &mut pixel[..3]) {
            *value = table[usize::from(*value)] as u8;
        }
        return;
    };
    for (high, low) in pixels.zip(fine.chunks_exact_mut(channels)) {
        for (high, low) in high[..3].iter_mut().zip(low) {
            let value = u16::from_be_bytes([*high, *low]);
            [*high, *low] = table[usize::from(value)].to_be_bytes();
        }
    }
}

fn open<'a>(
    format: Format,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, Error> {
    let reader = Source::new(bytes);
    let opened: Result<Box<dyn ImageDecoder>, ImageError> = match format {
        Format::Bmp => BmpDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
        Format::Gif => GifDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
        Format::Jpeg => return jpeg::open(bytes, limits),
        Format::Png => {
            check_png_header(bytes, limits)?;
            PngDecoder::with_limits(reader, memory(SIDE_MEMORY))
                .map(|decoder| Box::new(decoder) as _)
        }
        Format::Tiff => return Ok(Box::new(Tiff::new(bytes, limits)?)),
        Format::WebP => WebPDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
        Format::Heif => return Err(unsupported(format, "it is no image of one piece")),
    };
    opened.map_err(|cause| refusal(format, &cause))
}

/// The PNG decoder takes memory for a row when it is opened, so its size has to be checked before.
fn check_png_header(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    let Some([b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3]) = bytes.get(12..24) else {
        return Err(damaged(Format::Png, "its header is missing"));
    };
    limits.check_size(
        u32::from_be_bytes([*w0, *w1, *w2, *w3]),
        u32::from_be_bytes([*h0, *h1, *h2, *h3]),
    )
}

/// A reader of a PNG that has read all chunks before the pixels.
fn png_chunks(format: Format, bytes: &[u8]) -> Option<png::Reader<Cursor<&[u8]>>> {
    if format != Format::Png {
        return None;
    }
    let limits = png::Limits {
        bytes: SIDE_MEMORY as usize,
    };
    let decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.read_info().ok()
}

/// How the image has to be turned; not at all when nothing says so, or in a way that cannot be read.
fn orientation(
    decoder: &mut dyn ImageDecoder,
    format: Format,
    exif: Option<&Exif<'_>>,
) -> Orientation {
    // A TIFF's decoder knows the page that it reads; EXIF's reader knows the first one.
    let found = match format {
        Format::Tiff => decoder.orientation().ok(),
        _ => exif.and_then(Exif::orientation),
    };
    found.unwrap_or(Orientation::NoTransforms)
}

fn memory(max_alloc: u64) -> image::Limits {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(max_alloc);
    limits
}

fn upright(picture: Picture, orientation: Orientation) -> Option<Picture> {
    if orientation == Orientation::NoTransforms {
        return Some(picture);
    }
    let (width, height, channels) = (picture.width, picture.height, picture.channels);
    let turned = |data| {
        let mut turned = match channels {
            4 => DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, data)?),
            _ => DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, data)?),
        };
        turned.apply_orientation(orientation);
        Some(turned)
    };
    let fine = match picture.fine {
        Some(fine) => Some(turned(fine)?.into_bytes()),
        None => None,
    };
    let data = turned(picture.data)?;
    Some(Picture {
        width: data.width(),
        height: data.height(),
        channels,
        data: data.into_bytes(),
        fine,
        profile: picture.profile,
        density: picture.density.map(|density| density.turned(orientation)),
    })
}

/// `what` names the kind of file.
fn unsupported(format: Format, what: &str) -> Error {
    let way_out = format::WAY_OUT;
    let text = format!("this kind of {format} file is not read here ({what}); {way_out}");
    Error::new(ErrorKind::UnsupportedFormat, text)
}

fn refusal(format: Format, cause: &ImageError) -> Error {
    match cause {
        ImageError::Decoding(cause) if let Some(own) = own(cause) => own.clone(),
        ImageError::Unsupported(cause) => unsupported(format, &cause.to_string()),
        ImageError::Limits(cause) => Error::new(
            ErrorKind::TooManyPixels,
            format!(
                "the {format} file needs more memory to decode than is allowed ({cause}); make the image smaller"
            ),
        ),
        ImageError::IoError(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            damaged(format, "the file ends before the image does")
        }
        cause => damaged(format, &cause.to_string()),
    }
}

/// The error of a decoder of ours, which says what, where and the way out.
fn own(cause: &DecodingError) -> Option<&Error> {
    cause.source()?.downcast_ref()
}

fn damaged(format: Format, what: &str) -> Error {
    Error::new(
        ErrorKind::Undecodable,
        format!("the {format} file is damaged or cut short: {what}; get it again from its source"),
    )
}
