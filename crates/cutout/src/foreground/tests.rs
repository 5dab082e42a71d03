use proptest::prelude::*;

use super::*;

/// Thin strands of one colour before a background that changes, by their true alpha.
#[test]
fn strands_have_their_own_colour_within_10_levels() {
    const FOREGROUND: [f32; 3] = [60.0, 30.0, 20.0];
    let (width, height) = (420_usize, 300_usize);
    let background = |x: usize, y: usize| {
        let texture = ((x * 13 + y * 7) % 17) as f32 - 8.0;
        [
            90.0 + x as f32 / 4.0 + texture,
            200.0 - y as f32 / 3.0,
            120.0 + texture * 2.0,
        ]
    };
    let alpha = |x: usize, y: usize| {
        if y > 240 {
            return 1.0;
        }
        // Strands of 1 to 3 pixels that lean, every 24 pixels.
        let at = (x as f32 + y as f32 * 0.21) % 24.0;
        let radius = 0.5 + (x / 140) as f32 * 0.5;
        (radius + 0.5 - (at - 12.0).abs()).clamp(0.0, 1.0)
    };
    let (mut data, mut values) = (Vec::new(), Vec::new());
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let value = (alpha(x, y) * 255.0).round();
        let behind = background(x, y);
        let share = value / 255.0;
        values.push(value as u8);
        data.extend(
            (0..3).map(|i| (share * FOREGROUND[i] + (1.0 - share) * behind[i]).round() as u8),
        );
    }
    let picture = Picture::new(width as u32, height as u32, 3, data);
    let mask = Mask {
        width: width as u32,
        height: height as u32,
        data: values,
    };
    let estimate = Foreground::of(&picture, &mask);
    let mut rows = estimate.rows(width, height);
    let (mut errors, mut own_errors, mut count) = (0.0, 0.0, 0.0);
    for (y, mask) in mask.data.chunks_exact(width).enumerate() {
        let own = picture.data[y * width * 3..][..width * 3]
            .as_chunks::<3>()
            .0;
        let joined = own.iter().zip(mask).map(|([r, g, b], a)| [*r, *g, *b, *a]);
        let mut row: Vec<[u8; 4]> = joined.collect();
        rows.correct(y, &mut row, mask);
        for x in 0..width {
            if matches!(mask[x], 0 | 255) {
                assert_eq!(row[x][..3], own[x], "{x}, {y}");
            } else if mask[x] >= 26 {
                for i in 0..3 {
                    errors += (f32::from(row[x][i]) - FOREGROUND[i]).abs();
                    own_errors += (f32::from(own[x][i]) - FOREGROUND[i]).abs();
                    count += 1.0;
                }
            }
        }
    }
    let (error, own) = (errors / count, own_errors / count);
    println!("mean error {error:.1} levels, with the image's own colours {own:.1}");
    assert!(error <= 10.0 && error * 3.0 < own, "{error} of {own}");
}

#[test]
fn any_size_has_an_estimate() {
    for (width, height) in [(1, 1), (1, 400), (333, 2), (31, 33)] {
        let pixels = (width * height) as usize;
        let picture = Picture::new(width, height, 4, vec![77; pixels * 4]);
        let mask = Mask {
            width,
            height,
            data: (0..pixels).map(|i| (i * 37 + 100) as u8).collect(),
        };
        let estimate = Foreground::of(&picture, &mask);
        let first = &mask.data[..width as usize];
        let mut row: Vec<[u8; 4]> = first.iter().map(|a| [77, 77, 77, *a]).collect();
        let mut rows = estimate.rows(width as usize, height as usize);
        rows.correct(height as usize - 1, &mut row, &mask.data[..width as usize]);
        // Where image and foreground cannot be told apart, all is one colour.
        assert!(
            row.iter()
                .all(|pixel| pixel[..3].iter().all(|v| v.abs_diff(77) <= 1)),
            "{row:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cells_that_no_soft_pixel_needs_change_nothing(
        width in 1_u32..900, height in 1_u32..90, seed in any::<u32>(), soft in 0_u32..40,
    ) {
        let pixels = (width * height) as usize;
        let value = |i: usize| (i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13;
        let picture = Picture::new(width, height, 3, (0..3 * pixels).map(|i| value(i) as u8).collect());
        // Mostly all or nothing, with a few soft pixels.
        let alpha = |i: usize| match value(i) % 1000 {
            number if number < soft => (number * 6) as u8,
            _ => if i % width as usize > width as usize / 3 { 255 } else { 0 },
        };
        let mask = Mask { width, height, data: (0..pixels).map(alpha).collect() };
        let corrected = |estimate: &Foreground| {
            let (width, height) = (width as usize, height as usize);
            let mut rows = estimate.rows(width, height);
            let lines = mask.data.chunks_exact(width).zip(picture.data.chunks_exact(width * 3));
            let lines = lines.enumerate().map(|(y, (mask, colours))| {
                let joined = colours.as_chunks::<3>().0.iter().zip(mask);
                let mut row: Vec<_> = joined.map(|([r, g, b], a)| [*r, *g, *b, *a]).collect();
                rows.correct(y, &mut row, mask);
                row
            });
            lines.collect::<Vec<_>>()
        };
        let all = Foreground::with(&picture, &mask, Needed::all);
        prop_assert_eq!(corrected(&Foreground::of(&picture, &mask)), corrected(&all));
    }
}
