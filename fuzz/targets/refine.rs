//! Corrections of a mask by hand.
#![no_main]

use arbitrary::Arbitrary;
use cutout::{Area, BoundingBox, Brush, ErrorKind, Limits, Mark, Options, OutputKind, decode};
use fuzz::files;

#[derive(Arbitrary, Debug)]
struct Job {
    size: [u8; 2],
    seed: u32,
    mask_size: Option<[u8; 2]>,
    marks: Vec<(bool, Shape)>,
}

#[derive(Arbitrary, Debug)]
enum Shape {
    Near([u8; 4]),
    Anywhere([u32; 4]),
    Painted([u8; 2], u32),
    Bytes(Vec<u8>),
}

/// A grey image of some noise.
fn image([width, height]: [u8; 2], seed: u32) -> Vec<u8> {
    files::grey(width, height, |at| {
        ((at as u32).wrapping_mul(2_654_435_761) ^ seed.rotate_left(at as u32 / 16)) as u8
    })
}

fn rectangle([left, top, width, height]: [u32; 4]) -> BoundingBox {
    BoundingBox {
        left,
        top,
        width,
        height,
    }
}

libfuzzer_sys::fuzz_target!(|job: Job| {
    let [picture, mask] = [(job.size, 0), (job.mask_size.unwrap_or(job.size), job.seed)]
        .map(|(size, seed)| image(size, seed));
    let files: Vec<Vec<u8>> = (job.marks.iter())
        .map(|(_, shape)| match shape {
            Shape::Painted(size, seed) => image(*size, *seed),
            Shape::Bytes(bytes) => bytes.clone(),
            Shape::Near(_) | Shape::Anywhere(_) => Vec::new(),
        })
        .collect();
    let marks: Vec<_> = (job.marks.iter().zip(&files))
        .map(|((keeps, shape), file)| Mark {
            brush: if *keeps { Brush::Keep } else { Brush::Erase },
            area: match shape {
                Shape::Near(part) => Area::Rectangle(rectangle(part.map(u32::from))),
                Shape::Anywhere(part) => Area::Rectangle(rectangle(*part)),
                Shape::Painted(..) | Shape::Bytes(_) => Area::Painted(file),
            },
        })
        .collect();
    let limits = Limits {
        max_bytes: 1 << 17,
        max_side: 256,
        max_pixels: 1 << 15,
    };
    let options = Options {
        output: OutputKind::Mask,
        limits,
        ..Options::default()
    };
    let result = fuzz::pipeline().refine(&picture, Some(&mask), &marks, &options, &mut |_| {});
    match result {
        Ok(output) => {
            let [width, height] = job.size.map(u32::from);
            assert_eq!((output.width, output.height), (width, height));
            let [before, after] =
                [&mask, &output.bytes].map(|file| decode(file, &limits).expect("a whole mask"));
            // Farther than any mark reaches.
            let is_far = |x: u32, y: u32| {
                marks.iter().all(|mark| match mark.area {
                    Area::Rectangle(b) => {
                        let across = b
                            .left
                            .saturating_sub(x)
                            .max((x + 1).saturating_sub(b.left + b.width));
                        let down = b
                            .top
                            .saturating_sub(y)
                            .max((y + 1).saturating_sub(b.top + b.height));
                        across.max(down) > 4
                    }
                    Area::Painted(_) => false,
                })
            };
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                let at = (y * width + x) as usize * 3;
                assert!(
                    !is_far(x, y) || before.data[at] == after.data[at],
                    "{x},{y}"
                );
            }
        }
        Err(error) => {
            let documented = [
                ErrorKind::UnsupportedFormat,
                ErrorKind::Undecodable,
                ErrorKind::TooManyBytes,
                ErrorKind::TooManyPixels,
                ErrorKind::Correction,
            ];
            assert!(documented.contains(&error.kind()), "{error}");
        }
    }
});
