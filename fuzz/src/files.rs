//! Image files of a few pixels around metadata.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Colours of a file.
#[derive(Clone, Copy)]
pub enum Colours {
    Grey,
    Rgb,
    Inks,
}

/// A PNG of 2 × 2 pixels, with 16 bits where `is_wide`, and these chunks before its data.
pub fn png(colours: Colours, is_wide: bool, chunks: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let (kind, channels) = match colours {
        Colours::Grey => (0, 1),
        _ => (2, 3),
    };
    let depth = if is_wide { 16 } else { 8 };
    let header = [0, 0, 0, 2, 0, 0, 0, 2, depth, kind, 0, 0, 0];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    for (name, body) in chunks {
        chunk(&mut file, *name, body);
    }
    let row = 1 + 2 * channels * usize::from(depth / 8);
    let rows: Vec<u8> = (0..2 * row)
        .map(|at| if at % row == 0 { 0 } else { (at * 37) as u8 })
        .collect();
    chunk(&mut file, *b"IDAT", &stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// A grey PNG, of whose pixels `value` gives each by its place.
pub fn grey(width: u8, height: u8, value: impl Fn(usize) -> u8) -> Vec<u8> {
    let header = [0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0];
    let mut rows = Vec::new();
    for y in 0..usize::from(height) {
        rows.push(0);
        let row = y * usize::from(width);
        rows.extend((row..row + usize::from(width)).map(&value));
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// A chunk's body with an ICC profile.
pub fn iccp(profile: &[u8]) -> Vec<u8> {
    [b"p\0\0", &stored(profile)[..]].concat()
}

/// Bytes in zlib's format.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("a Vec takes everything");
    encoder.finish().expect("a Vec takes everything")
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    file.extend((body.len() as u32).to_be_bytes());
    let begin = file.len();
    file.extend(name);
    file.extend(body);
    let sum = crc32fast::hash(&file[begin..]);
    file.extend(sum.to_be_bytes());
}

/// A TIFF of 2 × 1 pixels with an ICC profile.
pub fn tiff(colours: Colours, profile: &[u8]) -> Vec<u8> {
    let (meaning, samples) = match colours {
        Colours::Grey => (1, 1),
        Colours::Rgb => (2, 3),
        Colours::Inks => (5, 4),
    };
    const ENTRIES: u32 = 10;
    let behind = 8 + 2 + 12 * ENTRIES + 4;
    let bits = behind;
    let data = bits + 8;
    let icc = data + 8;
    let entries: [(u16, u16, u32, u32); ENTRIES as usize] = [
        (256, 4, 1, 2),
        (257, 4, 1, 1),
        (258, 3, samples, if samples == 1 { 8 } else { bits }),
        (259, 3, 1, 1),
        (262, 3, 1, meaning),
        (273, 4, 1, data),
        (277, 3, 1, samples),
        (278, 4, 1, 1),
        (279, 4, 1, 2 * samples),
        (34_675, 7, profile.len() as u32, icc),
    ];
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((ENTRIES as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend([8, 0, 8, 0, 8, 0, 8, 0]);
    file.extend([10, 80, 160, 240, 250, 130, 60, 5]);
    file.extend(profile);
    file
}
