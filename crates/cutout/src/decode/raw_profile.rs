//! EXIF as ImageMagick wrote it before PNG had a chunk for it: a text of hexadecimal digits.

/// The text's keyword.
const KEYWORD: &str = "Raw profile type exif";

/// Longest text in bytes: EXIF has at most 64 KiB, written in hexadecimal.
const MAX_BYTES: usize = 256 << 10;

/// The EXIF among a PNG's texts.
pub(super) fn exif(png: &png::Info<'_>) -> Option<Vec<u8>> {
    let mut plain = png.uncompressed_latin1_text.iter();
    if let Some(text) = plain.find(|text| text.keyword == KEYWORD) {
        return unhex(&text.text);
    }
    let mut packed = png.compressed_latin1_text.iter();
    let mut text = packed.find(|text| text.keyword == KEYWORD)?.clone();
    text.decompress_text_with_limit(MAX_BYTES).ok()?;
    unhex(&text.get_text().ok()?)
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
