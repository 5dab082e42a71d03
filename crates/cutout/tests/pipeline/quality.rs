//! Results of each quality.

use super::*;

/// Green on red in the shape of `width` × `height`, in its left half only.
fn left_half(width: u32, height: u32) -> Vec<u8> {
    png(RgbaImage::from_fn(width, height, |x, _| {
        Rgba([
            if x < width / 2 { 0 } else { 255 },
            if x < width / 2 { 255 } else { 0 },
            9,
            255,
        ])
    }))
}

#[test]
fn the_network_looks_as_often_as_the_quality_says_and_sees_the_same_each_time() {
    let nothing: fn(&mut Vec<f32>) = |map| map.fill(0.01);
    let cases = [
        (Quality::Rembg, (40, 20), 1),
        (Quality::Fast, (40, 20), 1),
        (Quality::Good, (40, 20), 1),
        (Quality::Best, (40, 20), 3),
        (Quality::Best, (20, 40), 3),
        (Quality::Best, (20, 20), 2),
    ];
    for (quality, (width, height), calls) in cases {
        let calls_of = |change: fn(&mut Vec<f32>)| {
            let mut calls = 0;
            let green = Green {
                map: Vec::new(),
                change,
                calls: 0,
            };
            let counted = Counted(green, &mut calls);
            let matte = Pipeline::new(spec(), counted).mask(
                &left_half(width, height),
                quality,
                &Limits::default(),
                &mut |_| {},
            );
            (matte.unwrap(), calls)
        };
        // Undecided in its lower rows: one look is not enough.
        let (matte, found) = calls_of(|map| map[200..].fill(0.0));
        assert_eq!(found, calls, "{quality:?} {width}×{height}");
        let row = &matte.mask.data[..width as usize];
        let (left, right) = row.split_at(width as usize / 2);
        assert!(
            left[..left.len() - 2].iter().all(|v| *v > 230),
            "{quality:?} {row:?}"
        );
        assert!(right[2..].iter().all(|v| *v < 25), "{quality:?} {row:?}");
        assert_eq!(calls_of(|_| {}).1, 1, "it is sure");
        if quality != Quality::Rembg {
            let (matte, found) = calls_of(nothing);
            assert_eq!(
                (found, matte.uncertainty),
                (1, 1.0),
                "nothing is looked for again"
            );
            assert_eq!(matte.mask, Mask::empty(width, height));
        }
    }
}

/// Counts the calls of another network.
struct Counted<'a>(Green, &'a mut usize);

impl Segmenter for Counted<'_> {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        *self.1 += 1;
        self.0.segment(input)
    }
}

#[test]
fn rembg_darkens_soft_pixels_and_nobody_else_does() {
    // Green has every level, and so has the mask; in an order that is no gradient.
    let picture = png(RgbaImage::from_fn(SIDE, SIDE, |x, _| {
        Rgba([200, (x * 5 % 16 * 17) as u8, 100, 255])
    }));
    let cutout = |quality| {
        let options = Options {
            quality,
            ..Options::default()
        };
        let out = pipeline(|_| {})
            .remove(&picture, &options, &mut |_| {})
            .unwrap();
        image::load_from_memory(&out.bytes).unwrap().to_rgba8()
    };
    let [fast, rembg] = [Quality::Fast, Quality::Rembg].map(cutout);
    for x in 1..SIDE {
        let (own, dark) = (fast.get_pixel(x, 5).0, rembg.get_pixel(x, 5).0);
        assert_eq!(own[3], dark[3]);
        for i in 0..3 {
            let expected = (u32::from(own[i]) * u32::from(own[3]) + 127) / 255;
            assert_eq!(u32::from(dark[i]), expected, "{x} {i}");
        }
    }
}
