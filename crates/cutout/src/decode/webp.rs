//! A look at a WebP file's chunks before the decoder sees them.
//!
//! `image-webp` 0.2.4 takes memory for metadata as large as a chunk claims to be, and for a lossy
//! frame as large as the frame claims to be, even when the canvas, which is what limits see, is tiny. It also refuses a
//! file whose header announces a chunk that is not there, which `dwebp` and browsers read.

use std::borrow::Cow;

use super::{Format, damaged};
use crate::{Error, Limits};

/// Where the flags of an extended header (VP8X) stand: behind the container's header and the chunk's.
const FLAGS: usize = 20;

const ANIMATION: u8 = 1 << 1;
const XMP: u8 = 1 << 2;
const EXIF: u8 = 1 << 3;
const ALPHA: u8 = 1 << 4;

/// The bytes of the RIFF container, without what follows it. Every chunk in it is whole, every frame is within
/// `limits`, and what the header announces is there.
///
/// # Errors
/// Kinds `undecodable` and `too-many-pixels`.
pub(super) fn checked<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    let claimed = bytes.get(4..8).map_or(0, |size| le(size).saturating_add(8));
    let file = &bytes[..bytes
        .len()
        .min(usize::try_from(claimed).unwrap_or(usize::MAX))];
    let mut rest = file.get(12..).unwrap_or_default();
    let mut present = Present::default();
    while let Some(chunk) = Chunk::take(&mut rest)? {
        present.note(chunk.name);
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
    let extended = file.get(12..16) == Some(b"VP8X");
    let flags = file.get(FLAGS).filter(|_| extended);
    let untrue = flags.map_or(0, |flags| flags & present.missing());
    let mut file = Cow::Borrowed(file);
    if untrue != 0 {
        file.to_mut()[FLAGS] ^= untrue;
    }
    Ok(file)
}

/// Which of the chunks that an extended header announces are there.
#[derive(Default)]
struct Present {
    flags: u8,
    lossy: bool,
    lossless: bool,
}

impl Present {
    fn note(&mut self, name: [u8; 4]) {
        match &name {
            b"ANMF" => self.flags |= ANIMATION,
            b"XMP " => self.flags |= XMP,
            b"EXIF" => self.flags |= EXIF,
            b"ALPH" => self.flags |= ALPHA,
            b"VP8 " => self.lossy = true,
            b"VP8L" => self.lossless = true,
            _ => {}
        }
    }

    /// The flags of the chunks that are not there. Lossless images have alpha among their colours, and without a still
    /// image nothing can take the place of frames.
    fn missing(&self) -> u8 {
        let mut missing = !self.flags & (XMP | EXIF);
        if self.lossy && !self.lossless {
            missing |= !self.flags & ALPHA;
        }
        if self.lossy != self.lossless {
            missing |= !self.flags & ANIMATION;
        }
        missing
    }
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
            return Err(damaged(Format::WebP, "the file ends before the image does"));
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

    #[test]
    fn what_the_header_announces_stays_where_it_is_there() {
        let lossy = chunk(b"VP8 ", &[0, 0, 0, 0, 0, 0, 1, 0, 1, 0]);
        let lossless = chunk(b"VP8L", &[0x2f, 0, 0, 0, 0]);
        let frame = chunk(b"ANMF", &[&[0; 16][..], &lossy].concat());
        let (exif, xmp, alpha) = (
            chunk(b"EXIF", b"ab"),
            chunk(b"XMP ", b"ab"),
            chunk(b"ALPH", b"ab"),
        );
        // The chunks, the flags, and what is left of them. The profile's flag never matters.
        let cases: [(&[&[u8]], u8, u8); 8] = [
            (&[&lossy], 0x3e, 0x20),
            (&[&lossless], 0x3e, 0x30),
            (&[&lossy, &exif], 0x3e, 0x28),
            (&[&lossy, &xmp], 0x3e, 0x24),
            (&[&alpha, &lossy], 0x3e, 0x30),
            (&[&alpha, &lossy, &exif, &xmp], 0x1c, 0x1c),
            (&[&frame], 0x3e, 0x32),
            (&[], 0x02, 0x02),
        ];
        for (index, (chunks, flags, expected)) in cases.into_iter().enumerate() {
            let header = chunk(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let file = riff(&[&header, &chunks.concat()[..]].concat());
            let found = checked(&file, &Limits::default()).unwrap();
            assert_eq!(found[FLAGS], expected, "case {index}");
            assert_eq!(found.len(), file.len());
            assert_eq!(
                matches!(found, Cow::Borrowed(_)),
                flags == expected,
                "case {index}"
            );
        }
        // Without an extended header the same byte is a part of the image.
        let plain = riff(&chunk(b"VP8 ", &[0x3e, 0, 0, 0, 0, 0, 1, 0, 1, 0]));
        assert_eq!(checked(&plain, &Limits::default()).unwrap(), plain);
    }
}
