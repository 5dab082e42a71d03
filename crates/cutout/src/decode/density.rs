//! How large an image is meant to be printed, as its file states it.

use super::{Exif, Format};
use crate::Density;

/// Centimetres of an inch.
const INCH: f64 = 2.54;

/// The density by the file's own field: PNG's pHYs, JFIF's of a JPEG, a BMP's header; or else EXIF, which is TIFF's field too.
/// A shape of pixels without a unit, as 1:1, is nothing.
pub(super) fn of(
    format: Format,
    bytes: &[u8],
    png: Option<&png::Info<'_>>,
    exif: Option<&Exif<'_>>,
) -> Option<Density> {
    let own = match format {
        Format::Bmp => of_bmp(bytes),
        Format::Jpeg => of_jfif(bytes),
        Format::Png => of_chunk(png?),
        _ => None,
    };
    own.or_else(|| {
        let [x, y] = exif?.pixels_per_centimetre()?;
        Density::new(x * 100.0, y * 100.0)
    })
}

fn of_chunk(png: &png::Info<'_>) -> Option<Density> {
    let stated = png.pixel_dims?;
    match stated.unit {
        png::Unit::Meter => Density::new(stated.xppu.into(), stated.yppu.into()),
        png::Unit::Unspecified => None,
    }
}

/// The header of version 3 and later: pixels of a metre.
fn of_bmp(bytes: &[u8]) -> Option<Density> {
    let number = |at: usize| {
        let number = bytes.get(at..)?.first_chunk::<4>()?;
        Some(i32::from_le_bytes(*number))
    };
    if number(14)? < 40 {
        return None;
    }
    Density::new(number(38)?.into(), number(42)?.into())
}

/// The segment APP0 of JFIF 1.02, among those before the first scan.
fn of_jfif(bytes: &[u8]) -> Option<Density> {
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        if marker == 0xff {
            rest = rest.get(1..)?;
            continue;
        }
        // No segments: scans, and what has no length.
        if matches!(marker, 0x00..=0x01 | 0xd0..=0xda) {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        if marker == 0xe0
            && let [b'J', b'F', b'I', b'F', 0, _, _, unit, x1, x0, y1, y0, ..] = *segment
        {
            let unit = match unit {
                1 => 100.0 / INCH,
                2 => 100.0,
                _ => return None,
            };
            let pixels = |high, low| f64::from(u16::from_be_bytes([high, low])) * unit;
            return Density::new(pixels(x1, x0), pixels(y1, y0));
        }
        rest = rest.get(2 + length..)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jfif(unit: u8, x: u16, y: u16) -> Vec<u8> {
        let [x, y] = [x, y].map(u16::to_be_bytes);
        [
            b"\xff\xd8\xff\xe1\0\x04ab\xff\xff\xe0\0\x10JFIF\0\x01\x02",
            &[unit][..],
            &x,
            &y,
            b"\0\0\xff\xdb\0\x02",
        ]
        .concat()
    }

    #[test]
    fn jfif_states_it_in_inches_or_centimetres() {
        let cases = [
            (1, 300, 300, Density::new(11_811.0, 11_811.0)),
            (1, 72, 96, Density::new(2_835.0, 3_780.0)),
            (2, 118, 59, Density::new(11_800.0, 5_900.0)),
            (0, 1, 1, None),
            (0, 300, 300, None),
            (1, 0, 300, None),
            (3, 300, 300, None),
        ];
        for (unit, x, y, expected) in cases {
            assert_eq!(of_jfif(&jfif(unit, x, y)), expected, "{unit} {x} {y}");
        }
        // Behind the first scan there are no segments.
        let file = jfif(1, 300, 300);
        let late = [b"\xff\xd8\xff\xda\0\x02", &file[2..]].concat();
        assert_eq!(of_jfif(&late), None);
    }

    proptest! {
        #[test]
        fn damaged_files_state_nothing_or_something_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..80), at in 0..40_usize, value: u8,
        ) {
            let mut file = jfif(1, 300, 300);
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
            for file in [&file, &bytes] {
                let _ = (of_jfif(file), of_bmp(file));
            }
        }
    }
}
