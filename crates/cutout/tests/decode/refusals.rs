//! Files beyond a limit, cut short, damaged or odd.

use cutout::ErrorKind;
use proptest::prelude::*;

use super::*;

#[test]
fn a_picture_beyond_a_limit_is_refused_before_it_is_decoded() {
    let rgb = DynamicImage::ImageRgb8(quadrants());
    let default = Limits::default();
    for format in FORMATS {
        let bytes = encoded(&rgb, format);
        let size = bytes.len() as u64;
        let cases = [
            (
                Limits {
                    max_bytes: size,
                    max_side: 32,
                    max_pixels: 1024,
                },
                None,
            ),
            (
                Limits {
                    max_bytes: size - 1,
                    ..default
                },
                Some(ErrorKind::TooManyBytes),
            ),
            (
                Limits {
                    max_side: 31,
                    ..default
                },
                Some(ErrorKind::TooManyPixels),
            ),
            (
                Limits {
                    max_pixels: 1023,
                    ..default
                },
                Some(ErrorKind::TooManyPixels),
            ),
        ];
        for (limits, expected) in cases {
            assert_eq!(
                decode(&bytes, &limits).err().map(|e| e.kind()),
                expected,
                "{format:?} {limits:?}"
            );
        }
    }
}

#[test]
fn a_file_that_is_cut_short_is_refused_in_every_format() {
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(40, 40, |x, y| {
        Rgb([(x * y) as u8, x as u8, y as u8])
    }));
    for format in FORMATS {
        let bytes = encoded(&picture, format);
        for part in [12, bytes.len() / 4, bytes.len() / 2] {
            let error = read(&bytes[..part]).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Undecodable,
                "{format:?}, {part} bytes: {error}"
            );
        }
    }
}

#[test]
fn odd_files_from_the_wild_keep_their_verdicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/odd");
    let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.tsv")) else {
        println!("skip: {} is not there", folder.display());
        return;
    };
    let mut wrong = Vec::new();
    for line in manifest.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [file, verdict, size] = [cells[0], cells[1], cells[2]];
        let found = read(&std::fs::read(folder.join(file)).unwrap());
        let fits = match verdict {
            "ok" => found
                .as_ref()
                .is_ok_and(|p| format!("{}x{}", p.width, p.height) == size),
            "error" => found.is_err(),
            _ => true,
        };
        if !fits {
            wrong.push(format!(
                "{file}: {verdict} {size}, but {:?}",
                found.map(|p| (p.width, p.height))
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_never_panic(
        format in 0..6_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(), is_cut in any::<bool>(),
    ) {
        let mut bytes = encoded(&DynamicImage::ImageRgb8(quadrants()), FORMATS[format]);
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = Limits { max_side: 4_096, ..Limits::default() };
        if let Ok(picture) = decode(&bytes, &limits) {
            let pixels = picture.width as usize * picture.height as usize;
            prop_assert_eq!(picture.data.len(), pixels * picture.channels);
        }
    }
}
