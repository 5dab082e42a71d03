use image::{Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

/// An image and a mask of some noise, and marks within.
/// Whether a pixel of a rectangle is within `cell` pixels of one of its corners on both axes.
fn is_corner((left, top, width, height): Rectangle, x: u32, y: u32, cell: u32) -> bool {
    let is_end = |at: u32, length: u32| at < cell || length - 1 - at < cell;
    is_end(x - left, width) && is_end(y - top, height)
}

fn any_job() -> impl Strategy<Value = (Picture, Mask, Vec<(Brush, Rectangle)>)> {
    // Those with a side above 640 have cells of several pixels.
    let size = prop_oneof![
        (1_u32..130, 1_u32..90),
        (641_u32..2600, 1_u32..24),
        (1_u32..24, 641_u32..2600),
    ];
    (size, any::<u32>(), 1_u32..40).prop_flat_map(|((width, height), seed, coarse)| {
        let noise = move |x: u32, y: u32| {
            let number = (x / coarse * 7919) ^ (y / coarse * 104_729) ^ seed;
            number.wrapping_mul(2_654_435_761) >> 7
        };
        let colours = picture(width, height, |x, y| {
            noise(x, y).to_le_bytes()[..3].try_into().unwrap()
        });
        let values = mask(width, height, move |x, y| (noise(x, y) >> 3) as u8);
        let part = (0..width, 0..height)
            .prop_flat_map(move |(x, y)| (Just(x), Just(y), 1..=width - x, 1..=height - y));
        let brush = prop_oneof![Just(Brush::Keep), Just(Brush::Erase)];
        let marks = prop::collection::vec((brush, part), 0..4);
        (Just(colours), Just(values), marks)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn only_what_is_within_reach_changes_and_what_is_deep_in_a_mark_is_as_it_asks((picture, before, parts) in any_job()) {
        let marks: Vec<_> = parts.iter().map(|(brush, part)| mark(*brush, *part)).collect();
        let after = corrected(&picture, &before, &marks);
        let reach = reach(picture.width as usize, picture.height as usize) as u32;
        let painted = Painted::of(&marks, picture.width, picture.height, &Limits::default()).unwrap();
        let (width, height) = (i64::from(picture.width), i64::from(picture.height));
        let label = |x: i64, y: i64| painted.labels.get((y * width + x) as usize).copied();
        for (x, y) in (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y))) {
            let value = at(&after, x, y);
            if parts.iter().all(|(_, part)| beyond(*part, reach)(x, y)) {
                prop_assert_eq!(value, at(&before, x, y), "{},{}", x, y);
            }
            let (x, y, reach) = (i64::from(x), i64::from(y), i64::from(reach) + 1);
            let own = label(x, y).unwrap_or(0);
            let rows = (y - reach).max(0)..(y + reach + 1).min(height);
            let columns = (x - reach).max(0)..(x + reach + 1).min(width);
            let is_deep = || rows.clone().all(|y| columns.clone().all(|x| label(x, y) == Some(own)));
            if own > 0 && is_deep() {
                prop_assert_eq!(value, Brush::ALL[usize::from(own) - 1].target(), "{},{}", x, y);
            }
        }
    }

    #[test]
    fn marks_are_as_good_as_what_they_paint_together((picture, before, parts) in any_job()) {
        let marks: Vec<_> = parts.iter().map(|(brush, part)| mark(*brush, *part)).collect();
        let painted = Painted::of(&marks, picture.width, picture.height, &Limits::default()).unwrap();
        let files = [1, 2].map(|label| {
            let pixel = |x: u32, y: u32| {
                let is_painted = painted.labels.get((y * picture.width + x) as usize) == Some(&label);
                Rgba([200, 0, 0, if is_painted { 255 } else { 0 }])
            };
            file(RgbaImage::from_fn(picture.width, picture.height, pixel))
        });
        let layers = [1, 0].map(|i| Mark { brush: Brush::ALL[i], area: Area::Painted(&files[i]) });
        prop_assert_eq!(corrected(&picture, &before, &marks), corrected(&picture, &before, &layers));
    }

    #[test]
    fn a_mark_in_the_midst_of_one_colour_always_changes_all_of_its_part(
        (_, before, parts) in any_job(), level in any::<u8>(),
    ) {
        let plain = picture(before.width, before.height, |_, _| [level; 3]);
        // Where cells have several pixels, corners are rounded.
        let longer = before.width.max(before.height);
        let cell = if longer > SIDE as u32 { longer.div_ceil(SIDE as u32) } else { 0 };
        for (brush, part) in parts {
            let level = 255 - brush.target();
            let before = mask(before.width, before.height, |_, _| level);
            let after = corrected(&plain, &before, &[mark(brush, part)]);
            for (x, y) in (0..before.height).flat_map(|y| (0..before.width).map(move |x| (x, y))) {
                if contains(part, x, y) && !is_corner(part, x, y, cell) {
                    prop_assert_ne!(at(&after, x, y), level, "{:?} {},{}", part, x, y);
                }
            }
        }
    }
}
