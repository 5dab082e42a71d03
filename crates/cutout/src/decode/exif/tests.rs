use proptest::prelude::*;

use super::*;

/// EXIF of one directory: tag, type, count and the four bytes of the value or its place.
fn directory(is_big_endian: bool, entries: &[(u16, u16, u32, [u8; 4])]) -> Vec<u8> {
    let two = |value: u16| match is_big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let four = |value: u32| match is_big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let mut bytes = if is_big_endian { *b"MM\0*" } else { *b"II*\0" }.to_vec();
    bytes.extend(four(8));
    bytes.extend(two(entries.len() as u16));
    for (tag, kind, count, value) in entries {
        bytes.extend(two(*tag));
        bytes.extend(two(*kind));
        bytes.extend(four(*count));
        bytes.extend(value);
    }
    bytes.extend(four(0));
    bytes
}

fn orientation(bytes: &[u8]) -> Option<u8> {
    let exif = Exif::new(Cow::Borrowed(bytes))?;
    exif.orientation().map(Orientation::to_exif)
}

#[test]
fn orientations_of_every_integer_type_and_count_are_read_in_both_byte_orders() {
    // Type, count, the value's bytes with the least first.
    let cases = [
        (1, 1, [6, 0, 0, 0], Some(6)),
        (1, 4, [6, 9, 9, 9], Some(6)),
        (3, 1, [6, 0, 0, 0], Some(6)),
        (3, 2, [6, 0, 9, 0], Some(6)),
        (4, 1, [6, 0, 0, 0], Some(6)),
        (6, 1, [6, 0, 0, 0], Some(6)),
        (8, 1, [6, 0, 0, 0], Some(6)),
        (9, 1, [6, 0, 0, 0], Some(6)),
        (3, 1, [0, 0, 0, 0], None),
        (3, 1, [9, 0, 0, 0], None),
        (3, 0, [6, 0, 0, 0], None),
        (6, 1, [0x86, 0, 0, 0], None),
        (9, 1, [6, 0, 0, 0x80], None),
        (2, 1, [b'6', 0, 0, 0], None),
        (99, 1, [6, 0, 0, 0], None),
        // What does not fit into the entry would be outside of the file.
        (3, u32::MAX, [6, 0, 0, 0], None),
    ];
    for (kind, count, value, expected) in cases {
        let little = directory(false, &[(ORIENTATION, kind, count, value)]);
        assert_eq!(orientation(&little), expected, "{kind}, {count}");
        let [a, b, c, d] = value;
        let turned = match kind {
            3 | 8 => [b, a, d, c],
            4 | 9 => [d, c, b, a],
            _ => value,
        };
        let big = directory(true, &[(ORIENTATION, kind, count, turned)]);
        assert_eq!(orientation(&big), expected, "{kind}, {count}");
        let prefixed = [PREFIX, &big].concat();
        assert_eq!(orientation(&prefixed), expected, "{kind}, {count}");
    }
}

#[test]
fn values_that_do_not_fit_into_an_entry_are_read_where_they_are() {
    let mut bytes = directory(false, &[(ORIENTATION, 3, 3, [26, 0, 0, 0])]);
    bytes.extend([8, 0, 1, 0, 1, 0]);
    assert_eq!(orientation(&bytes), Some(8));
    bytes.pop();
    assert_eq!(orientation(&bytes), None);
}

#[test]
fn adobe_rgb_is_told_by_colour_space_and_interoperability() {
    // Colour space, index, and whether it is.
    let cases = [
        (1, b"R03\0", false),
        (2, b"R98\0", true),
        (0xffff, b"R03\0", true),
        (0xffff, b"R98\0", false),
    ];
    for (space, index, expected) in cases {
        // One directory serves as all three: the pointers name itself.
        let bytes = directory(
            false,
            &[
                (INTEROP_INDEX, 2, 4, *index),
                (EXIF_DIRECTORY, 4, 1, [8, 0, 0, 0]),
                (COLOUR_SPACE, 3, 1, (space as u32).to_le_bytes()),
                (INTEROP_DIRECTORY, 4, 1, [8, 0, 0, 0]),
            ],
        );
        let exif = Exif::new(Cow::Owned(bytes)).unwrap();
        assert_eq!(exif.is_adobe_rgb(), expected, "{space} {index:?}");
    }
}

#[test]
fn a_resolution_is_read_with_its_unit() {
    let at = |offset: u8| [offset, 0, 0, 0];
    let x = (X_RESOLUTION, 5, 1, at(50));
    let y = (Y_RESOLUTION, 5, 1, at(58));
    let unit = |unit| (RESOLUTION_UNIT, 3, 1, at(unit));
    let whole = |tag| (tag, 3, 1, at(254));
    let cases = [
        (vec![x, y, unit(2)], Some([100.0, 50.0])),
        (vec![x, y, unit(3)], Some([254.0, 127.0])),
        (vec![x, y, unit(1)], None),
        (vec![x, y, (0, 3, 1, at(0))], Some([100.0, 50.0])),
        (vec![x, unit(2), unit(2)], Some([100.0, 100.0])),
        (
            vec![whole(X_RESOLUTION), whole(Y_RESOLUTION), unit(2)],
            Some([100.0, 100.0]),
        ),
        (vec![y, unit(2), unit(2)], None),
    ];
    for (index, (entries, expected)) in cases.into_iter().enumerate() {
        // 254/1 and 254/2 stand behind three entries.
        let mut bytes = directory(false, &entries);
        bytes.extend(
            [254, 1, 254, 2]
                .iter()
                .flat_map(|&value| u32::to_le_bytes(value)),
        );
        let exif = Exif::new(Cow::Owned(bytes)).unwrap();
        assert_eq!(exif.pixels_per_centimetre(), expected, "case {index}");
    }
}

proptest! {
    #[test]
    fn damaged_exif_is_read_without_a_panic(
        kind in 0..14_u16, count: u32, place: [u8; 4], tail in prop::collection::vec(any::<u8>(), 0..64),
        cut in 0..80_usize, is_big_endian: bool,
    ) {
        let entries = [
            (EXIF_DIRECTORY, 4, 1, place), (ORIENTATION, kind, count, place), (COLOUR_SPACE, 3, 1, [0xff; 4]),
            (X_RESOLUTION, kind, count, place), (RESOLUTION_UNIT, kind, 1, place),
            (INTEROP_DIRECTORY, kind, count, place), (EXIF_DIRECTORY, kind, count, place),
        ];
        let mut bytes = directory(is_big_endian, &entries);
        bytes.extend(tail);
        bytes.truncate(cut);
        if let Some(exif) = Exif::new(Cow::Owned(bytes)) {
            let _ = (exif.orientation(), exif.is_adobe_rgb(), exif.pixels_per_centimetre());
        }
    }
}
