//! Colours that a file states without an ICC profile: by code points, chromaticities and a gamma, or a word in EXIF.

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, LocalizableString,
    MatrixCoefficients, ProfileText, ToneReprCurve, TransferCharacteristics, WHITE_POINT_D50,
};

use super::hdr::Hdr;
use super::{Exif, Format};
use crate::{Error, ErrorKind, profile};

/// Red, green, blue and white of sRGB, in hundred thousandths as PNG has them.
const SRGB: [u32; 8] = [
    64_000, 33_000, 30_000, 60_000, 15_000, 6_000, 31_270, 32_900,
];

/// How far chromaticities may be from those of sRGB and still mean them, as in libpng.
const CLOSE: u32 = 1_000;

/// PNG's gamma of sRGB, and how far others may be from it and still mean it.
const SRGB_GAMMA: u32 = 45_455;
const CLOSE_GAMMA: u32 = 500;

/// Gammas of displays that are believed; others are damage.
const GAMMAS: std::ops::RangeInclusive<f32> = 0.2..=5.0;

/// The meaning of an image's values.
pub(super) enum Colours {
    /// sRGB, or nothing says what.
    Srgb,
    /// An ICC profile: the file's own, or one made of what it states.
    Profile(Vec<u8>),
    /// Light beyond white.
    Hdr(Hdr),
}

/// The meaning of the values: by PNG's code points (cICP) before the file's own profile, which comes before everything else.
///
/// # Errors
/// Kind `unsupported-format` for code points of a narrow range, and for HDR of unknown primaries.
pub(super) fn colours(
    format: Format,
    bytes: &[u8],
    png: Option<&png::Info<'_>>,
    exif: Option<&Exif<'_>>,
    icc: Option<Vec<u8>>,
) -> Result<Colours, Error> {
    let stated = png.and_then(|png| png.coding_independent_code_points);
    if let Some(stated) = stated {
        if !stated.is_video_full_range_image {
            return Err(refused(format, "has colours of a narrow range (video)"));
        }
        if let Some(points) = code_points(stated.color_primaries, stated.transfer_function) {
            return of_code_points(format, points);
        }
    }
    if let Some(icc) = icc {
        return of_icc(format, icc);
    }
    let made = match png {
        Some(png) if png.srgb.is_some() => None,
        Some(png) if png.gama_chunk.is_some() || png.chrm_chunk.is_some() => of_chunks(png),
        _ if format == Format::Bmp => of_bmp(bytes),
        _ if exif.is_some_and(Exif::is_adobe_rgb) => {
            encoded(ColorProfile::new_adobe_rgb(), "Adobe RGB (1998)")
        }
        _ => None,
    };
    Ok(made.map_or(Colours::Srgb, Colours::Profile))
}

/// The colours that an ICC profile states.
///
/// # Errors
/// Kind `unsupported-format` for HDR of unknown primaries.
pub(super) fn of_icc(format: Format, icc: Vec<u8>) -> Result<Colours, Error> {
    match profile::code_points(&icc).filter(is_hdr) {
        Some(points) => of_code_points(format, points),
        None => Ok(Colours::Profile(icc)),
    }
}

/// The colours that HEIF's code points (nclx) state. Unspecified ones and the transfer functions of video are shown as sRGB's.
///
/// # Errors
/// Kind `unsupported-format` for HDR of unknown primaries.
pub(super) fn of_nclx(format: Format, primaries: u16, transfer: u16) -> Result<Colours, Error> {
    let primaries = if primaries == 2 { 1 } else { primaries };
    let transfer = match transfer {
        1 | 2 | 6 | 14 | 15 => 13,
        other => other,
    };
    let code = |value: u16| u8::try_from(value).ok();
    let points = code(primaries)
        .zip(code(transfer))
        .and_then(|(primaries, transfer)| code_points(primaries, transfer));
    points.map_or(Ok(Colours::Srgb), |points| of_code_points(format, points))
}

/// Whether white is not the brightest that there is.
fn is_hdr(points: &CicpProfile) -> bool {
    matches!(
        points.transfer_characteristics,
        TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg
    )
}

fn refused(format: Format, what: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        format!(
            "this {format} file {what}, which is not read here; convert it to sRGB or Display P3"
        ),
    )
}

/// Code points (ITU-T H.273) of RGB; `None` where they leave open which colours, unless it is HDR.
fn code_points(primaries: u8, transfer: u8) -> Option<CicpProfile> {
    let points = CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
        transfer_characteristics: TransferCharacteristics::try_from(transfer).ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    };
    let is_known = ColorProfile::new_from_cicp(points).blue_trc.is_some();
    (is_known || is_hdr(&points)).then_some(points)
}

fn of_code_points(format: Format, points: CicpProfile) -> Result<Colours, Error> {
    if is_hdr(&points) {
        let hdr = Hdr::of(points);
        return hdr
            .map(Colours::Hdr)
            .ok_or_else(|| refused(format, "is HDR of unknown primaries"));
    }
    let (primaries, transfer) = (points.color_primaries, points.transfer_characteristics);
    let name = match (primaries, transfer) {
        (CicpColorPrimaries::Bt709, TransferCharacteristics::Srgb) => return Ok(Colours::Srgb),
        (CicpColorPrimaries::Smpte432, TransferCharacteristics::Srgb) => "Display P3".to_owned(),
        _ => format!("H.273 {primaries:?}, {transfer:?}"),
    };
    let made = encoded(ColorProfile::new_from_cicp(points), &name);
    Ok(made.map_or(Colours::Srgb, Colours::Profile))
}

/// The profile of PNG's chunks gAMA and cHRM (PNG 3, 11.3.2); sRGB's part for one that is missing.
fn of_chunks(png: &png::Info<'_>) -> Option<Vec<u8>> {
    let points = png.chrm_chunk.map(|stated| {
        let pairs = [stated.red, stated.green, stated.blue, stated.white];
        let mut points = [0; 8];
        for (point, (x, y)) in points.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *point = [x.into_scaled(), y.into_scaled()];
        }
        points
    });
    let points = points.unwrap_or(SRGB);
    let is_close = |(a, b): (&u32, &u32)| a.abs_diff(*b) <= CLOSE;
    let is_srgb = points.iter().zip(&SRGB).all(is_close);
    let gamma = png.gama_chunk.map(|gamma| gamma.into_scaled());
    let curve = match gamma {
        Some(gamma) if !is_srgb || gamma.abs_diff(SRGB_GAMMA) > CLOSE_GAMMA => {
            // A gamma of 0 is infinite here.
            of_gamma(1e5 / gamma as f32)?
        }
        None if !is_srgb => ColorProfile::new_srgb().red_trc?,
        _ => return None,
    };
    let points = points.map(|value| value as f32 / 1e5);
    of_primaries(&points, [(); 3].map(|()| curve.clone()))
}

/// The profile that a BMP has inside (version 5), or that of its end points and gammas (version 4).
fn of_bmp(bytes: &[u8]) -> Option<Vec<u8>> {
    const FILE_HEADER: usize = 14;
    let header = bytes.get(FILE_HEADER..)?;
    let number = |at: usize| {
        let number = header.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*number))
    };
    let length = number(0)?;
    let kind = number(56).filter(|_| length >= 108)?;
    // "MBED", the last letter first.
    if kind == 0x4d42_4544 && length >= 124 {
        let (at, size) = (number(112)?, number(116)?);
        let profile = header.get(usize::try_from(at).ok()?..)?;
        return Some(profile.get(..usize::try_from(size).ok()?)?.to_vec());
    }
    if kind != 0 {
        return None;
    }
    // x, y, z of each end, in units of 2^-30. The white is not stated: browsers take that of sRGB.
    let mut points = SRGB.map(|value| value as f32 / 1e5);
    for (index, point) in points.as_chunks_mut::<2>().0.iter_mut().take(3).enumerate() {
        let ends = [0, 1, 2].map(|axis| number(60 + index * 12 + axis * 4));
        let [x, y, z] = [ends[0]? as f32, ends[1]? as f32, ends[2]? as f32];
        let sum = x + y + z;
        *point = [x / sum, y / sum];
    }
    // In units of 2^-16.
    let curve = |at| of_gamma(number(at)? as f32 / 65_536.0);
    of_primaries(&points, [curve(96)?, curve(100)?, curve(104)?])
}

fn of_gamma(gamma: f32) -> Option<ToneReprCurve> {
    GAMMAS
        .contains(&gamma)
        .then(|| ToneReprCurve::Parametric(vec![gamma]))
}

/// The profile of x and y of red, green, blue and white; `None` where they span no triangle.
fn of_primaries(points: &[f32; 8], curves: [ToneReprCurve; 3]) -> Option<Vec<u8>> {
    let (points, _) = points.as_chunks::<2>();
    // Written so that what is no number is no colour either.
    let is_colour = |[x, y]: &[f32; 2]| *x >= 0.0 && *y >= 0.001 && x + y <= 1.001;
    if !points.iter().all(is_colour) {
        return None;
    }
    let [red, green, blue, white] = points else {
        return None;
    };
    let area = (green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1]);
    if area.abs() < 0.001 {
        return None;
    }
    let [red, green, blue, white] =
        [red, green, blue, white].map(|[x, y]| Chromaticity::new(*x, *y));
    let mut profile = ColorProfile::new_srgb();
    profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
    let [red, green, blue] = curves;
    profile.red_trc = Some(red);
    profile.green_trc = Some(green);
    profile.blue_trc = Some(blue);
    encoded(profile, "Primaries and gamma of the original file")
}

/// Where a profile has its date (ICC.1:2022, 7.2.1), and what stands there: year, month, day, hours, minutes and seconds.
const DATE: std::ops::Range<usize> = 24..36;
const MADE: [u16; 6] = [2026, 1, 1, 0, 0, 0];

/// The bytes of a profile, the same ones at any time.
fn encoded(mut profile: ColorProfile, name: &str) -> Option<Vec<u8>> {
    let text = |text: &str| {
        let text = LocalizableString::new("en".to_owned(), "US".to_owned(), text.to_owned());
        Some(ProfileText::Localizable(vec![text]))
    };
    profile.description = text(name);
    profile.copyright = text("Public domain");
    // Colours are stored as adapted to D50, and ICC.1:2022 asks for its white then. moxcms's matrix is none of an
    // adaptation.
    profile.media_white_point = Some(WHITE_POINT_D50.to_xyzd());
    profile.chromatic_adaptation = None;
    let mut bytes = profile.encode().ok()?;
    // moxcms writes the time of day, by which two results of one image would differ.
    for (to, from) in bytes.get_mut(DATE)?.as_chunks_mut().0.iter_mut().zip(MADE) {
        *to = from.to_be_bytes();
    }
    Some(bytes)
}
