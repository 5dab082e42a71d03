//! What `cutout run` can be asked to make.

use std::fs;

use image::{DynamicImage, GenericImageView};

use crate::support::{ENGINES, cutout, finish, fixture, tiny};

/// The image that `flags` make of a photo of 451 × 300, and its bytes.
fn made(engine: &str, output: &str, flags: &[&str]) -> (DynamicImage, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join(output);
    let mut command = cutout();
    command.arg("run").arg(fixture("photos/chelsea.png"));
    command.arg("-o").arg(&output).args(flags);
    let (done, said) = finish(command.args(["--engine", engine, "--model", &tiny()]));
    assert!(done.status.success(), "{flags:?}: {said}");
    let bytes = fs::read(&output).unwrap();
    (image::load_from_memory(&bytes).unwrap(), bytes)
}

#[cfg(feature = "wasm")]
#[test]
fn every_flag_makes_what_it_says_and_the_same_on_both_engines() {
    let coffee = fixture("photos/coffee.png");
    let coffee = coffee.to_str().unwrap();
    type Case<'a> = (&'a str, &'a [&'a str], &'a [u8], Option<(u32, u32)>, u8);
    // The output's name, flags, how the file begins, its size if it is known, channels.
    let cases: [Case<'_>; 12] = [
        ("a.png", &[], b"\x89PNG", Some((451, 300)), 4),
        ("a.webp", &[], b"RIFF", Some((451, 300)), 4),
        (
            "a.JPG",
            &["--jpeg-quality", "50"],
            b"\xff\xd8",
            Some((451, 300)),
            3,
        ),
        (
            "a.webp",
            &["--webp-quality", "60"],
            b"RIFF",
            Some((451, 300)),
            4,
        ),
        (
            "a.png",
            &["--png", "small"],
            b"\x89PNG",
            Some((451, 300)),
            4,
        ),
        ("a.bin", &["--format", "webp"], b"RIFF", Some((451, 300)), 4),
        (
            "a.png",
            &["--max-side", "200"],
            b"\x89PNG",
            Some((200, 133)),
            4,
        ),
        (
            "a.png",
            &["--background", "81d4fa"],
            b"\x89PNG",
            Some((451, 300)),
            3,
        ),
        (
            "a.png",
            &["--background", coffee],
            b"\x89PNG",
            Some((451, 300)),
            3,
        ),
        ("a.png", &["--crop"], b"\x89PNG", None, 4),
        ("a.png", &["--crop=5% 10px", "--mask"], b"\x89PNG", None, 1),
        ("a.webp", &["--mask"], b"RIFF", Some((451, 300)), 3),
    ];
    for (output, flags, magic, size, channels) in cases {
        let mut files = Vec::new();
        for engine in ENGINES {
            let (image, bytes) = made(engine, output, flags);
            assert!(bytes.starts_with(magic), "{engine} {output} {flags:?}");
            if let Some(size) = size {
                assert_eq!(image.dimensions(), size, "{engine} {output} {flags:?}");
            }
            assert_eq!(
                image.color().channel_count(),
                channels,
                "{engine} {output} {flags:?}"
            );
            files.push(image.into_rgba8());
        }
        let pairs = files[0].as_raw().iter().zip(files[1].as_raw());
        let apart = pairs.map(|(a, b)| a.abs_diff(*b));
        // A level between masks can be a step of what a lossy format rounds to, here and there.
        let (most, mean) = match flags.iter().any(|flag| flag.ends_with("-quality")) {
            true => (32, 0.5),
            false => (2, 0.02),
        };
        let worst = apart.clone().max().unwrap();
        let found = apart.clone().map(f64::from).sum::<f64>() / apart.len() as f64;
        assert!(
            worst <= most && found <= mean,
            "{output} {flags:?}: {worst}, mean {found}"
        );
    }
}

#[test]
fn a_crop_ends_at_the_subject_that_the_report_names() {
    let (whole, _) = made(ENGINES[0], "a.png", &[]);
    let (cropped, _) = made(ENGINES[0], "b.png", &["--crop"]);
    let (roomy, _) = made(ENGINES[0], "c.png", &["--crop=10px"]);
    assert!(cropped.width() <= whole.width() && cropped.height() <= whole.height());
    let (width, height) = cropped.dimensions();
    assert_eq!(roomy.dimensions(), (width + 20, height + 20));
    let inside = roomy.crop_imm(10, 10, width, height);
    assert_eq!(inside.into_rgba8(), cropped.into_rgba8());
}
