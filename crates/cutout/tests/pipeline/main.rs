//! The whole way with a network that returns the green channel.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod budget;
mod transparency;

use std::io::Cursor;

use cutout::{
    BoundingBox, Encoding, Error, ErrorKind, Format, Layout, Length, Limits, Margins, Mask,
    ModelSpec, Options, OutputKind, OutputRule, Pipeline, Quality, Scaling, Segmenter, Stage,
};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

const SIDE: u32 = 16;

/// Answers with the input's green channel, after `change`.
struct Green {
    map: Vec<f32>,
    change: fn(&mut Vec<f32>),
    calls: usize,
}

impl Segmenter for Green {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.calls += 1;
        self.map = input.iter().skip(1).step_by(3).copied().collect();
        (self.change)(&mut self.map);
        Ok(&self.map)
    }
}

struct Failing;

impl Segmenter for Failing {
    fn segment(&mut self, _: &[f32]) -> Result<&[f32], Error> {
        Err(Error::new(ErrorKind::Model, "out of order"))
    }
}

fn spec() -> ModelSpec {
    ModelSpec {
        name: "green".into(),
        side: SIDE,
        mean: [0.5; 3],
        std: [1.0; 3],
        scaling: Scaling::PictureMax,
        output: OutputRule::MinMax,
    }
}

fn pipeline(change: fn(&mut Vec<f32>)) -> Pipeline<Green> {
    Pipeline::new(
        spec(),
        Green {
            map: Vec::new(),
            change,
            calls: 0,
        },
    )
}

fn png(picture: RgbaImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(picture)
        .write_to(&mut out, ImageFormat::Png)
        .unwrap();
    out.into_inner()
}

/// The model's own size, so that nothing is stretched: a box of pure green on pure red.
fn green_box() -> Vec<u8> {
    png(RgbaImage::from_fn(SIDE, SIDE, |x, y| {
        let inside = (4..10).contains(&x) && (3..12).contains(&y);
        Rgba(if inside {
            [9, 255, 9, 255]
        } else {
            [255, 0, 40, 255]
        })
    }))
}

const GREEN_BOX: BoundingBox = BoundingBox {
    left: 4,
    top: 3,
    width: 6,
    height: 9,
};

#[test]
fn the_cutout_keeps_colours_inside_and_nothing_outside() {
    let out = pipeline(|_| {})
        .remove(&green_box(), &Options::default(), &mut |_| {})
        .unwrap();
    assert_eq!(
        (out.width, out.height, out.foreground),
        (SIDE, SIDE, Some(GREEN_BOX))
    );
    let pixels = image::load_from_memory_with_format(&out.bytes, ImageFormat::Png)
        .unwrap()
        .to_rgba8();
    for (x, y, pixel) in pixels.enumerate_pixels() {
        let inside = (4..10).contains(&x) && (3..12).contains(&y);
        let expected = if inside { [9, 255, 9, 255] } else { [0; 4] };
        assert_eq!(pixel.0, expected, "{x}, {y}");
    }
}

#[test]
fn raw_results_are_the_pixels_of_the_png() {
    let crop = Layout {
        crop: Some(Margins::all(Length::Pixels(2))),
        ..Layout::default()
    };
    let mut soft = pipeline(|map| map.iter_mut().for_each(|value| *value *= 0.6));
    for output in [OutputKind::Cutout, OutputKind::Mask] {
        for quality in [Quality::Fast, Quality::Good, Quality::Rembg] {
            for layout in [Layout::default(), crop] {
                let mut made = |format| {
                    let options = Options {
                        output,
                        quality,
                        layout,
                        encoding: Encoding::default().of(format),
                        ..Options::default()
                    };
                    soft.remove(&green_box(), &options, &mut |_| {}).unwrap()
                };
                let (png, raw) = (made(Format::Png), made(Format::Raw));
                assert_eq!((raw.width, raw.height), (png.width, png.height));
                let pixels = match image::load_from_memory(&png.bytes).unwrap() {
                    DynamicImage::ImageLuma8(mask) => mask.into_raw(),
                    cutout => cutout.into_rgba8().into_raw(),
                };
                assert!(raw.bytes == pixels, "{output:?}, {quality:?}, {layout:?}");
            }
        }
    }
}

#[test]
fn the_mask_is_grey_and_the_same_as_the_raw_one() {
    let options = Options {
        output: OutputKind::Mask,
        ..Options::default()
    };
    let mut pipeline = pipeline(|_| {});
    let out = pipeline
        .remove(&green_box(), &options, &mut |_| {})
        .unwrap();
    let raw = pipeline
        .mask(
            &green_box(),
            Quality::default(),
            &Limits::default(),
            &mut |_| {},
        )
        .unwrap();
    let DynamicImage::ImageLuma8(grey) = image::load_from_memory(&out.bytes).unwrap() else {
        panic!("the mask is not 8-bit grey");
    };
    assert_eq!(grey.into_raw(), raw.mask.data);
    assert_eq!(raw.mask.foreground(), Some(GREEN_BOX));
    assert_eq!(out.foreground, Some(GREEN_BOX));
}

#[test]
fn a_picture_of_another_size_gets_a_mask_of_its_own_size() {
    let picture = png(RgbaImage::from_fn(45, 30, |x, _| {
        Rgba([10, if x < 22 { 0 } else { 200 }, 10, 255])
    }));
    let mask = pipeline(|_| {})
        .mask(
            &picture,
            Quality::default(),
            &Limits::default(),
            &mut |_| {},
        )
        .unwrap()
        .mask;
    assert_eq!(
        (mask.width, mask.height, mask.data.len()),
        (45, 30, 45 * 30)
    );
    // Lanczos rings a little beside an edge.
    assert!(
        mask.data[0] < 10 && mask.data[44] > 245,
        "{:?}",
        &mask.data[..45]
    );
    assert_eq!(
        &mask.data[..45],
        &mask.data[29 * 45..],
        "every row is the same"
    );
}

#[test]
fn the_pictures_own_alpha_stays() {
    let picture = png(RgbaImage::from_fn(SIDE, SIDE, |x, _| {
        Rgba([7, if x < 8 { 0 } else { 255 }, 7, 100])
    }));
    let out = pipeline(|_| {})
        .remove(&picture, &Options::default(), &mut |_| {})
        .unwrap();
    let pixels = image::load_from_memory(&out.bytes).unwrap().to_rgba8();
    assert_eq!(pixels.get_pixel(0, 0).0, [0; 4]);
    assert_eq!(pixels.get_pixel(15, 0).0, [7, 255, 7, 100]);
}

#[test]
fn every_stage_is_observed_once_and_in_order() {
    let blank = png(RgbaImage::from_pixel(5, 4, Rgba([200, 200, 200, 255])));
    for bytes in [green_box(), blank] {
        for output in [OutputKind::Cutout, OutputKind::Mask] {
            let mut seen = Vec::new();
            let options = Options {
                output,
                ..Options::default()
            };
            pipeline(|_| {})
                .remove(&bytes, &options, &mut |stage| seen.push(stage))
                .unwrap();
            assert_eq!(seen, Stage::ALL, "{output:?}");
        }
        let mut seen = Vec::new();
        pipeline(|_| {})
            .mask(
                &bytes,
                Quality::default(),
                &Limits::default(),
                &mut |stage| seen.push(stage),
            )
            .unwrap();
        assert_eq!(seen, Stage::ALL[..4]);
    }
}

#[test]
fn a_blank_picture_has_an_empty_mask_and_does_not_reach_the_network() {
    let blank = png(RgbaImage::from_pixel(5, 4, Rgba([200, 100, 50, 255])));
    let mut failing = Pipeline::new(spec(), Failing);
    let mask = failing
        .mask(&blank, Quality::default(), &Limits::default(), &mut |_| {})
        .unwrap();
    assert_eq!((mask.mask, mask.uncertainty), (Mask::empty(5, 4), 1.0));
    let out = failing
        .remove(&blank, &Options::default(), &mut |_| {})
        .unwrap();
    assert_eq!(out.foreground, None);
    assert!(
        image::load_from_memory(&out.bytes)
            .unwrap()
            .to_rgba8()
            .iter()
            .all(|&v| v == 0)
    );
}

#[test]
fn a_wrong_answer_of_the_network_is_an_error_of_the_model() {
    type Change = fn(&mut Vec<f32>);
    let cases: [(&str, Change); 4] = [
        ("too short", |map| map.truncate(map.len() - 1)),
        ("too long", |map| map.push(0.0)),
        ("not a number", |map| map[7] = f32::NAN),
        ("infinite", |map| map[7] = f32::INFINITY),
    ];
    for (name, change) in cases {
        let error = pipeline(change)
            .remove(&green_box(), &Options::default(), &mut |_| {})
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model, "{name}: {error}");
    }
    let error = Pipeline::new(spec(), Failing)
        .remove(&green_box(), &Options::default(), &mut |_| {})
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
}

#[test]
fn a_flat_answer_of_the_network_is_an_empty_mask() {
    let mask = pipeline(|map| map.fill(0.9))
        .mask(
            &green_box(),
            Quality::default(),
            &Limits::default(),
            &mut |_| {},
        )
        .unwrap();
    assert_eq!(mask.mask, Mask::empty(SIDE, SIDE));
}

#[test]
fn the_steps_can_be_taken_one_by_one() {
    let mut pipeline = pipeline(|_| {});
    assert_eq!(pipeline.spec().name, "green");
    let (options, mut seen) = (Options::default(), Vec::new());
    let mut observe = |stage| seen.push(stage);
    let picture = pipeline
        .open(&green_box(), &options.limits, &mut observe)
        .unwrap();
    let matte = pipeline
        .matte(&picture, None, options.quality, &mut observe)
        .unwrap();
    let canvas = pipeline
        .draw(&picture, &matte.mask, &options, &mut |_| {})
        .unwrap();
    let output = pipeline
        .render(picture, matte, &options, &mut observe)
        .unwrap();
    assert_eq!(seen, Stage::ALL);
    assert_eq!(canvas.encoded(options.encoding).unwrap(), output.bytes);
    let whole = pipeline
        .remove(&green_box(), &options, &mut |_| {})
        .unwrap();
    assert_eq!(output, whole);
}

#[test]
fn what_cannot_be_decoded_is_an_error_of_its_own_kind() {
    let cases = [
        (Vec::new(), ErrorKind::Undecodable),
        (b"<svg/>".to_vec(), ErrorKind::UnsupportedFormat),
        (green_box()[..60].to_vec(), ErrorKind::Undecodable),
    ];
    for (bytes, kind) in cases {
        let error = pipeline(|_| {})
            .remove(&bytes, &Options::default(), &mut |_| {})
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

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
