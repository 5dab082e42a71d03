//! Profiles, samples of 16 bits and metadata, from encoded image to encoded result.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod density;
mod files;
mod profiles;
mod stated;

use std::cell::RefCell;
use std::io::Cursor;
use std::rc::Rc;

use cutout::{
    Error, Limits, ModelSpec, Options, OutputRule, Pipeline, Quality, Scaling, Segmenter, decode,
};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};
use moxcms::{ColorProfile, Layout, TransformOptions};

/// Side of the network's input, and of the images: nothing is resampled between them.
const SIDE: u32 = 16;

/// The right half is foreground, whatever the image.
#[derive(Default)]
struct Right {
    map: Vec<f32>,
    /// The last input.
    seen: Rc<RefCell<Vec<f32>>>,
}

impl Segmenter for Right {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        let column = |i| i % SIDE as usize;
        let right = |i| if column(i) < 8 { 0.0 } else { 1.0 };
        self.map = (0..input.len() / 3).map(right).collect();
        self.seen.replace(input.to_vec());
        Ok(&self.map)
    }
}

fn pipeline() -> Pipeline<Right> {
    seeing().0
}

/// A pipeline, and the input that its network sees last.
fn seeing() -> (Pipeline<Right>, Rc<RefCell<Vec<f32>>>) {
    let network = Right::default();
    let seen = network.seen.clone();
    let spec = ModelSpec {
        name: "right".into(),
        side: SIDE,
        mean: [0.0; 3],
        std: [1.0; 3],
        scaling: Scaling::PictureMax,
        output: OutputRule::MinMax,
    };
    (Pipeline::new(spec, network), seen)
}

/// With the network's own edges: these images are noise, which no edge could follow.
fn made(picture: &[u8], options: &Options) -> Vec<u8> {
    let options = Options {
        quality: Quality::Fast,
        ..options.clone()
    };
    pipeline()
        .remove(picture, &options, &mut |_| {})
        .unwrap()
        .bytes
}

/// Values all over the range, the same every time.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * i * 31 + i * 7) as u8).collect()
}

fn rgb() -> Vec<u8> {
    noise((SIDE * SIDE * 3) as usize)
}

fn p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().unwrap()
}

/// An image of SIDE × SIDE as a file, with a profile and EXIF that says nothing of an orientation.
fn file(mut encoder: impl ImageEncoder, data: &[u8], kind: ExtendedColorType, profile: &[u8]) {
    if !profile.is_empty() {
        encoder.set_icc_profile(profile.to_vec()).unwrap();
    }
    let exif = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0Who\0\0\0\0\0";
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder.write_image(data, SIDE, SIDE, kind).unwrap();
}

fn png(data: &[u8], kind: ExtendedColorType, profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    file(PngEncoder::new(&mut out), data, kind, profile);
    out
}

fn jpeg(data: &[u8], kind: ExtendedColorType, profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    file(
        JpegEncoder::new_with_quality(&mut out, 100),
        data,
        kind,
        profile,
    );
    out
}

/// A chunk of a PNG: its name and what it holds.
type Chunk = (&'static [u8; 4], Vec<u8>);

/// A PNG with `chunks` behind its header.
fn behind_header(mut file: Vec<u8>, chunks: &[Chunk]) -> Vec<u8> {
    let rest = file.split_off(8 + 25);
    for (name, body) in chunks {
        file.extend((body.len() as u32).to_be_bytes());
        let mut sum = flate2::Crc::new();
        for part in [&name[..], body] {
            file.extend(part);
            sum.update(part);
        }
        file.extend(sum.sum().to_be_bytes());
    }
    [file, rest].concat()
}

/// The profile, the EXIF and the pixels of a result.
fn opened(bytes: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>, DynamicImage) {
    let reader = Cursor::new(bytes);
    let mut decoder: Box<dyn ImageDecoder> = match image::guess_format(bytes).unwrap() {
        image::ImageFormat::Png => Box::new(PngDecoder::new(reader).unwrap()),
        image::ImageFormat::WebP => Box::new(WebPDecoder::new(reader).unwrap()),
        _ => Box::new(JpegDecoder::new(reader).unwrap()),
    };
    let profile = decoder.icc_profile().unwrap();
    let exif = decoder.exif_metadata().unwrap();
    (profile, exif, DynamicImage::from_decoder(decoder).unwrap())
}

fn to_srgb(profile: &[u8], rgb: &[u8]) -> Vec<u8> {
    let profile = ColorProfile::new_from_slice(profile).unwrap();
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions {
        prefer_fixed_point: false,
        ..TransformOptions::default()
    };
    let transform = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options);
    let mut out = vec![0; rgb.len()];
    transform.unwrap().transform(rgb, &mut out).unwrap();
    out
}

/// The largest difference of any two values.
fn worst(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}
