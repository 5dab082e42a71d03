//! Palettes, inks and YCbCr, and the colours of JPEG within TIFF.

use super::*;

#[test]
fn palettes_and_inks_become_rgb() {
    let palette = |scale: u32| -> Vec<u8> {
        let mut tags = tags(3, 1, 2, 3, 1);
        let map = [9, 20, 30, 40, 1, 2, 3, 4, 250, 251, 252, 253];
        tags.push((320, 3, map.map(|value| value * scale).to_vec()));
        file(&tags, &[vec![0b1100_0100]])
    };
    for scale in [1, 257] {
        let found = read(&palette(scale)).unwrap().data;
        assert_eq!(found, [40, 4, 253, 9, 1, 250, 20, 2, 251], "scale {scale}");
    }
    let inks = vec![0, 0, 0, 0, 255, 0, 0, 0, 100, 50, 0, 51];
    let made = file(&tags(3, 1, 8, 5, 4), &[inks]);
    assert_eq!(
        read(&made).unwrap().data,
        [255, 255, 255, 0, 255, 255, 124, 164, 204]
    );
    let deep = [0, 0, 0, 0, 0xffff, 0x8000, 0, 0].map(u16::to_le_bytes);
    let made = file(&tags(2, 1, 16, 5, 4), &[deep.concat()]);
    assert_eq!(
        values(&read(&made).unwrap()),
        [65535, 65535, 65535, 0, 32767, 65535]
    );
}

#[test]
fn inks_become_rgb_by_their_profile() {
    let jpeg = include_bytes!("../../../../tests/golden/inks.jpg");
    let head = b"ICC_PROFILE\0\x01\x01";
    let at = jpeg
        .windows(head.len())
        .position(|window| window == head)
        .unwrap();
    let length = usize::from(u16::from_be_bytes([jpeg[at - 2], jpeg[at - 1]]));
    let profile = &jpeg[at + head.len()..at - 2 + length];
    let inks = [[0, 0, 0, 0], [255, 0, 0, 0], [100, 50, 0, 51], [255; 4]];
    // By LittleCMS in Pillow 13, ImageCms.profileToProfile.
    let expected = [[255, 255, 255], [52, 141, 174], [119, 125, 139], [0, 0, 0]];
    for (bits, extra) in [(8, false), (16, false), (8, true), (16, true)] {
        let mut tags = tags(4, 1, bits, 5, if extra { 5 } else { 4 });
        tags.push((34675, 1, profile.iter().map(|&byte| byte.into()).collect()));
        if extra {
            tags.push((338, 3, vec![2]));
        }
        let alpha = [9_u8].into_iter().take(usize::from(extra));
        let pixels = inks
            .iter()
            .flat_map(|ink| ink.iter().copied().chain(alpha.clone()));
        let strip: Vec<u8> = pixels
            .flat_map(|value| vec![value; bits as usize / 8])
            .collect();
        let found = read(&file(&tags, &[strip])).unwrap();
        assert!(found.fine.is_none() && (found.channels == 4) == extra);
        for (pixel, expected) in found.data.chunks(found.channels).zip(expected) {
            let near = pixel
                .iter()
                .zip(expected)
                .all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 3);
            assert!(
                near && pixel.get(3).is_none_or(|&alpha| alpha == 9),
                "{pixel:?}"
            );
        }
    }
}

#[test]
fn subsampled_ycbcr_becomes_what_libtiff_makes_of_it() {
    let blocks = [
        50, 200, 90, 160, 120, 30, 128, 128, 255, 0, 30, 200, 10, 250, 220, 60,
    ];
    let mut plain = tags(4, 2, 8, 6, 3);
    plain.push((530, 3, vec![2, 1]));
    let mut stated = plain.clone();
    stated.push((529, 5, vec![2126, 10000, 7152, 10000, 722, 10000]));
    stated.push((532, 5, vec![16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1]));
    // By tiff2rgba.
    let cases = [
        (
            plain,
            [
                95, 40, 0, 245, 190, 133, 120, 120, 120, 30, 30, 30, 255, 237, 81, 101, 0, 0, 0,
                27, 173, 155, 255, 255,
            ],
        ),
        (
            stated,
            [
                96, 30, 0, 255, 205, 134, 121, 121, 121, 16, 16, 16, 255, 255, 72, 110, 0, 0, 0,
                11, 187, 151, 255, 255,
            ],
        ),
    ];
    for (tags, expected) in cases {
        for (compression, strip) in [(1, blocks.to_vec()), (8, deflated(&blocks))] {
            let found = read(&file(&with(tags.clone(), &[(259, compression)]), &[strip]))
                .unwrap()
                .data;
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(near && found.len() == 24, "{found:?}");
        }
    }
}

#[test]
fn jpeg_has_the_colours_that_the_directory_says() {
    let jpeg = include_bytes!("../../../../tests/golden/rgb_coded.jpg");
    // Segments up to the frame, those with tables apart; what names the colours is left out.
    let (mut tables, mut rest) = (b"\xff\xd8".to_vec(), b"\xff\xd8".to_vec());
    let mut at = 2;
    while jpeg[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        match jpeg[at + 1] {
            0xdb | 0xc4 => tables.extend(&jpeg[at..end]),
            0xe0..=0xef => {}
            _ => rest.extend(&jpeg[at..end]),
        }
        at = end;
    }
    tables.extend(b"\xff\xd9");
    rest.extend(&jpeg[at..]);
    let mut tags = with(tags(32, 32, 8, 2, 3), &[(259, 7)]);
    tags.push((347, 1, tables.iter().map(|&byte| byte.into()).collect()));
    let found = read(&file(&tags, &[rest.clone()])).unwrap();
    // The colours of tests/golden/make.py.
    for (x, y, expected) in [(8, 8, [200, 40, 30]), (24, 24, [240, 235, 200])] {
        let pixel = &found.data[(y * 32 + x) * 3..][..3];
        let near = pixel
            .iter()
            .zip(expected)
            .all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 4);
        assert!(near, "{pixel:?}");
    }
    let cut = rest[..rest.len() / 2].to_vec();
    assert!(read(&file(&tags, &[cut])).is_err());
}

#[test]
fn ycbcr_jpeg_in_strips_is_read_as_libtiff_reads_it() {
    let found = read(include_bytes!(
        "../../../../../../fixtures/reports/t_jpeg_ycbcr.tif"
    ))
    .unwrap();
    assert_eq!((found.width, found.height, found.channels), (600, 400, 3));
    // By Pillow 13, which uses libtiff.
    let pixels = [
        (20, 10, [0, 150, 0]),
        (300, 200, [255, 119, 255]),
        (598, 399, [16, 234, 36]),
        (450, 130, [65, 253, 130]),
    ];
    for (x, y, expected) in pixels {
        let pixel = &found.data[(y * 600 + x) * 3..][..3];
        let near = pixel
            .iter()
            .zip(expected)
            .all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 4);
        assert!(near, "{x}, {y}: {pixel:?}");
    }
}
