use super::*;

#[test]
fn a_size_is_kept_or_brought_down_in_its_own_shape() {
    let side = |max_side| Size {
        max_side: Some(max_side),
        max_pixels: None,
    };
    let area = |max_pixels| Size {
        max_side: None,
        max_pixels: Some(max_pixels),
    };
    let cases = [
        (Size::default(), (4000, 3000), (4000, 3000)),
        (side(4000), (4000, 3000), (4000, 3000)),
        (side(1000), (4000, 3000), (1000, 750)),
        (side(1000), (3000, 4000), (750, 1000)),
        (side(1), (4000, 3), (1, 1)),
        (area(250_000), (1000, 1000), (500, 500)),
        (area(250_000), (4000, 3000), (577, 433)),
        (area(250_000), (100, 100), (100, 100)),
    ];
    for (size, (w, h), expected) in cases {
        assert_eq!(size.of(w, h), expected, "{size:?} {w}×{h}");
    }
}
