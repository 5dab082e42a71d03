mod files;
mod properties;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

use super::*;

type Rectangle = (u32, u32, u32, u32);

fn rectangle((left, top, width, height): Rectangle) -> BoundingBox {
    BoundingBox {
        left,
        top,
        width,
        height,
    }
}

fn mark(brush: Brush, part: Rectangle) -> Mark<'static> {
    Mark {
        brush,
        area: Area::Rectangle(rectangle(part)),
    }
}

fn contains((left, top, width, height): Rectangle, x: u32, y: u32) -> bool {
    (left..left + width).contains(&x) && (top..top + height).contains(&y)
}

fn picture(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data = places.flat_map(|(x, y)| colour(x, y)).collect();
    Picture::new(width, height, 3, data)
}

fn mask(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Mask {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Mask {
        width,
        height,
        data: places.map(|(x, y)| value(x, y)).collect(),
    }
}

fn corrected(picture: &Picture, mask: &Mask, marks: &[Mark<'_>]) -> Mask {
    let mut mask = mask.clone();
    correct(picture, &mut mask, marks, &Limits::default()).unwrap();
    mask
}

fn at(mask: &Mask, x: u32, y: u32) -> u8 {
    mask.data[(y * mask.width + x) as usize]
}

/// Places that are farther from `part` than `distance`.
fn beyond(part: Rectangle, distance: u32) -> impl Fn(u32, u32) -> bool {
    let (left, top, width, height) = part;
    move |x, y| {
        let across = left
            .saturating_sub(x)
            .max((x + 1).saturating_sub(left + width));
        let down = top
            .saturating_sub(y)
            .max((y + 1).saturating_sub(top + height));
        across * across + down * down > distance * distance
    }
}

fn file(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let image: DynamicImage = image.into();
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

const SUBJECT: Rectangle = (150, 120, 300, 240);
const ARM: Rectangle = (450, 200, 120, 60);

/// A red body with a yellow arm before blue, on slightly uneven ground.
fn scene() -> Picture {
    picture(640, 480, |x, y| {
        let noise = ((x * 7 + y * 13) % 5) as u8;
        if contains(SUBJECT, x, y) {
            [180, 40 + noise, 40]
        } else if contains(ARM, x, y) {
            [200, 170 + noise, 60]
        } else {
            [30, 60 + noise, 150]
        }
    })
}

fn of_scene(has_arm: bool, hole: Rectangle) -> Mask {
    mask(640, 480, |x, y| {
        let is_subject = contains(SUBJECT, x, y) || (has_arm && contains(ARM, x, y));
        if is_subject && !contains(hole, x, y) {
            255
        } else {
            0
        }
    })
}

#[test]
fn a_sloppy_mark_takes_what_it_is_about_along_the_images_edges_and_the_rest_stays() {
    let nothing = (0, 0, 0, 0);
    // Each mark misses the edges of what it is about by some pixels, to either side.
    let cases = [
        (
            "an arm goes",
            Brush::Erase,
            (447, 195, 131, 72),
            of_scene(true, nothing),
            of_scene(false, nothing),
        ),
        (
            "an arm goes",
            Brush::Erase,
            (454, 204, 111, 52),
            of_scene(true, nothing),
            of_scene(false, nothing),
        ),
        (
            "an arm returns",
            Brush::Keep,
            (446, 204, 128, 62),
            of_scene(false, nothing),
            of_scene(true, nothing),
        ),
        (
            "a hole returns",
            Brush::Keep,
            (202, 204, 92, 72),
            of_scene(true, (200, 200, 100, 80)),
            of_scene(true, nothing),
        ),
    ];
    let scene = scene();
    for (name, brush, part, before, expected) in cases {
        let found = corrected(&scene, &before, &[mark(brush, part)]);
        let is_far = beyond(part, reach(640, 480) as u32);
        let mut wrong = 0;
        for (x, y) in (0..480).flat_map(|y| (0..640).map(move |x| (x, y))) {
            let value = at(&found, x, y);
            wrong += u32::from(value.abs_diff(at(&expected, x, y)) > 127);
            if is_far(x, y) {
                assert_eq!(value, at(&before, x, y), "{name} {part:?}: {x},{y}");
            }
        }
        let changed = before.data.iter().zip(&found.data).filter(|(a, b)| a != b);
        assert!(changed.count() > 3000, "{name} {part:?}");
        assert!(wrong <= 40, "{name} {part:?}: {wrong} wrong pixels");
    }
}

#[test]
fn where_the_image_has_no_edge_the_marks_own_border_is_that_of_the_result() {
    for (width, height) in [(200, 150), (1920, 300)] {
        let plain = picture(width, height, |_, _| [90, 120, 60]);
        let part = (40, 30, 77, 64);
        // As wide as a few cells.
        let soft = 2 + width / SIDE as u32 * 2;
        let (left, top, across, down) = part;
        let inner = (left + soft, top + soft, across - 2 * soft, down - 2 * soft);
        for (brush, level) in [(Brush::Keep, 0), (Brush::Erase, 255)] {
            let before = mask(width, height, |_, _| level);
            let after = corrected(&plain, &before, &[mark(brush, part)]);
            let is_outside = beyond(part, soft);
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                let value = at(&after, x, y);
                if contains(inner, x, y) {
                    assert_eq!(value, brush.target(), "{brush:?} {x},{y}");
                } else if contains(part, x, y) {
                    assert_ne!(value, level, "{brush:?} {x},{y}");
                } else if is_outside(x, y) {
                    assert_eq!(value, level, "{brush:?} {x},{y}");
                }
            }
        }
    }
}

#[test]
fn a_narrow_part_between_marks_or_at_the_border_is_not_taken_along() {
    // A pole with hard edges between two marks.
    let (width, height) = (1280, 400);
    let is_pole = |x: u32| (610..634).contains(&x);
    let pole = picture(
        width,
        height,
        |x, _| if is_pole(x) { [190; 3] } else { [40; 3] },
    );
    let before = mask(width, height, |_, _| 255);
    let marks = [(200, 0, 410, height), (634, 0, 400, height)].map(|part| mark(Brush::Erase, part));
    let after = corrected(&pole, &before, &marks);
    assert_eq!([400, 622, 800].map(|x| at(&after, x, 200)), [0, 255, 0]);
    // A strip at the image's border behind a hard edge.
    let strip = picture(
        width,
        height,
        |x, _| if x < 14 { [190; 3] } else { [40; 3] },
    );
    let before = mask(width, height, |_, _| 0);
    let after = corrected(&strip, &before, &[mark(Brush::Keep, (14, 0, 400, height))]);
    assert_eq!([4, 200].map(|x| at(&after, x, 200)), [0, 255]);
}

#[test]
fn a_stroke_of_a_pixel_or_two_is_drawn_as_it_is() {
    let picture = picture(1600, 900, |x, _| [(x / 8) as u8, 90, 120]);
    let before = mask(1600, 900, |_, _| 255);
    for part in [(700, 400, 1, 1), (700, 400, 2, 90), (640, 400, 90, 1)] {
        let after = corrected(&picture, &before, &[mark(Brush::Erase, part)]);
        for (x, y) in (380..510).flat_map(|y| (620..820).map(move |x| (x, y))) {
            let expected = if contains(part, x, y) { 0 } else { 255 };
            assert_eq!(at(&after, x, y), expected, "{part:?} {x},{y}");
        }
    }
}

#[test]
fn of_marks_that_overlap_the_later_one_wins() {
    let plain = picture(300, 300, |_, _| [50; 3]);
    let before = mask(300, 300, |_, _| 100);
    let (keep, erase) = (
        mark(Brush::Keep, (50, 50, 200, 200)),
        mark(Brush::Erase, (100, 100, 100, 100)),
    );
    let ring = corrected(&plain, &before, &[keep, erase]);
    assert_eq!([at(&ring, 150, 150), at(&ring, 75, 150)], [0, 255]);
    let full = corrected(&plain, &before, &[erase, keep]);
    assert_eq!([at(&full, 150, 150), at(&full, 75, 150)], [255, 255]);
    assert_eq!([at(&ring, 10, 10), at(&full, 10, 10)], [100, 100]);
}

#[test]
fn what_is_wholly_transparent_is_never_foreground() {
    let mut visible = picture(64, 64, |_, _| [200; 3]);
    visible.channels = 4;
    let pixel = |i: usize| [200, 200, 200, if i % 64 < 32 { 0 } else { 255 }];
    visible.data = (0..64 * 64).flat_map(pixel).collect();
    let before = mask(64, 64, |_, _| 0);
    let after = corrected(&visible, &before, &[mark(Brush::Keep, (0, 0, 64, 64))]);
    let expected = mask(64, 64, |x, _| if x < 32 { 0 } else { 255 });
    assert_eq!(after, expected);
}
