use super::*;

fn rows(picture: &Picture, mask: &Mask) -> Vec<u8> {
    let mut all = Vec::new();
    let cutout = Cutout::new(picture, mask, Quality::Fast).unwrap();
    cutout
        .rows(|row| {
            all.extend_from_slice(row);
            Ok::<(), Error>(())
        })
        .unwrap();
    all
}

#[test]
fn colours_stay_and_the_mask_becomes_alpha() {
    let picture = Picture::new(1, 3, 3, vec![9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let mask = Mask {
        width: 1,
        height: 3,
        data: vec![255, 1, 0],
    };
    assert_eq!(
        rows(&picture, &mask),
        [9, 8, 7, 255, 6, 5, 4, 1, 0, 0, 0, 0]
    );
}

#[test]
fn the_pictures_own_alpha_is_multiplied_in() {
    let cases = [
        (255, 255, 255),
        (255, 100, 100),
        (100, 255, 100),
        (128, 128, 64),
        (1, 127, 0),
        (1, 128, 1),
        (0, 255, 0),
    ];
    for (own, value, expected) in cases {
        let picture = Picture::new(1, 1, 4, vec![9, 8, 7, own]);
        let mask = Mask {
            width: 1,
            height: 1,
            data: vec![value],
        };
        let colour = if expected == 0 { [0, 0, 0] } else { [9, 8, 7] };
        let found = rows(&picture, &mask);
        assert_eq!(
            (&found[..3], found[3]),
            (&colour[..], expected),
            "{own} × {value}"
        );
    }
    for (a, b) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
        let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u8;
        assert_eq!(product(a, b), exact, "{a} × {b}");
    }
}

#[test]
fn what_8_bits_keep_has_all_of_its_bits_in_16() {
    // What the rows give, the image's high and low bytes, the mask's value, the pixel.
    type Case = ([u8; 4], &'static [u8], &'static [u8], u8, [u16; 4]);
    let cases: [Case; 6] = [
        (
            [9, 8, 7, 255],
            &[9, 8, 7],
            &[1, 2, 3],
            255,
            [0x901, 0x802, 0x703, 0xffff],
        ),
        (
            [9, 8, 7, 128],
            &[9, 8, 7],
            &[1, 2, 3],
            128,
            [0x901, 0x802, 0x703, 0x8080],
        ),
        ([0; 4], &[9, 8, 7], &[1, 2, 3], 0, [0; 4]),
        (
            [9, 8, 7, 1],
            &[9, 8, 7, 1],
            &[1, 2, 3, 4],
            255,
            [0x901, 0x802, 0x703, 0x104],
        ),
        // Half of an alpha that is too faint for 8 bits.
        (
            [0; 4],
            &[9, 8, 7, 0],
            &[1, 2, 3, 200],
            128,
            [0x901, 0x802, 0x703, 100],
        ),
        // Another colour than the image's.
        (
            [5, 8, 7, 128],
            &[9, 8, 7],
            &[1, 2, 3],
            128,
            [0x505, 0x802, 0x703, 0x8080],
        ),
    ];
    for (joined, coarse, fine, mask, expected) in cases {
        let found = widened(joined, coarse, fine, mask);
        assert_eq!(found, expected, "{joined:?} {mask}");
    }
}

#[test]
fn a_mask_of_another_size_is_an_error() {
    let picture = Picture::new(2, 1, 3, vec![0; 6]);
    let short = Picture::new(2, 1, 3, vec![0; 5]);
    let cases = [
        (&picture, Mask::empty(1, 2)),
        (
            &picture,
            Mask {
                data: vec![0],
                ..Mask::empty(2, 1)
            },
        ),
        (&short, Mask::empty(2, 1)),
    ];
    for (picture, mask) in cases {
        assert_eq!(
            Cutout::new(picture, &mask, Quality::Fast)
                .unwrap_err()
                .kind(),
            ErrorKind::Encode,
            "{picture:?} {mask:?}"
        );
    }
}
