//! WebP (RFC 9649): lossless by `image`, or a lossy image and a lossless alpha put into one file here.

use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::{fits, set_profile, vp8, written};
use crate::{Error, ErrorKind, Format, Profile, WebpQuality};

/// A file of pixels of one, three or four channels.
///
/// # Errors
/// Kind `too-many-pixels` for what the format cannot hold, else `encode`.
pub(super) fn file(
    width: u32,
    height: u32,
    data: &[u8],
    kind: ExtendedColorType,
    profile: Option<&Profile>,
    quality: WebpQuality,
) -> Result<Vec<u8>, Error> {
    match quality {
        WebpQuality::Lossless => lossless(width, height, data, kind, profile),
        WebpQuality::Lossy(quality) => {
            let channels = usize::from(kind.channel_count());
            lossy(width, height, data, channels, profile, quality)
        }
    }
}

fn lossless(
    width: u32,
    height: u32,
    data: &[u8],
    kind: ExtendedColorType,
    profile: Option<&Profile>,
) -> Result<Vec<u8>, Error> {
    fits(width, height, "webp", 16_384)?;
    written(Format::WebP, |out| {
        let mut encoder = WebPEncoder::new_lossless(out);
        set_profile(&mut encoder, profile)?;
        encoder.write_image(data, width, height, kind)
    })
}

fn lossy(
    width: u32,
    height: u32,
    data: &[u8],
    channels: usize,
    profile: Option<&Profile>,
    quality: u8,
) -> Result<Vec<u8>, Error> {
    fits(width, height, "lossy webp", vp8::MAX_SIDE)?;
    let frame = vp8::frame(width, height, data, channels, quality)?;
    let alpha = if channels == 4 {
        Some(alpha(width, height, data)?)
    } else {
        None
    };
    let mut chunks = Vec::new();
    if alpha.is_some() || profile.is_some() {
        // Which chunks there are, and the size of the canvas.
        let flags = u32::from(profile.is_some()) << 5 | u32::from(alpha.is_some()) << 4;
        let side = |side: u32| side.saturating_sub(1).to_le_bytes();
        let header = [
            &flags.to_le_bytes()[..],
            &side(width)[..3],
            &side(height)[..3],
        ];
        push(&mut chunks, *b"VP8X", &[&header.concat()])?;
    }
    if let Some(profile) = profile {
        push(&mut chunks, *b"ICCP", &[profile.bytes()])?;
    }
    if let Some(alpha) = &alpha {
        // Neither filtered nor reduced, compressed as a lossless image is.
        push(&mut chunks, *b"ALPH", &[&[1], alpha])?;
    }
    push(&mut chunks, *b"VP8 ", &[&frame])?;
    let mut file = Vec::with_capacity(chunks.len() + 12);
    push(&mut file, *b"RIFF", &[b"WEBP", &chunks])?;
    Ok(file)
}

/// Alpha as the compressed part of a lossless image in grey.
fn alpha(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, Error> {
    /// The file's header, the chunk's, and the image's size, which the alpha does without.
    const HEADERS: usize = 12 + 8 + 5;
    let alpha: Vec<u8> = rgba
        .as_chunks::<4>()
        .0
        .iter()
        .map(|pixel| pixel[3])
        .collect();
    let mut file = lossless(width, height, &alpha, ExtendedColorType::L8, None)?;
    file.drain(..HEADERS.min(file.len()));
    Ok(file)
}

/// Adds a chunk; one of odd length is padded.
fn push(out: &mut Vec<u8>, name: [u8; 4], parts: &[&[u8]]) -> Result<(), Error> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let size = u32::try_from(length).map_err(|_| {
        Error::new(
            ErrorKind::Encode,
            "the webp would be larger than 4 GiB; ask for a smaller result",
        )
    })?;
    out.extend_from_slice(&name);
    out.extend_from_slice(&size.to_le_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.resize(out.len() + length % 2, 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, decode};

    #[test]
    fn lossy_pictures_of_any_size_are_read_back_with_their_edges_and_exact_alpha() {
        // Sides, and how far colours may be off by quality.
        let all = &[(1, 70), (50, 20), (100, 10)][..];
        for (width, height, qualities) in [
            (1, 1, all),
            (2, 1, all),
            (1, 2, all),
            (3, 5, all),
            (16, 16, all),
            (17, 17, all),
            (31, 33, all),
            (16_383, 1, &all[1..2]),
        ] {
            let alpha = |x: u32, y: u32| {
                if (x + y).is_multiple_of(5) {
                    0
                } else {
                    (x * 7 + y * 3) as u8 | 1
                }
            };
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            // A colour that wanders slowly, and black where nothing is seen.
            let wave = |at: u32| (at % 64).min(64 - at % 64) as u8;
            let data: Vec<u8> = pixels
                .flat_map(|(x, y)| match alpha(x, y) {
                    0 => [0; 4],
                    alpha => [200, 100 + wave(x), 50 + wave(y), alpha],
                })
                .collect();
            for &(quality, tolerance) in qualities {
                let lossy = WebpQuality::Lossy(quality);
                let file =
                    file(width, height, &data, ExtendedColorType::Rgba8, None, lossy).unwrap();
                let read = decode(&file, &Limits::default()).unwrap();
                assert_eq!((read.width, read.height), (width, height));
                let (found, _) = read.data.as_chunks::<4>();
                let mut worst = 0;
                for (found, stored) in found.iter().zip(data.as_chunks::<4>().0) {
                    assert_eq!(found[3], stored[3], "{width}×{height}, {quality}");
                    let off = (0..3).map(|i| found[i].abs_diff(stored[i]));
                    if stored[3] > 0 {
                        worst = worst.max(off.max().unwrap_or(0));
                    }
                }
                assert!(worst <= tolerance, "{width}×{height}, {quality}: {worst}");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        for (width, height, length) in [(0, 0, 0), (0, 5, 0), (2, 2, 11), (2, 2, 13)] {
            let data = vec![0; length];
            let lossy = WebpQuality::Lossy(50);
            let made = file(width, height, &data, ExtendedColorType::Rgb8, None, lossy);
            assert_eq!(made.unwrap_err().kind(), ErrorKind::Encode);
        }
    }
}
