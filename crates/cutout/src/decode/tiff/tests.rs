//! Files made here, whose pixels are known; codings that are not written here come from libtiff 4.5 (`tiffcp`) and Pillow 13.

mod colours;
mod pixels;
mod refusals;
mod shapes;

use std::io::Write;

use crate::{Error, Limits, Picture, decode};

/// A tag, its type (1 BYTE, 3 SHORT, 4 LONG, 5 RATIONAL) and its values; those of a RATIONAL in twos.
type Tag = (u16, u16, Vec<u32>);

/// A file that is being made.
struct Made {
    bytes: Vec<u8>,
    little: bool,
    big: bool,
    /// Where the place of the next directory belongs.
    link: usize,
}

impl Made {
    fn new(little: bool, big: bool) -> Self {
        let mut made = Self {
            bytes: if little { b"II" } else { b"MM" }.to_vec(),
            little,
            big,
            link: 4,
        };
        made.number(if big { 43 } else { 42 }, 2);
        if big {
            made.number(8, 2);
            made.number(0, 2);
            made.link = 8;
        }
        made.number(0, made.word());
        made
    }

    fn word(&self) -> usize {
        if self.big { 8 } else { 4 }
    }

    fn number(&mut self, value: usize, size: usize) {
        let bytes = self.number_bytes(value, size);
        self.bytes.extend(bytes);
    }

    fn number_bytes(&self, value: usize, size: usize) -> Vec<u8> {
        let bytes = (value as u64).to_be_bytes()[8 - size..].to_vec();
        if self.little {
            bytes.into_iter().rev().collect()
        } else {
            bytes
        }
    }

    /// Appends chunks and a directory that names them, and gives the directory's place.
    fn directory(&mut self, tags: &[Tag], chunks: &[Vec<u8>]) -> usize {
        let is_tiled = tags.iter().any(|tag| tag.0 == 322);
        let mut places = Vec::new();
        for chunk in chunks {
            places.push(self.bytes.len() as u32);
            self.bytes.extend(chunk);
        }
        let lengths = chunks.iter().map(|chunk| chunk.len() as u32).collect();
        let mut tags = tags.to_vec();
        tags.push((if is_tiled { 324 } else { 273 }, 4, places));
        tags.push((if is_tiled { 325 } else { 279 }, 4, lengths));
        tags.sort();
        let mut entries = Vec::new();
        for (tag, kind, values) in tags {
            let size = [1, 1, 1, 2, 4, 4][usize::from(kind)];
            let bytes = values
                .iter()
                .flat_map(|&value| self.number_bytes(value as usize, size));
            let mut bytes: Vec<u8> = bytes.collect();
            let count = values.len() / if kind == 5 { 2 } else { 1 };
            entries.extend(self.number_bytes(tag.into(), 2));
            entries.extend(self.number_bytes(kind.into(), 2));
            entries.extend(self.number_bytes(count, self.word()));
            if bytes.len() > self.word() {
                let place = self.bytes.len();
                self.bytes.extend(bytes);
                bytes = self.number_bytes(place, self.word());
            }
            bytes.resize(self.word(), 0);
            entries.extend(bytes);
        }
        let place = self.bytes.len();
        let size = if self.big { 20 } else { 12 };
        self.number(entries.len() / size, if self.big { 8 } else { 2 });
        self.bytes.extend(entries);
        self.number(0, self.word());
        place
    }

    /// As [`Made::directory`], in the chain of pages.
    fn page(&mut self, tags: &[Tag], chunks: &[Vec<u8>]) {
        let place = self.directory(tags, chunks);
        let link = self.number_bytes(place, self.word());
        self.bytes[self.link..][..link.len()].copy_from_slice(&link);
        self.link = self.bytes.len() - self.word();
    }
}

/// A file of one page, least bytes first.
fn file(tags: &[Tag], chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut made = Made::new(true, false);
    made.page(tags, chunks);
    made.bytes
}

/// The tags of an uncompressed image in one strip.
fn tags(width: u32, height: u32, bits: u32, photometric: u32, samples: u32) -> Vec<Tag> {
    vec![
        (256, 4, vec![width]),
        (257, 4, vec![height]),
        (258, 3, vec![bits; samples as usize]),
        (262, 3, vec![photometric]),
        (277, 3, vec![samples]),
    ]
}

/// `tags` with others, which take the place of those of their number.
fn with(mut tags: Vec<Tag>, others: &[(u16, u32)]) -> Vec<Tag> {
    for &(tag, value) in others {
        tags.retain(|known| known.0 != tag);
        tags.push((tag, 4, vec![value]));
    }
    tags
}

fn read(bytes: &[u8]) -> Result<Picture, Error> {
    decode(bytes, &Limits::default())
}

/// An image's values: in 16 bits where it has them.
fn values(picture: &Picture) -> Vec<u16> {
    let high = picture.data.iter().map(|&value| u16::from(value));
    match &picture.fine {
        Some(fine) => high
            .zip(fine)
            .map(|(high, &low)| high << 8 | u16::from(low))
            .collect(),
        None => high.collect(),
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lzw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    encoder.encode(bytes).unwrap()
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    let two = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(two).collect()
}
