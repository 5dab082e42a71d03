//! How images are stored: pages, strips, tiles, planes, compressions.

use super::*;

/// Size of the images that are cut in many ways: no multiple of tiles.
const WIDTH: usize = 21;
const HEIGHT: usize = 19;

/// Samples of 8 bits, neither smooth nor alike in planes.
fn noise(samples: usize) -> Vec<u8> {
    let count = WIDTH * HEIGHT * samples;
    (0..count)
        .map(|i| (i * i * 31 + i * 7 + i / 3) as u8)
        .collect()
}

/// The chunks of `values`, of which each pixel has `samples`, before compression. `tile` is a side, or 0 for strips of 8 rows.
fn cut(values: &[u8], samples: usize, tile: usize, size: usize) -> Vec<Vec<u8>> {
    let (across, high) = if tile == 0 { (WIDTH, 8) } else { (tile, tile) };
    let mut chunks = Vec::new();
    for top in (0..HEIGHT).step_by(high) {
        for left in (0..WIDTH).step_by(across) {
            let bottom = if tile == 0 {
                (top + high).min(HEIGHT)
            } else {
                top + high
            };
            let mut chunk = Vec::new();
            for (y, x) in (top..bottom).flat_map(|y| (left..left + across).map(move |x| (y, x))) {
                for sample in 0..samples {
                    let inside = y < HEIGHT && x < WIDTH;
                    let value = if inside {
                        values[(y * WIDTH + x) * samples + sample]
                    } else {
                        77
                    };
                    // In 16 bits, both bytes differ.
                    chunk.extend([value, value ^ 0x5a].into_iter().take(size));
                }
            }
            chunks.push(chunk);
        }
    }
    chunks
}

/// Differences to the pixel before, which has `step` bytes; samples of two bytes, highest first.
fn differences(chunk: &mut [u8], across: usize, step: usize, size: usize) {
    for row in chunk.chunks_mut(across * step) {
        for at in (step..row.len()).step_by(size).rev() {
            if size == 1 {
                row[at] = row[at].wrapping_sub(row[at - step]);
                continue;
            }
            let value = |at| u16::from_be_bytes([row[at], row[at + 1]]);
            let found = u16::wrapping_sub(value(at), value(at - step)).to_be_bytes();
            row[at..at + 2].copy_from_slice(&found);
        }
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let pieces = bytes.chunks(100);
    let mut out: Vec<u8> = pieces
        .flat_map(|piece| [&[piece.len() as u8 - 1], piece].concat())
        .collect();
    // A head that says nothing.
    out.insert(0, 128);
    out
}

/// Compresses a chunk.
type Squeeze = fn(&[u8]) -> Vec<u8>;

/// How an image is stored: its compression, samples, tiles (0 for strips), bytes of a sample, planes and predictor.
#[derive(Clone, Copy, Debug)]
struct Shape {
    compression: u32,
    squeeze: Squeeze,
    samples: usize,
    tile: usize,
    size: usize,
    planes: usize,
    predictor: u32,
}

impl Shape {
    fn tags(&self) -> Vec<Tag> {
        let photometric = if self.samples == 1 { 1 } else { 2 };
        let bits = 8 * self.size as u32;
        let mut tags = tags(
            WIDTH as u32,
            HEIGHT as u32,
            bits,
            photometric,
            self.samples as u32,
        );
        let planar = if self.planes > 1 { 2 } else { 1 };
        tags.push((259, 3, vec![self.compression]));
        tags.push((284, 3, vec![planar]));
        tags.push((317, 3, vec![self.predictor]));
        match self.tile as u32 {
            0 => tags.push((278, 3, vec![8])),
            tile => tags.extend([(322, 3, vec![tile]), (323, 3, vec![tile])]),
        }
        tags
    }

    fn chunks(&self, all: &[u8]) -> Vec<Vec<u8>> {
        let together = self.samples / self.planes;
        let across = if self.tile == 0 { WIDTH } else { self.tile };
        let mut chunks = Vec::new();
        for plane in 0..self.planes {
            let values = all.chunks(together).skip(plane).step_by(self.planes);
            for mut chunk in cut(
                &values.collect::<Vec<_>>().concat(),
                together,
                self.tile,
                self.size,
            ) {
                if self.predictor == 2 {
                    differences(&mut chunk, across, together * self.size, self.size);
                }
                chunks.push((self.squeeze)(&chunk));
            }
        }
        chunks
    }
}

fn shapes() -> Vec<Shape> {
    let compressions: [(u32, Squeeze); 5] = [
        (1, <[u8]>::to_vec),
        (5, lzw),
        (8, deflated),
        (32946, deflated),
        (32773, packed),
    ];
    let mut shapes = Vec::new();
    for (compression, squeeze) in compressions {
        for (samples, tile, size) in [(1, 0, 1), (1, 16, 2), (3, 0, 2), (3, 16, 1), (3, 32, 2)] {
            for (planes, predictor) in [(1, 1), (samples, 1), (1, 2), (samples, 2)] {
                if predictor == 1 || matches!(compression, 5 | 8) {
                    shapes.push(Shape {
                        compression,
                        squeeze,
                        samples,
                        tile,
                        size,
                        planes,
                        predictor,
                    });
                }
            }
        }
    }
    shapes
}

#[test]
fn chunks_of_every_shape_and_compression_come_out_as_they_went_in() {
    for shape in shapes() {
        let all = noise(shape.samples);
        for big in [false, true] {
            let mut made = Made::new(false, big);
            made.page(&shape.tags(), &shape.chunks(&all));
            let picture = read(&made.bytes).unwrap_or_else(|error| panic!("{shape:?}: {error}"));
            let expected = all
                .iter()
                .flat_map(|&value| [value].repeat(3 / shape.samples));
            assert!(expected.clone().eq(picture.data), "{shape:?}");
            let low = picture
                .fine
                .map(|fine| expected.map(|value| value ^ 0x5a).eq(fine));
            assert_eq!(low, (shape.size == 2).then_some(true), "{shape:?}");
        }
    }
}

#[test]
fn the_picture_is_the_first_page_or_the_largest_where_that_is_reduced() {
    let page = |side: u32| {
        (
            tags(side, 1, 8, 1, 1),
            vec![vec![side as u8; side as usize]],
        )
    };
    // Widths and NewSubfileType of the chain's pages, and the width that is taken.
    let cases: [(&[(u32, u32)], u32); 8] = [
        (&[(2, 0), (9, 0)], 2),
        (&[(2, 2), (9, 0)], 2),
        (&[(2, 1), (3, 0), (9, 0)], 9),
        (&[(2, 1), (9, 1), (3, 0)], 3),
        (&[(2, 1), (9, 4), (3, 2)], 3),
        (&[(2, 4), (9, 4), (3, 2)], 3),
        (&[(2, 1), (9, 1)], 2),
        (&[(2, 1)], 2),
    ];
    for (pages, expected) in cases {
        for (little, big) in [(true, false), (false, true)] {
            let mut made = Made::new(little, big);
            for &(side, kind) in pages {
                let (tags, chunks) = page(side);
                made.page(&with(tags, &[(254, kind)]), &chunks);
            }
            assert_eq!(read(&made.bytes).unwrap().width, expected, "{pages:?}");
        }
    }
    let mut made = Made::new(true, false);
    let (tags, chunks) = page(7);
    let full = made.directory(&tags, &chunks);
    let (tags, chunks) = page(2);
    made.page(
        &with(tags.clone(), &[(254, 1), (330, full as u32)]),
        &chunks,
    );
    assert_eq!(
        read(&made.bytes).unwrap().width,
        7,
        "a page below the first"
    );
    let mut made = Made::new(true, false);
    made.page(&with(tags, &[(255, 2)]), &chunks);
    let (tags, chunks) = page(7);
    made.page(&tags, &chunks);
    assert_eq!(read(&made.bytes).unwrap().width, 7, "the older tag");
}

#[test]
fn a_strip_may_claim_any_number_of_rows_beyond_the_image() {
    // The last is what the standard takes where nothing is said (RowsPerStrip, TIFF 6.0).
    for rows in [
        0,
        2,
        3,
        1_000,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        u32::MAX,
    ] {
        let tags = with(tags(3, 2, 8, 1, 1), &[(278, rows)]);
        let picture = read(&file(&tags, &[vec![1, 2, 3, 4, 5, 6]])).unwrap();
        let greys = picture.data.iter().step_by(3);
        assert!(greys.eq(&[1, 2, 3, 4, 5, 6]), "{rows}");
    }
}
