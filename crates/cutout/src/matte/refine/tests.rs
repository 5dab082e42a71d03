use super::*;

/// An image of `colour` and the mask that a network would have of it: `truth` blurred over `blur` pixels.
fn blurred(
    (width, height): (u32, u32),
    colour: impl Fn(u32, u32) -> [u8; 3],
    truth: impl Fn(i64, i64) -> bool,
    blur: i64,
) -> (Picture, Vec<u8>) {
    let places = || (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
    let data = places().flat_map(|(x, y)| colour(x, y)).collect();
    let picture = Picture::new(width, height, 3, data);
    let soft = places().map(|(x, y)| {
        let around = || (-blur..=blur).flat_map(|dy| (-blur..=blur).map(move |dx| (dx, dy)));
        let inside = around().filter(|(dx, dy)| truth(i64::from(x) + dx, i64::from(y) + dy));
        (inside.count() * 255 / around().count()) as u8
    });
    let soft = soft.collect();
    (picture, soft)
}

fn noise(x: u32, y: u32) -> u8 {
    let mixed =
        (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
    (mixed >> 27) as u8
}

#[test]
fn a_blurred_edge_comes_back_where_the_picture_has_it() {
    let size = (640, 420);
    let inside = |x: i64, y: i64| (x - 300).pow(2) + (y - 200).pow(2) < 22_500;
    let colour = |x: u32, y: u32| match inside(x.into(), y.into()) {
        true => [180 + noise(x, y), 90, 40],
        false => [30, 60 + noise(x, y), 120],
    };
    let (picture, soft) = blurred(size, colour, inside, 6);
    let mask = refine(&picture, shrunk(&soft, 640));
    let wrong = |mask: &[u8]| {
        let values = mask.iter().enumerate();
        let wrong = values.filter(|&(i, &value)| {
            let truth = inside(i as i64 % 640, i as i64 / 640);
            value.abs_diff(if truth { 255 } else { 0 }) > 25
        });
        wrong.count()
    };
    let (before, after) = (wrong(&soft), wrong(&mask));
    println!("{after} pixels are wrong, {before} were");
    assert!(
        after * 20 < before,
        "{after} pixels are wrong, {before} were"
    );
}

#[test]
fn a_strand_of_three_pixels_stays() {
    let inside = |x: i64, y: i64| y > 300 || (250..253).contains(&x) && y > 50;
    let colour = |x: u32, y: u32| match inside(x.into(), y.into()) {
        true => [20, 15 + noise(x, y), 10],
        false => [200, 210, 190 + noise(y, x)],
    };
    let (picture, soft) = blurred((640, 400), colour, inside, 2);
    let mask = refine(&picture, shrunk(&soft, 640));
    for row in mask.chunks_exact(640).take(290).skip(60) {
        assert!(
            row[250..253].iter().all(|value| *value > 150),
            "{:?}",
            &row[245..258]
        );
        assert!(
            row[240..245]
                .iter()
                .chain(&row[258..264])
                .all(|value| *value < 20),
            "{:?}",
            &row[240..264]
        );
    }
}

/// Every other pixel of rows of `width`.
fn shrunk(mask: &[u8], width: usize) -> impl FnOnce(usize, usize) -> Vec<u8> {
    move |to_width, to_height| {
        assert_eq!((to_width, to_height), (width / 2, mask.len() / width / 2));
        let rows = mask.chunks_exact(width).step_by(2);
        rows.flat_map(|row| row.iter().step_by(2).copied())
            .collect()
    }
}

#[test]
fn what_is_empty_or_opaque_stays_so_whatever_the_picture_shows() {
    for level in [0, 255] {
        let colour = |x: u32, y: u32| [noise(x, y) * 8, noise(y, x) * 8, (x * y) as u8];
        for size in [(1, 1), (1, 700), (900, 2), (701, 333)] {
            let (picture, _) = blurred(size, colour, |_, _| true, 0);
            let mask = refine(&picture, |width, height| vec![level; width * height]);
            assert_eq!(mask.len(), (size.0 * size.1) as usize);
            assert!(mask.iter().all(|value| *value == level), "{size:?}");
        }
    }
}

#[test]
fn a_mirrored_picture_has_a_mirrored_mask() {
    // Both sides are multiples of the grids', so that cells are mirrored too.
    let size = (1280, 640);
    let inside = |x: i64, y: i64| (x - 500).pow(2) * 2 + (y - 300).pow(2) < 60_000;
    let colour = |x: u32, y: u32| match inside(x.into(), y.into()) {
        true => [90 + noise(x, y), 120, 20 + noise(y, x)],
        false => [120, 90 + noise(y, x), (x / 8) as u8],
    };
    let (picture, _) = blurred(size, colour, inside, 0);
    let coarse = |mirrored: bool| {
        move |width: usize, height: usize| {
            let value = move |x: usize, y: usize| {
                let x = if mirrored { width - 1 - x } else { x } * 1280 / width;
                let (x, y) = (x as i64 - 500, (y * 640 / height) as i64 - 300);
                (60_000 + 8_000 - 2 * x * x - y * y).clamp(0, 16_000) as u64 * 255 / 16_000
            };
            let rows = (0..height).flat_map(|y| (0..width).map(move |x| value(x, y) as u8));
            rows.collect::<Vec<u8>>()
        }
    };
    let mut turned = picture.clone();
    for row in turned.data.chunks_exact_mut(1280 * 3) {
        row.as_chunks_mut::<3>().0.reverse();
    }
    let mask = refine(&picture, coarse(false));
    let mut mirrored = refine(&turned, coarse(true));
    mirrored.chunks_exact_mut(1280).for_each(<[u8]>::reverse);
    let worst = mask
        .iter()
        .zip(&mirrored)
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(worst <= Some(1), "{worst:?}");
}
