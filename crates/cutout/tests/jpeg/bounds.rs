//! Bounds on sizes and scans, of files that are made here.

use super::*;

/// A grey image of one colour in `count` components, each in a scan of its own: each block has two bits, both 0.
fn flat(width: u16, height: u16, count: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 8 + 3 * count, 8]);
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.push(count);
    bytes.extend((1..=count).flat_map(|id| [id, 0x11, 0]));
    for class in [0, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1]);
        bytes.extend([0; 16]);
    }
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    for id in 1..=count {
        bytes.extend([0xff, 0xda, 0, 8, 1, id, 0, 0, 63, 0]);
        bytes.extend(vec![0; blocks.div_ceil(4)]);
    }
    bytes.extend(b"\xff\xd9");
    bytes
}

#[test]
fn an_image_that_the_second_decoder_has_no_room_for_is_too_large() {
    let small = read(&flat(64, 40, 3)).unwrap();
    assert!(small.data.iter().all(|&value| value == 128));
    // Four more pixels in a row than a third of 64 Mi in all.
    let cases = [(4_728, 4_728, "read"), (4_732, 4_728, "too-many-pixels")];
    for (width, height, expected) in cases {
        let bytes = flat(width, height, 3);
        assert_eq!(kind(&read(&bytes)), expected, "{width}×{height}");
    }
}

#[test]
fn limits_are_checked_before_the_scans_are_walked() {
    let bytes = &flat(3_000, 3_000, 3)[..200];
    let limits = Limits {
        max_pixels: 1_000_000,
        ..Limits::default()
    };
    let error = decode(bytes, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyPixels);
}

/// A grey progressive image of one colour: a scan of averages, which are 0, and then `scans` that say of 16,384 blocks at
/// once that there is nothing else in them. The last of them makes the image whole.
fn progressive(side: u16, scans: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc2, 0, 11, 8]);
    bytes.extend([side, side].map(u16::to_be_bytes).as_flattened());
    bytes.extend([1, 1, 0x11, 0]);
    for (class, symbol) in [(0, 0), (0x10, 0xe0)] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1]);
        bytes.extend([0; 15]);
        bytes.push(symbol);
    }
    let blocks = usize::from(side.div_ceil(8)).pow(2);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0]);
    bytes.extend(vec![0; blocks.div_ceil(8)]);
    for scan in 1..=scans {
        let bits = if scan < scans { 0x01 } else { 0x10 };
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, bits]);
        bytes.extend(vec![0; (blocks.div_ceil(16_384) * 15).div_ceil(8)]);
    }
    bytes.extend(b"\xff\xd9");
    bytes
}

#[test]
fn an_image_of_more_scans_than_encoders_write_is_refused() {
    // Sides, and the scans behind that of averages: 100 in all, and of 262,144 blocks 32 times their number and 4,194,304.
    let cases = [
        (300, 99, true),
        (300, 100, false),
        (4_096, 47, true),
        (4_096, 48, false),
    ];
    for (side, scans, is_read) in cases {
        let found = read(&progressive(side, scans));
        if is_read {
            assert!(found.unwrap().data.iter().all(|&value| value == 128));
            continue;
        }
        let error = found.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("more scans than") && text.contains("save it as"),
            "{text}"
        );
    }
}
