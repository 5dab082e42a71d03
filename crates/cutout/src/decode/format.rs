//! The format of a file, by its content.

use std::fmt;

use crate::{Error, ErrorKind};

/// The way out for an image that is not read here.
pub(super) const WAY_OUT: &str = "convert it to PNG or JPEG";

/// A format that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Bmp,
    Gif,
    /// HEIC and AVIF.
    Heif,
    Jpeg,
    Png,
    Tiff,
    WebP,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Heif => "HEIF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        })
    }
}

/// Signatures of the formats that are read here; the last of them is BigTIFF's.
const READ: [(&[u8], Format); 9] = [
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"BM", Format::Bmp),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
];

/// Offset, signature and name of formats that people try, so that the message can name them.
const NAMED: [(usize, &[u8], &str); 34] = [
    (4, b"ftypcrx ", "a Canon raw image (CR3)"),
    (4, b"ftyp", "a video"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"gimp xcf", "a GIMP document"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\0\0\x01\0", "an icon (ICO)"),
    (0, b"\0\0\x02\0", "a cursor (CUR)"),
    (0, b"qoif", "a QOI image"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR image"),
    (0, b"#?RADIANCE", "a Radiance HDR image"),
    (0, b"farbfeld", "a farbfeld image"),
    (0, b"P1\n", "a PBM image"),
    (0, b"P2\n", "a PGM image"),
    (0, b"P3\n", "a PPM image"),
    (0, b"P4\n", "a PBM image"),
    (0, b"P5\n", "a PGM image"),
    (0, b"P6\n", "a PPM image"),
    (0, b"P7\n", "a PAM image"),
    (0, b"FUJIFILM", "a Fuji raw image (RAF)"),
    (0, b"IIRO", "an Olympus raw image (ORF)"),
    (0, b"IIRS", "an Olympus raw image (ORF)"),
    (0, b"MMOR", "an Olympus raw image (ORF)"),
    (0, b"IIU\0", "a Panasonic raw image (RW2)"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"{", "JSON text"),
    (0, b"data:", "a data URL"),
];

/// Names that stand near the beginning of a text, in lower case.
const NAMED_TEXTS: [(&[u8], &str); 3] = [
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
];

/// How far into a text a name is looked for: past an XML declaration and a comment.
const TEXT_REACH: usize = 1024;

impl Format {
    /// Tells the format by signature; a file's name is never asked.
    ///
    /// # Errors
    /// Kind `unsupported-format`, with the format's name where it is known; kind `undecodable` when
    /// there are no bytes.
    pub(super) fn sniff(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::new(
                ErrorKind::Undecodable,
                "the file is empty; it has to hold an image",
            ));
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Self::WebP);
        }
        if is_heif(bytes) {
            return Ok(Self::Heif);
        }
        if let Some((_, format)) = READ
            .iter()
            .find(|(signature, _)| bytes.starts_with(signature))
        {
            return Ok(*format);
        }
        let what = match name(bytes) {
            Some(name) => format!("this is {name}, which is not read here"),
            None => "this is not an image in a format that is read here".to_owned(),
        };
        Err(Error::new(
            ErrorKind::UnsupportedFormat,
            format!("{what}; {WAY_OUT}"),
        ))
    }
}

/// Brands of HEIF files that hold an image (ISO/IEC 23008-12, annexes B and later; AV1-AVIF, 8), animations too: those have a still
/// image beside.
const HEIF_BRANDS: [&[u8; 4]; 12] = [
    b"avif", b"avis", b"heic", b"heim", b"heis", b"heix", b"hevc", b"hevx", b"miaf", b"mif1",
    b"mif2", b"msf1",
];

/// Whether the bytes begin with a `ftyp` box of which the major or a compatible brand is HEIF's.
fn is_heif(bytes: &[u8]) -> bool {
    let [s0, s1, s2, s3, b'f', b't', b'y', b'p', rest @ ..] = bytes else {
        return false;
    };
    let length = u32::from_be_bytes([*s0, *s1, *s2, *s3]) as usize;
    let content = &rest[..length.saturating_sub(8).min(rest.len())];
    let brands = content.as_chunks::<4>().0.iter().enumerate();
    // The second word is a version.
    brands
        .filter(|(index, _)| *index != 1)
        .any(|(_, brand)| HEIF_BRANDS.contains(&brand))
}

fn name(bytes: &[u8]) -> Option<&'static str> {
    let by_signature = NAMED
        .iter()
        .find(|(offset, signature, _)| {
            bytes
                .get(*offset..)
                .is_some_and(|rest| rest.starts_with(signature))
        })
        .map(|(_, _, name)| *name);
    by_signature.or_else(|| {
        let text = bytes[..bytes.len().min(TEXT_REACH)].to_ascii_lowercase();
        let holds = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
        NAMED_TEXTS
            .iter()
            .find(|(needle, _)| holds(needle))
            .map(|(_, name)| *name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_are_not_read_are_named_with_the_way_out() {
        let cases: [(&[u8], &str); 10] = [
            (b"\0\0\0\x18ftypqt  \0\0\0\0mp42", "a video"),
            (b"\xff\x0a\0\0", "a JPEG XL image"),
            (b"8BPS\0\x01", "a Photoshop document"),
            (b"%PDF-1.7", "a PDF document"),
            (b"\0\0\x01\0\x01\0", "an icon (ICO)"),
            (
                b"<?xml version='1.0'?>\n<!-- made by hand -->\n<SVG width='1'>",
                "an SVG drawing",
            ),
            (b"  <!DOCTYPE html><title>404</title>", "an HTML page"),
            (b"P6\n2 2\n255\n", "a PPM image"),
            (b"RIFF\x04\0\0\0WAVE", "not an image in a format"),
            (b"x", "not an image in a format"),
        ];
        for (bytes, expected) in cases {
            let error = Format::sniff(bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{expected}");
            let text = error.to_string();
            assert!(text.contains(expected) && text.ends_with(WAY_OUT), "{text}");
        }
    }

    #[test]
    fn heif_is_told_by_its_major_or_a_compatible_brand() {
        let cases: [(&[u8], bool); 5] = [
            (b"\0\0\0\x14ftypheic\0\0\0\0mif1", true),
            (b"\0\0\0\x18ftypMA1B\0\0\0\0mp42avif", true),
            (b"\0\0\0\x14ftypqt  avif mp4", false),
            (b"\0\0\0\x14ftypmp42\0\0\0\0mp41avif", false),
            (b"\0\0\0\0ftypavif", false),
        ];
        for (bytes, expected) in cases {
            assert_eq!(is_heif(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn no_bytes_are_an_error_that_says_so() {
        let error = Format::sniff(b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        assert!(error.to_string().contains("empty"));
    }
}
