//! Which way up a picture is.

use std::io::Cursor;

use image::ImageDecoder;
use image::metadata::Orientation;

use super::{Format, SIDE_MEMORY};

/// What JPEG puts before its EXIF, and some writers of PNG and WebP as well.
const PREFIX: &[u8] = b"Exif\0\0";

/// Where ImageMagick kept EXIF before PNG had a chunk for it.
const RAW_PROFILE: &str = "Raw profile type exif";

/// Longest text of a raw profile in bytes: EXIF has at most 64 KiB, written in hexadecimal.
const RAW_PROFILE_BYTES: usize = 256 << 10;

/// The orientation that the file's metadata ask for; none when they are missing or damaged.
pub(super) fn of(decoder: &mut dyn ImageDecoder, format: Format, bytes: &[u8]) -> Orientation {
    let stated = decoder
        .orientation()
        .ok()
        .filter(|&found| found != Orientation::NoTransforms);
    stated
        .or_else(|| from_exif(&decoder.exif_metadata().ok().flatten()?))
        .or_else(|| {
            if format == Format::Png {
                from_raw_profile(bytes)
            } else {
                None
            }
        })
        .unwrap_or(Orientation::NoTransforms)
}

fn from_exif(exif: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(exif.strip_prefix(PREFIX).unwrap_or(exif))
}

fn from_raw_profile(bytes: &[u8]) -> Option<Orientation> {
    let limits = png::Limits {
        bytes: SIDE_MEMORY as usize,
    };
    let reader = png::Decoder::new_with_limits(Cursor::new(bytes), limits)
        .read_info()
        .ok()?;
    let info = reader.info();
    let plain = info
        .uncompressed_latin1_text
        .iter()
        .find(|text| text.keyword == RAW_PROFILE);
    if let Some(text) = plain {
        return from_exif(&unhex(&text.text)?);
    }
    let mut packed = info
        .compressed_latin1_text
        .iter()
        .find(|text| text.keyword == RAW_PROFILE)?
        .clone();
    packed.decompress_text_with_limit(RAW_PROFILE_BYTES).ok()?;
    from_exif(&unhex(&packed.get_text().ok()?)?)
}

/// A raw profile is a line with its type, a line with its length, and lines of hexadecimal digits.
fn unhex(profile: &str) -> Option<Vec<u8>> {
    let digits = profile.trim_start().splitn(3, '\n').nth(2)?;
    let mut nibbles = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16));
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    while let Some(high) = nibbles.next() {
        bytes.push((high? << 4 | nibbles.next()??) as u8);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_profiles_are_read_from_their_third_line_on() {
        let cases = [
            ("\nexif\n      4\n457869\n66\n", Some(b"Exif".to_vec())),
            ("exif\n 1\nFF", Some(vec![255])),
            ("exif\n 1\nF", None),
            ("exif\n 1\nxx", None),
            ("exif", None),
            ("", None),
        ];
        for (profile, expected) in cases {
            assert_eq!(unhex(profile), expected, "{profile:?}");
        }
    }
}
