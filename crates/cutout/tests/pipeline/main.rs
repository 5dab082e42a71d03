//! The whole way with a network that returns the green channel.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod budget;
mod network;
mod quality;
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
