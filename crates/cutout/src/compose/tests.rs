mod files;

use super::*;
use crate::ErrorKind;

/// Every pixel has a colour of its own: its column, its row.
fn picture(width: u32, height: u32) -> Picture {
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7]));
    Picture::new(width, height, 3, pixels.collect())
}

fn mask(width: u32, height: u32, subject: [u32; 4]) -> Mask {
    let [left, top, w, h] = subject;
    let inside = |x: u32, y: u32| (left..left + w).contains(&x) && (top..top + h).contains(&y);
    let values = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Mask {
        width,
        height,
        data: values
            .map(|(x, y)| if inside(x, y) { 255 } else { 0 })
            .collect(),
    }
}

fn composed(layout: Layout, behind: &Behind) -> Canvas {
    let (picture, mask) = (picture(10, 8), mask(10, 8, [2, 3, 4, 2]));
    compose(
        &picture,
        &mask,
        &layout,
        Size::default(),
        Quality::Fast,
        behind,
        &Limits::default(),
    )
    .unwrap()
}

fn pixel(canvas: &Canvas, x: u32, y: u32) -> [u8; 4] {
    canvas.pixels()[(y * canvas.width + x) as usize]
}

#[test]
fn the_subject_stands_where_the_layout_says() {
    let crop = |length| Layout {
        crop: Some(Margins::all(length)),
        ..Layout::default()
    };
    let at = |x, y| Layout {
        position: Some([x, y]),
        ..Layout::default()
    };
    let scale = |scale| Layout {
        scale: Some(scale),
        ..Layout::default()
    };
    let uneven = Layout {
        crop: Some(Margins {
            top: Length::Pixels(5),
            right: Length::Pixels(0),
            bottom: Length::Share(0.5),
            left: Length::Share(0.25),
        }),
        ..Layout::default()
    };
    // The layout, the canvas, and the subject's box on it.
    let cases = [
        (Layout::default(), [10, 8], [2, 3, 4, 2]),
        (crop(Length::Pixels(0)), [4, 2], [0, 0, 4, 2]),
        (crop(Length::Pixels(1)), [6, 4], [1, 1, 4, 2]),
        (crop(Length::Pixels(9)), [22, 20], [9, 9, 4, 2]),
        (uneven, [5, 8], [1, 5, 4, 2]),
        (at(0.0, 0.0), [10, 8], [0, 0, 4, 2]),
        (at(0.5, 0.5), [10, 8], [3, 3, 4, 2]),
        (at(1.0, 1.0), [10, 8], [6, 6, 4, 2]),
        (scale(1.0), [10, 8], [0, 2, 10, 5]),
        (scale(0.5), [10, 8], [3, 3, 5, 3]),
        (
            Layout {
                position: Some([0.0, 1.0]),
                ..scale(0.4)
            },
            [10, 8],
            [0, 6, 4, 2],
        ),
    ];
    for (layout, [width, height], [left, top, w, h]) in cases {
        let canvas = composed(layout, &Behind::Transparent);
        assert_eq!((canvas.width, canvas.height), (width, height), "{layout:?}");
        let expected = BoundingBox {
            left,
            top,
            width: w,
            height: h,
        };
        assert_eq!(canvas.foreground, expected, "{layout:?}");
        assert_eq!(canvas.alpha().foreground(), Some(expected), "{layout:?}");
        if (w, h) == (4, 2) {
            assert_eq!(pixel(&canvas, left, top), [2, 3, 7, 255], "{layout:?}");
            let corner = pixel(&canvas, left + w - 1, top + h - 1);
            assert_eq!(corner, [5, 4, 7, 255], "{layout:?}");
        }
    }
}

#[test]
fn a_background_is_seen_where_the_subject_is_not() {
    let colour = composed(Layout::default(), &Behind::Colour([9, 8, 7, 255]));
    assert!(colour.opaque);
    assert_eq!(pixel(&colour, 0, 0), [9, 8, 7, 255]);
    assert_eq!(pixel(&colour, 2, 3), [2, 3, 7, 255]);

    let half = composed(Layout::default(), &Behind::Colour([9, 8, 7, 128]));
    assert_eq!(pixel(&half, 0, 0), [9, 8, 7, 128]);

    // Twice as wide as high: its middle covers the canvas of 10 × 8, half of it red and half green.
    let halves = [[200, 0, 0].repeat(20), [0, 200, 0].repeat(20)];
    let halves = Picture::new(40, 20, 3, halves.concat().repeat(20));
    let covered = composed(Layout::default(), &Behind::Picture(halves));
    assert!(covered.opaque);
    assert_eq!(pixel(&covered, 0, 0), [200, 0, 0, 255]);
    assert_eq!(pixel(&covered, 9, 7), [0, 200, 0, 255]);
    assert_eq!(pixel(&covered, 2, 3), [2, 3, 7, 255]);
}

#[test]
fn one_pixel_over_another_is_exact_to_a_level() {
    let values = [0, 1, 10, 127, 128, 254, 255];
    for (a, b) in values.iter().flat_map(|a| values.map(|b| (*a, b))) {
        let found = over([200, 0, 255, a], [10, 255, 255, b]);
        let (a, b) = (f64::from(a) / 255.0, f64::from(b) / 255.0);
        let alpha = a + b * (1.0 - a);
        if alpha == 0.0 {
            assert_eq!(found, [0; 4]);
            continue;
        }
        let mix = |t: f64, u: f64| (t * a + u * b * (1.0 - a)) / alpha;
        let exact = [mix(200.0, 10.0), mix(0.0, 255.0), 255.0, alpha * 255.0];
        for (found, exact) in found.iter().zip(exact) {
            assert!((f64::from(*found) - exact).abs() <= 0.51, "{found} {exact}");
        }
    }
}

#[test]
fn a_canvas_above_the_limits_is_refused_before_it_is_made() {
    let layout = Layout {
        crop: Some(Margins::all(Length::Pixels(u32::MAX))),
        ..Layout::default()
    };
    let (picture, mask) = (picture(10, 8), mask(10, 8, [2, 3, 4, 2]));
    let refused = compose(
        &picture,
        &mask,
        &layout,
        Size::default(),
        Quality::Fast,
        &Behind::Transparent,
        &Limits::default(),
    );
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooManyPixels);
}

#[test]
fn a_canvas_is_no_larger_than_its_size_whatever_the_layout() {
    let (picture, mask) = (picture(200, 100), mask(200, 100, [50, 20, 60, 40]));
    let crop = |length| Layout {
        crop: Some(Margins::all(length)),
        ..Layout::default()
    };
    let side = |max_side| Size {
        max_side: Some(max_side),
        max_pixels: None,
    };
    for (layout, size, expected) in [
        (Layout::default(), side(100), (100, 50)),
        (crop(Length::Pixels(0)), side(60), (60, 40)),
        (crop(Length::Pixels(0)), side(30), (30, 20)),
        (crop(Length::Pixels(70)), side(100), (99, 89)),
        (crop(Length::Share(0.5)), side(60), (59, 39)),
        (crop(Length::Share(0.5)), side(4), (3, 3)),
    ] {
        let (nothing, fast) = (&Behind::Transparent, Quality::Fast);
        let canvas = compose(
            &picture,
            &mask,
            &layout,
            size,
            fast,
            nothing,
            &Limits::default(),
        );
        let canvas = canvas.unwrap();
        let close = |a: u32, b: u32| a.abs_diff(b) <= 2;
        let longer = canvas.width.max(canvas.height);
        assert!(longer <= size.max_side.unwrap(), "{layout:?} {longer}");
        let found = (canvas.width, canvas.height);
        assert!(
            close(found.0, expected.0) && close(found.1, expected.1),
            "{layout:?} {found:?}"
        );
    }
}
