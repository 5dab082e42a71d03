//! Images that come with transparency.

use std::io::Cursor;

use cutout::{Options, Stage};
use image::{ImageFormat, Rgba, RgbaImage};

use super::pipeline;

/// A square of `colour` in the middle of 20 × 20 pixels, `hidden` under alpha 0 around it; `edge` columns at the left are
/// visible too.
fn logo(colour: u8, hidden: u8, edge: u32) -> (RgbaImage, Vec<u8>) {
    let image = RgbaImage::from_fn(20, 20, |x, y| {
        let visible = (6..14).contains(&x) && (6..14).contains(&y) || x < edge;
        let value = if visible { colour } else { hidden };
        Rgba([value, value, value, if visible { 255 } else { 0 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    (image, bytes.into_inner())
}

fn alphas(png: &[u8]) -> Vec<u8> {
    let image = image::load_from_memory(png).unwrap().to_rgba8();
    image.pixels().map(|pixel| pixel[3]).collect()
}

#[test]
fn what_is_cut_out_already_stays_as_it_is_whatever_is_hidden() {
    for (colour, hidden) in [(0, 0), (0, 255), (255, 255), (255, 0), (128, 128)] {
        // The network would take nothing, or all; free-standing images never get to it.
        for change in [
            |map: &mut Vec<f32>| map.fill(0.0),
            |map: &mut Vec<f32>| map.fill(1.0),
        ] {
            for edge in [0, 8] {
                let (image, png) = logo(colour, hidden, edge);
                let output = pipeline(change)
                    .remove(&png, &Options::default(), &mut |_| {})
                    .unwrap();
                let expected: Vec<u8> = image.pixels().map(|pixel| pixel[3]).collect();
                assert_eq!(
                    alphas(&output.bytes),
                    expected,
                    "{colour} over {hidden}, {edge}"
                );
                assert!(
                    output.foreground.is_some(),
                    "{colour} over {hidden}, {edge}"
                );
            }
        }
    }
}

#[test]
fn a_wholly_transparent_image_has_no_foreground_and_starts_no_network() {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbaImage::from_fn(20, 20, |x, y| Rgba([x as u8 * 12, y as u8 * 12, 0, 0]));
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let mut pipeline = pipeline(|_| panic!("the network was started"));
    let mut stages = Vec::new();
    let output = pipeline
        .remove(&bytes.into_inner(), &Options::default(), &mut |stage| {
            stages.push(stage);
        })
        .unwrap();
    assert_eq!((output.foreground, output.uncertainty), (None, 1.0));
    assert_eq!(stages, Stage::ALL);
}
