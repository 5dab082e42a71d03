//! A look at a WebP file's chunks before the decoder sees them.
//!
//! `image-webp` 0.2.4 takes memory for metadata as large as a chunk claims to be, and for a lossy
//! frame as large as the frame claims to be, even when the canvas, which is what limits see, is tiny.

use super::{Format, damaged};
use crate::{Error, Limits};

/// The bytes of the RIFF container, without what follows it. Every chunk in it is whole, and every
/// frame is within `limits`.
///
/// # Errors
/// Kinds `undecodable` and `too-many-pixels`.
pub(super) fn checked<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a [u8], Error> {
    let claimed = bytes.get(4..8).map_or(0, |size| le(size).saturating_add(8));
    let file = &bytes[..bytes
        .len()
        .min(usize::try_from(claimed).unwrap_or(usize::MAX))];
    let mut rest = file.get(12..).unwrap_or_default();
    while let Some(chunk) = Chunk::take(&mut rest)? {
        if chunk.name == *b"ANMF" {
            // Position, size, duration and flags come before the frame's own chunks.
            let mut frame = chunk.body.get(16..).unwrap_or_default();
            while let Some(inner) = Chunk::take(&mut frame)? {
                inner.check(limits)?;
            }
        } else {
            chunk.check(limits)?;
        }
    }
    Ok(file)
}

struct Chunk<'a> {
    name: [u8; 4],
    body: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Takes the next chunk off `rest`; `None` when there is no room for another header.
    fn take(rest: &mut &'a [u8]) -> Result<Option<Self>, Error> {
        let Some(([n0, n1, n2, n3, size @ ..], after)) = rest.split_first_chunk::<8>() else {
            return Ok(None);
        };
        let size = usize::try_from(le(size)).unwrap_or(usize::MAX);
        let Some(body) = after.get(..size) else {
            return Err(damaged(
                Format::WebP,
                "the file ends before the picture does",
            ));
        };
        // Bodies of odd length are padded; the padding of the last one is sometimes missing.
        *rest = after.get(size + size % 2..).unwrap_or_default();
        Ok(Some(Self {
            name: [*n0, *n1, *n2, *n3],
            body,
        }))
    }

    fn check(&self, limits: &Limits) -> Result<(), Error> {
        const SIDE: u64 = 0x3fff;
        let size = match (&self.name, self.body) {
            // A three-byte tag, a three-byte start code, then two sides of 14 bits each.
            (b"VP8 ", [_, _, _, _, _, _, sides @ ..]) => sides
                .first_chunk::<4>()
                .map(|s| (le(&s[..2]) & SIDE, le(&s[2..]) & SIDE)),
            // A signature byte, then two sides of 14 bits each, both less 1.
            (b"VP8L", [_, sides @ ..]) => sides
                .first_chunk::<4>()
                .map(|s| ((le(s) & SIDE) + 1, (le(s) >> 14 & SIDE) + 1)),
            _ => return Ok(()),
        };
        let Some((width, height)) = size else {
            return Err(damaged(Format::WebP, "a frame without a header"));
        };
        limits.check_size(width as u32, height as u32)
    }
}

/// Little-endian, up to four bytes.
fn le(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn riff(chunks: &[u8]) -> Vec<u8> {
        let size = (chunks.len() as u32 + 4).to_le_bytes();
        [b"RIFF", &size[..], b"WEBP", chunks].concat()
    }

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
        [name, &(body.len() as u32).to_le_bytes()[..], body, padding].concat()
    }

    fn kind(chunks: &[u8]) -> Option<ErrorKind> {
        let limits = Limits {
            max_side: 100,
            ..Limits::default()
        };
        checked(&riff(chunks), &limits)
            .err()
            .map(|error| error.kind())
    }

    #[test]
    fn a_frame_larger_than_the_limits_is_refused_whatever_the_canvas_says() {
        let canvas = chunk(b"VP8X", &[0; 10]);
        let lossy = |w: u16, h: u16| {
            chunk(
                b"VP8 ",
                &[&[0; 6][..], &w.to_le_bytes(), &h.to_le_bytes()].concat(),
            )
        };
        let lossless = |w: u32, h: u32| {
            chunk(
                b"VP8L",
                &[&[0x2f][..], &((w - 1) | (h - 1) << 14).to_le_bytes()].concat(),
            )
        };
        let animated = |frame: &[u8]| chunk(b"ANMF", &[&[0; 16][..], frame].concat());
        let cases = [
            (lossy(100, 100), None),
            (lossy(101, 1), Some(ErrorKind::TooManyPixels)),
            (lossy(1, 16_383), Some(ErrorKind::TooManyPixels)),
            (lossy(0, 1), Some(ErrorKind::Undecodable)),
            (lossless(100, 100), None),
            (lossless(101, 1), Some(ErrorKind::TooManyPixels)),
            (lossless(1, 16_384), Some(ErrorKind::TooManyPixels)),
            (animated(&lossy(100, 100)), None),
            (animated(&lossy(1, 101)), Some(ErrorKind::TooManyPixels)),
            (chunk(b"VP8 ", &[0; 9]), Some(ErrorKind::Undecodable)),
            (chunk(b"VP8L", &[0; 4]), Some(ErrorKind::Undecodable)),
        ];
        for (index, (frame, expected)) in cases.into_iter().enumerate() {
            assert_eq!(
                kind(&[canvas.clone(), frame].concat()),
                expected,
                "case {index}"
            );
        }
    }

    #[test]
    fn a_chunk_that_claims_more_than_there_is_is_refused() {
        assert_eq!(kind(b"EXIF\xff\xff\xff\xff"), Some(ErrorKind::Undecodable));
        assert_eq!(
            kind(&chunk(
                b"ANMF",
                &[&[0; 16][..], b"VP8 \xff\xff\xff\x7f"].concat()
            )),
            Some(ErrorKind::Undecodable)
        );
        assert_eq!(kind(&chunk(b"EXIF", b"odd")), None);
    }

    #[test]
    fn what_follows_the_container_is_cut_off() {
        let file = riff(&chunk(b"EXIF", b"ab"));
        let longer = [&file[..], b"EXIF\xff\xff\xff\xff"].concat();
        assert_eq!(checked(&longer, &Limits::default()).unwrap(), file);
    }
}
