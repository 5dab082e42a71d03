//! Values as people write them, in flags and in requests. `None` is: this cannot be.

use crate::{Length, Margins, PngEffort, Quality, WebpQuality};

/// `12`, `12px` or `12%`; a percentage up to `most` percent.
pub fn length(text: &str, most: f32) -> Option<Length> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent = decimal(percent)?;
        return (percent <= most).then_some(Length::Share(percent / 100.0));
    }
    let pixels = text.strip_suffix("px").unwrap_or(text);
    pixels.parse().ok().map(Length::Pixels)
}

/// One, two or four lengths, as in CSS: all; vertical and horizontal; top, right, bottom, left. At most half of the
/// subject or 500 pixels each.
pub fn margins(text: &str) -> Option<Margins> {
    let one = |text| match length(text, 50.0)? {
        Length::Pixels(pixels) if pixels > 500 => None,
        length => Some(length),
    };
    let lengths: Option<Vec<_>> = text.split_ascii_whitespace().map(one).collect();
    match *lengths?.as_slice() {
        [all] => Some(Margins::all(all)),
        [vertical, horizontal] => Some(Margins {
            top: vertical,
            right: horizontal,
            bottom: vertical,
            left: horizontal,
        }),
        [top, right, bottom, left] => Some(Margins {
            top,
            right,
            bottom,
            left,
        }),
        _ => None,
    }
}

/// A share written as a percentage of `least` to 100.
pub fn percentage(text: &str, least: f32) -> Option<f32> {
    let percent = decimal(text.strip_suffix('%')?)?;
    (least..=100.0)
        .contains(&percent)
        .then_some(percent / 100.0)
}

/// A number of digits with at most one point, so that no sign, exponent, infinity or NaN gets in.
fn decimal(text: &str) -> Option<f32> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain { text.parse().ok() } else { None }
}

/// `fast`, `good` or `best`.
pub fn quality(text: &str) -> Option<Quality> {
    match text {
        "fast" => Some(Quality::Fast),
        "good" => Some(Quality::Good),
        "best" => Some(Quality::Best),
        _ => None,
    }
}

/// A quality of JPEG, 1 to 100.
pub fn jpeg_quality(text: &str) -> Option<u8> {
    text.parse()
        .ok()
        .filter(|quality| (1..=100).contains(quality))
}

/// A quality of WebP: `lossless`, or 1 to 100.
pub fn webp_quality(text: &str) -> Option<WebpQuality> {
    if text == "lossless" {
        return Some(WebpQuality::Lossless);
    }
    jpeg_quality(text).map(WebpQuality::Lossy)
}

/// `fast` or `small`.
pub fn png_effort(text: &str) -> Option<PngEffort> {
    match text {
        "fast" => Some(PngEffort::Fast),
        "small" => Some(PngEffort::Small),
        _ => None,
    }
}

/// `true`, `false`, `1`, `0`, `yes`, `no`, `on` or `off`, in any case.
pub fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A colour as in CSS, the `#` being optional: 3, 4, 6 or 8 hexadecimal digits, or a name.
pub fn colour(text: &str) -> Option<[u8; 4]> {
    csscolorparser::parse(text).ok().map(|c| c.to_rgba8())
}
