//! Our masks against the reference's, and the engines' against each other.

use std::fs;

use cutout::{Encoding, Format, Limits, Options, Quality};
use host_harness::engine::{Engine, Runtime};

use crate::support::{ENGINES, difference, engine, fixture, read_mask, tiny};

const PHOTOS: [&str; 4] = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"];

/// Both engines, and the runtimes that differ with this model, tract where that takes no minutes.
fn ways(model: &str) -> Vec<(&'static str, Runtime)> {
    let mut runtimes = vec![Runtime::Net];
    if model == "cutnet" {
        runtimes.push(Runtime::NetF32);
    }
    if model != "u2netp" && cfg!(feature = "tract") {
        runtimes.push(Runtime::Tract);
    }
    ENGINES
        .iter()
        .flat_map(|name| runtimes.iter().map(|runtime| (*name, *runtime)))
        .collect()
}

#[test]
fn masks_agree_with_the_reference_s_on_both_engines() {
    let odd = fixture("tiny/tiny-odd.onnx").display().to_string();
    let cases: [(&str, &str, &[&str]); 4] = [
        ("cutnet", "masks/cutnet", &PHOTOS),
        ("u2netp", "masks/u2netp", &PHOTOS),
        (&tiny(), "tiny/masks", &PHOTOS),
        (&odd, "tiny/masks-odd", &PHOTOS[1..3]),
    ];
    let mut failures = Vec::new();
    for (model, masks, photos) in cases {
        for (name, runtime) in ways(model) {
            let mut engine = engine(name, runtime, model);
            for photo in photos {
                let image = fs::read(fixture("photos").join(photo)).unwrap();
                let mask = engine
                    .mask(&image, Quality::Rembg, &Limits::default())
                    .unwrap()
                    .value
                    .mask;
                let expected = fixture(masks).join(photo).with_extension("png");
                let (width, height, expected) = read_mask(&expected);
                assert_eq!((mask.width, mask.height), (width, height), "{photo}");
                let (near, largest, mean) = difference(&mask.data, &expected);
                println!(
                    "{masks} {name} {runtime:?} {photo}: within 2 {near:.5}, largest {largest}, mean {mean:.6}"
                );
                // JPEG decoders differ by a few levels, and whole numbers from f32 where the network is unsure: there only the
                // mean counts.
                let is_whole = model == "cutnet" && runtime == Runtime::Net;
                let agrees = if is_whole || photo.ends_with(".jpg") {
                    mean <= 0.002
                } else {
                    near >= 0.999 && largest <= 4
                };
                if !agrees {
                    failures.push(format!(
                        "{masks} {name} {runtime:?} {photo}: {near} {largest} {mean}"
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_engines_agree_in_whole_numbers_exactly_and_wasm_repeats_itself() {
    for model in ["cutnet", "u2netp", &tiny()] {
        let [mut wasm, mut native] = ENGINES.map(|name| engine(name, Runtime::Net, model));
        let qualities = [Quality::Rembg, Quality::Good, Quality::Best];
        let cases = qualities
            .into_iter()
            .flat_map(|q| PHOTOS.map(|photo| (q, photo)));
        for (quality, photo) in cases {
            let image = fs::read(fixture("photos").join(photo)).unwrap();
            let limits = Limits::default();
            let mut mask = || wasm.mask(&image, quality, &limits).unwrap().value.mask.data;
            let (first, second) = (mask(), mask());
            assert!(
                first == second,
                "{model} {photo} {quality:?}: wasm gave other bytes the second time"
            );
            let native = native
                .mask(&image, quality, &limits)
                .unwrap()
                .value
                .mask
                .data;
            let (_, largest, _) = difference(&first, &native);
            // Sums in f32 are rounded in another order.
            let allowed = u8::from(model != "cutnet");
            assert!(
                largest <= allowed,
                "{model} {photo} {quality:?}: the engines differ by {largest}"
            );
        }
    }
}

#[test]
fn whole_results_of_cutnet_are_the_same_on_both_engines() {
    let [mut wasm, mut native] = ENGINES.map(|name| engine(name, Runtime::Net, "cutnet"));
    for photo in PHOTOS {
        let image = fs::read(fixture("photos").join(photo)).unwrap();
        for format in [Format::Png, Format::WebP, Format::Jpeg, Format::Raw] {
            let options = Options {
                encoding: Encoding {
                    format,
                    ..Encoding::default()
                },
                ..Options::default()
            };
            let bytes = |engine: &mut Box<dyn Engine + Send>| {
                engine.remove(&image, &options).unwrap().value.bytes
            };
            let (wasm, native) = (bytes(&mut wasm), bytes(&mut native));
            // The lossless encoder of WebP breaks ties by a sort that differs between widths of a pointer.
            let same = match format {
                Format::WebP => [&wasm, &native]
                    .map(|bytes| image::load_from_memory(bytes).unwrap().into_rgba8())
                    .windows(2)
                    .all(|pair| pair[0] == pair[1]),
                _ => wasm == native,
            };
            assert!(same, "{photo} as {format:?}");
        }
    }
}

#[test]
fn an_image_of_one_colour_has_an_empty_mask() {
    let mut png = std::io::Cursor::new(Vec::new());
    let grey = image::RgbImage::from_pixel(40, 30, image::Rgb([128; 3]));
    grey.write_to(&mut png, image::ImageFormat::Png).unwrap();
    for name in ENGINES {
        let mut engine = engine(name, Runtime::Net, &tiny());
        let mask = engine
            .mask(png.get_ref(), Quality::default(), &Limits::default())
            .unwrap();
        assert!(
            mask.value.mask.data.iter().all(|level| *level == 0),
            "{name}"
        );
        assert_eq!(mask.foreground, None, "{name}");
    }
}
