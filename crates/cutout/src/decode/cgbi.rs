//! PNG as Apple's tools put it into apps: a chunk CgBI first, deflate without zlib's header and checksum, blue before
//! red, and colours multiplied by alpha (<https://iphonedev.wiki/CgBI_file_format>).

use std::borrow::Cow;

use crate::transparency::divided;
use crate::{Error, ErrorKind};

/// PNG's signature.
const SIGNATURE: usize = 8;

/// A chunk's length and name in front of its body, and the checksum behind.
const AROUND: usize = 12;

/// Chunks of two bytes, the header of zlib, and of four in the place of zlib's checksum, which decoders do not look at.
const BEFORE: &[u8] = b"\0\0\0\x02IDAT\x78\x01\xec\x1a\x7e\xd2";
const AFTER: &[u8] = b"\0\0\0\x04IDAT\0\0\0\0\xea\x23\xe7\x07";

/// Whether this is a PNG for Apple's devices.
pub(super) fn is_one(png: &[u8]) -> bool {
    png.get(12..16) == Some(b"CgBI")
}

/// A plain PNG of the same image, but for its colours, which [`restore`] mends. Damage stays.
///
/// # Errors
/// Kind `unsupported-format` for other samples than RGB and RGBA of 8 bits.
pub(super) fn plain(png: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if !is_one(png) {
        return Ok(Cow::Borrowed(png));
    }
    let (signature, mut rest) = png.split_at(SIGNATURE.min(png.len()));
    let mut plain = Vec::with_capacity(png.len() + BEFORE.len() + AFTER.len());
    plain.extend_from_slice(signature);
    let mut is_within = false;
    while let Some((name, chunk)) = take(&mut rest) {
        let is_data = name == *b"IDAT";
        match (is_within, is_data) {
            (false, true) => plain.extend_from_slice(BEFORE),
            (true, false) => plain.extend_from_slice(AFTER),
            _ => {}
        }
        is_within = is_data;
        match &name {
            b"CgBI" => {}
            // Behind its sizes, the header has bits and kind of samples.
            b"IHDR" if !matches!(chunk.get(16..18), Some([8, 2 | 6])) => return Err(refused()),
            _ => plain.extend_from_slice(chunk),
        }
    }
    plain.extend_from_slice(rest);
    Ok(Cow::Owned(plain))
}

/// Takes the next whole chunk off `rest`.
fn take<'a>(rest: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8])> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let name = *after.first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (chunk, after) = rest.split_at_checked(length.checked_add(AROUND)?)?;
    *rest = after;
    Some((name, chunk))
}

fn refused() -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        "this is a PNG for Apple's devices (CgBI) with a palette, grey or 16 bits, which is not read here; make it a plain PNG (pngcrush -revert-iphone-optimizations)",
    )
}

/// Puts red before blue, and divides colours by alpha where there is any.
pub(super) fn restore(data: &mut [u8], channels: usize) {
    for pixel in data.chunks_exact_mut(channels.max(3)) {
        pixel.swap(0, 2);
        let [colours @ .., alpha] = pixel else {
            return;
        };
        if channels != 4 {
            continue;
        }
        for colour in colours {
            *colour = divided((*colour).into(), (*alpha).into(), 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, decode};

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut sum = flate2::Crc::new();
        sum.update(name);
        sum.update(body);
        let length = (body.len() as u32).to_be_bytes();
        [&length[..], name, body, &sum.sum().to_be_bytes()].concat()
    }

    /// Two rows of two pixels, each behind the byte of its filter, in two chunks.
    fn file(bits: u8, kind: u8, rows: &[u8]) -> Vec<u8> {
        let mut packed =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(rows).unwrap();
        let packed = packed.finish().unwrap();
        let (first, second) = packed.split_at(packed.len() / 2);
        let header = [0, 0, 0, 2, 0, 0, 0, 2, bits, kind, 0, 0, 0];
        [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"CgBI", &[0x50, 0, 0x20, 2]),
            chunk(b"IHDR", &header),
            chunk(b"pHYs", &[0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]),
            chunk(b"IDAT", first),
            chunk(b"IDAT", second),
            chunk(b"IEND", &[]),
        ]
        .concat()
    }

    #[test]
    fn chunks_around_the_data_have_their_checksums() {
        assert_eq!(BEFORE, chunk(b"IDAT", &[0x78, 1]));
        assert_eq!(AFTER, chunk(b"IDAT", &[0; 4]));
    }

    #[test]
    fn colours_come_out_in_order_and_not_multiplied() {
        let premultiplied = [
            0, 50, 100, 200, 255, 25, 50, 100, 128, 0, 0, 0, 0, 0, 1, 2, 3, 4,
        ];
        let straight = [
            200, 100, 50, 255, 199, 100, 50, 128, 0, 0, 0, 0, 191, 128, 64, 4,
        ];
        let opaque = [0, 3, 2, 1, 6, 5, 4, 0, 9, 8, 7, 12, 11, 10];
        let cases: [(u8, &[u8], &[u8]); 2] = [
            (6, &premultiplied, &straight),
            (2, &opaque, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ];
        for (kind, rows, expected) in cases {
            let picture = decode(&file(8, kind, rows), &Limits::default()).unwrap();
            assert_eq!((picture.width, picture.height), (2, 2));
            assert_eq!(picture.data, expected, "kind {kind}");
            assert!(picture.density.is_some());
        }
    }

    #[test]
    fn other_samples_and_damage_are_refused() {
        for (bits, kind) in [(16, 6), (8, 0), (8, 3), (8, 4), (4, 3)] {
            let error = decode(&file(bits, kind, &[0; 64]), &Limits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{bits} {kind}");
            assert!(error.to_string().contains("CgBI"), "{error}");
        }
        let whole = file(8, 2, &[0; 14]);
        for length in [16, 30, 60, 80, whole.len() - 30] {
            let cut = decode(&whole[..length], &Limits::default()).unwrap_err();
            assert_eq!(cut.kind(), ErrorKind::Undecodable, "{length}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(
            at in any::<prop::sample::Index>(), value: u8, cut in any::<prop::sample::Index>(),
        ) {
            let mut file = file(8, 6, &[0; 18]);
            let at = at.index(file.len());
            file[at] = value;
            file.truncate(cut.index(file.len()) + 1);
            let _ = decode(&file, &Limits::default());
        }
    }
}
