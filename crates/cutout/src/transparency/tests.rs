use super::*;

/// 20 × 10 pixels.
fn picture(pixel: impl Fn(u32, u32) -> [u8; 4]) -> Picture {
    let places = (0..10).flat_map(|y| (0..20).map(move |x| (x, y)));
    Picture::new(20, 10, 4, places.flat_map(|(x, y)| pixel(x, y)).collect())
}

fn inside(x: u32, y: u32) -> bool {
    (5..15).contains(&x) && (2..8).contains(&y)
}

#[test]
fn hidden_colours_are_not_seen_and_the_ground_is_far_from_what_is() {
    for (colour, ground) in [(0, 255), (255, 0), (100, 255), (160, 0)] {
        for hidden in [0, 90, 255] {
            let seen = Seen::of(&picture(|x, _| match x < 5 {
                true => [colour, colour, colour, 255],
                false => [hidden, hidden, hidden, 0],
            }));
            let Seen::Before(plain) = seen else {
                panic!("{colour} over {hidden} is not seen before a ground");
            };
            assert_eq!(plain.channels, 3);
            assert_eq!(plain.data[0], colour, "{colour} over {hidden}");
            assert_eq!(plain.data[19 * 3], ground, "{colour} over {hidden}");
        }
    }
}

#[test]
fn alpha_says_how_much_is_seen() {
    let opaque = |x: u32, y: u32| if inside(x, y) { 255 } else { 0 };
    let seen = |alpha: &dyn Fn(u32, u32) -> u8| Seen::of(&picture(|x, y| [1, 2, 3, alpha(x, y)]));
    assert!(matches!(seen(&|_, _| 255), Seen::All));
    assert!(matches!(seen(&|_, _| 0), Seen::Nothing));
    assert!(matches!(seen(&opaque), Seen::Free));
    // A haze that nobody sees.
    assert!(matches!(seen(&|x, y| opaque(x, y).max(10)), Seen::Free));
    let touching = |x: u32, _: u32| if x < 9 { 255 } else { 0 };
    assert!(matches!(seen(&touching), Seen::Before(_)));
    let without = Picture::new(1, 1, 3, vec![1, 2, 3]);
    assert!(matches!(Seen::of(&without), Seen::All));
}

/// Two of 200 pixels are clear: a photo, whatever little its subject is.
#[test]
fn a_photo_with_a_clear_corner_is_cut_out_as_any_other() {
    let picture = picture(|x, y| [9, 9, 9, if x < 2 && y < 1 { 0 } else { 255 }]);
    let mut mask = Mask::empty(20, 10);
    mask.data[..3].fill(255);
    let matte = trusted(
        Matte {
            mask,
            uncertainty: 0.3,
        },
        &picture,
    );
    let found: Vec<usize> = (0..200).filter(|i| matte.mask.data[*i] > 0).collect();
    assert_eq!((found, matte.uncertainty), (vec![2], 0.3));
}

#[test]
fn edges_that_mask_and_alpha_share_are_resampled_once() {
    // A line of one pixel; the mask is what is visible.
    let picture = picture(|x, _| [200, 200, 200, if x == 9 { 255 } else { 0 }]);
    let mask = visible_part(&picture).mask;
    let alone = picture.stretched(10, 5);
    let (small, mask) = stretched(&picture, &mask, 10, 5);
    let pixels = small.data.as_chunks::<4>().0.iter().zip(&mask.data);
    let found: Vec<u8> = pixels.map(|(p, m)| product(p[3], *m)).collect();
    let expected = alone.data.as_chunks::<4>().0.iter().map(|pixel| pixel[3]);
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(
            found.abs_diff(expected) <= 1,
            "{found} instead of {expected}"
        );
    }
}

#[test]
fn a_haze_that_nobody_sees_is_outside_of_the_box() {
    let picture = picture(|x, y| [9, 9, 9, if inside(x, y) { 255 } else { 7 }]);
    let found = foreground(&picture, &visible_part(&picture).mask).unwrap();
    let expected = BoundingBox {
        left: 5,
        top: 2,
        width: 10,
        height: 6,
    };
    assert_eq!(found, expected);
}

#[test]
fn a_network_that_takes_next_to_nothing_or_nearly_all_leaves_the_image_as_it_is() {
    let picture = picture(|x, y| [9, 9, 9, if inside(x, y) { 200 } else { 0 }]);
    let kept = |columns: u32| {
        let value = |i: u32| if i % 20 < 5 + columns { 255 } else { 0 };
        let matte = Matte {
            mask: Mask {
                width: 20,
                height: 10,
                data: (0..200).map(value).collect(),
            },
            uncertainty: 0.3,
        };
        trusted(matte, &picture)
    };
    let count = |matte: &Matte| {
        matte
            .mask
            .data
            .iter()
            .filter(|value| **value == 255)
            .count()
    };
    // Of ten columns: none and all are no answer, half of them is one.
    for (columns, expected) in [(0, 60), (10, 60), (5, 30)] {
        let matte = kept(columns);
        assert_eq!(count(&matte), expected, "{columns} columns");
        assert_eq!(matte.uncertainty == 0.0, columns != 5);
    }
}
