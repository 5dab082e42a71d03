//! An image that is stored or seen another way round has the same mask.

use std::io::Cursor;

use cutout::{Limits, Mask, Quality};
use host_harness::engine::{Engine, Runtime};
use host_harness::models::DEFAULT;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbImage};

use crate::support::{difference, engine, fixture};

const PHOTOS: [&str; 3] = ["astronaut.png", "chelsea.png", "coffee.png"];

fn photo(name: &str) -> RgbImage {
    let path = fixture("photos").join(name);
    image::open(path).unwrap().into_rgb8()
}

/// A PNG whose EXIF says that it is to be shown by `orientation`, 1 to 8.
fn png(pixels: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = PngEncoder::new(&mut file);
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    encoder.set_exif_metadata(exif).unwrap();
    let (width, height) = pixels.dimensions();
    encoder
        .write_image(pixels, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    file.into_inner()
}

fn mask(engine: &mut dyn Engine, file: &[u8], quality: Quality) -> Mask {
    let made = engine.mask(file, quality, &Limits::default()).unwrap();
    made.value.mask
}

#[test]
fn the_eight_ways_to_store_an_image_have_one_mask() {
    let mut engine = engine("native", Runtime::Net, DEFAULT);
    for name in PHOTOS {
        let upright = photo(name);
        let expected = mask(&mut *engine, &png(&upright, 1), Quality::Good);
        for exif in 1..=8 {
            // Turned back by each of the others, one of them is upright again: that is how it is stored.
            let shown = |stored: &RgbImage| {
                let mut shown = DynamicImage::from(stored.clone());
                shown.apply_orientation(Orientation::from_exif(exif).unwrap());
                shown.into_rgb8()
            };
            let stored = (1..=8).map(|back| {
                let mut stored = DynamicImage::from(upright.clone());
                stored.apply_orientation(Orientation::from_exif(back).unwrap());
                stored.into_rgb8()
            });
            let stored = stored.into_iter().find(|stored| shown(stored) == upright);
            let found = mask(&mut *engine, &png(&stored.unwrap(), exif), Quality::Good);
            assert!(found == expected, "{name}, EXIF orientation {exif}");
        }
    }
}

/// The network itself sees a mirrored image otherwise: masks by the plain recipe are up to 0.12 apart, as a mean, where
/// it is undecided (an astronaut before a rocket), and 0.002 where it is not. Refined masks are no more than 0.02 further
/// apart than that, and from several looks, of which the mirror image is one, no further.
#[test]
fn a_mirrored_image_has_a_mirrored_mask_but_for_what_the_network_sees_otherwise() {
    let mut engine = engine("native", Runtime::Net, DEFAULT);
    for name in PHOTOS {
        let upright = photo(name);
        let files = [upright.clone(), image::imageops::flip_horizontal(&upright)];
        let files = files.map(|pixels| png(&pixels, 1));
        let mut apart = |quality| {
            let [expected, mut found] = [0, 1].map(|i| mask(&mut *engine, &files[i], quality));
            let width = found.width as usize;
            let rows = found.data.chunks_exact_mut(width);
            rows.for_each(<[u8]>::reverse);
            difference(&expected.data, &found.data).2
        };
        let [plain, good, best] = [Quality::Rembg, Quality::Good, Quality::Best].map(&mut apart);
        println!("{name}: mean difference {plain:.4} plain, {good:.4} good, {best:.4} best");
        assert!(
            plain <= 0.13 && good <= plain + 0.02 && best <= plain,
            "{name}"
        );
    }
}
