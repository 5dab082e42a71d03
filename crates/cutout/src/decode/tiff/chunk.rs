//! A strip or tile: from the file's bytes to rows of samples as they were before compression.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress};
use image::ColorType;
use weezl::BitOrder;

use super::directory::File;
use super::page::{Colours, Compression, Page, Predictor};
use super::{fax, unsupported};
use crate::decode::samples::buffer;
use crate::decode::{Format, damaged, open};
use crate::{Error, ErrorKind, Limits};

/// How far Deflate, LZW with codes of 12 bits, and PackBits make data smaller at most.
const DEFLATE_RATIO: u64 = 1040;
const LZW_RATIO: u64 = 4096;
const PACKBITS_RATIO: u64 = 64;

/// Bytes of a chunk beside its samples, of a JPEG with its metadata and tables.
const MAX_HEAD: u64 = 256 << 10;

/// The `index`-th chunk's samples, `rows` rows of them.
///
/// # Errors
/// Kind `undecodable`, and `too-many-pixels` where there is no memory.
pub(super) fn read<'a>(
    page: &Page,
    file: File<'a>,
    tables: &[u8],
    index: usize,
    rows: usize,
) -> Result<Cow<'a, [u8]>, Error> {
    let mut stored = Cow::Borrowed(stored(page, file, index)?);
    if page.compression == Compression::Jpeg {
        return jpeg_rows(page, tables, &stored, rows).map(Cow::Owned);
    }
    if page.is_reversed {
        stored
            .to_mut()
            .iter_mut()
            .for_each(|byte| *byte = byte.reverse_bits());
    }
    let length = page.bytes(rows);
    if page.compression == Compression::None {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let cut = || damaged(Format::Tiff, "the file ends before the image does");
        return match stored {
            Cow::Borrowed(bytes) => bytes.get(..length).map(Cow::Borrowed).ok_or_else(cut),
            Cow::Owned(mut bytes) if bytes.len() >= length => {
                bytes.truncate(length);
                Ok(Cow::Owned(bytes))
            }
            Cow::Owned(_) => Err(cut()),
        };
    }
    let mut data = decompressed(page, &stored, length)?;
    let row = data.len() / rows.max(1);
    for row in data.chunks_exact_mut(row.max(1)) {
        match page.predictor {
            Predictor::None => break,
            Predictor::Horizontal => sum(row, page, file.little),
            Predictor::Float => join_floats(row, page, file.little),
        }
    }
    Ok(Cow::Owned(data))
}

/// A chunk's bytes in the file: no more of them than a chunk of its size can need, since they may be copied.
fn stored<'a>(page: &Page, file: File<'a>, index: usize) -> Result<&'a [u8], Error> {
    let place = page.chunks.places.get(file, index);
    // A place of 0 is a chunk that was never written.
    let place = place
        .filter(|&place| place > 0)
        .and_then(|place| usize::try_from(place).ok());
    let rest = place.and_then(|place| file.bytes.get(place..));
    let rest = rest.filter(|rest| !rest.is_empty());
    let rest = rest.ok_or_else(|| damaged(Format::Tiff, "the file ends before the image does"))?;
    let length = page
        .chunks
        .lengths
        .and_then(|lengths| lengths.get(file, index));
    let length = length.filter(|&length| length > 0).unwrap_or(u64::MAX);
    let most = page
        .bytes(page.chunks.height)
        .saturating_mul(4)
        .saturating_add(MAX_HEAD);
    // Not longer than what is there.
    Ok(&rest[..length.min(most).min(rest.len() as u64) as usize])
}

fn decompressed(page: &Page, stored: &[u8], length: u64) -> Result<Vec<u8>, Error> {
    let early = || damaged(Format::Tiff, "a strip or tile ends before its rows do");
    let ratio = match page.compression {
        Compression::Deflate => DEFLATE_RATIO,
        Compression::Lzw => LZW_RATIO,
        Compression::PackBits => PACKBITS_RATIO,
        // A line may have a single bit; the whole image is small.
        _ => u64::MAX,
    };
    if length > ratio.saturating_mul(stored.len() as u64) {
        return Err(early());
    }
    let mut data = buffer(length)?;
    let whole = match page.compression {
        Compression::Deflate => inflate(stored, &mut data),
        Compression::Lzw => lzw(stored, &mut data),
        Compression::PackBits => unpack_bits(stored, &mut data),
        Compression::Fax(coding) => fax::decode(stored, coding, page.chunks.width, &mut data),
        Compression::None | Compression::Jpeg => None,
    };
    whole.map(|()| data).ok_or_else(early)
}

fn inflate(stored: &[u8], data: &mut [u8]) -> Option<()> {
    let mut state = Decompress::new(true);
    // What comes after the last row does not matter, so neither does how the data end.
    let _ = state
        .decompress(stored, data, FlushDecompress::Finish)
        .ok()?;
    (state.total_out() == data.len() as u64).then_some(())
}

fn lzw(stored: &[u8], data: &mut [u8]) -> Option<()> {
    // Before TIFF 6.0, bits came in the other order, and codes grew one later: a stream begins with 256, of 9 bits.
    let is_old = matches!(stored, [0, second, ..] if second & 1 == 1);
    let mut decoder = if is_old {
        weezl::decode::Decoder::new(BitOrder::Lsb, 8)
    } else {
        weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let (mut stored, mut data) = (stored, data);
    while !data.is_empty() {
        let step = decoder.decode_bytes(stored, data);
        step.status.ok()?;
        if step.consumed_in == 0 && step.consumed_out == 0 {
            return None;
        }
        stored = stored.get(step.consumed_in..)?;
        data = data.get_mut(step.consumed_out..)?;
    }
    Some(())
}

fn unpack_bits(mut stored: &[u8], data: &mut [u8]) -> Option<()> {
    let mut at = 0;
    while at < data.len() {
        let (&head, rest) = stored.split_first()?;
        stored = rest;
        let count = match head {
            0..128 => usize::from(head) + 1,
            128 => continue,
            129.. => 257 - usize::from(head),
        };
        // What goes beyond the rows is left out.
        let end = (at + count).min(data.len());
        if head < 128 {
            data[at..end].copy_from_slice(stored.get(..end - at)?);
            stored = stored.get(count..).unwrap_or_default();
        } else {
            let (&value, rest) = stored.split_first()?;
            data[at..end].fill(value);
            stored = rest;
        }
        at = end;
    }
    Some(())
}

/// Undoes the horizontal predictor.
fn sum(row: &mut [u8], page: &Page, little: bool) {
    let step = page.together() * page.bits as usize / 8;
    match page.bits {
        8 => {
            for at in step..row.len() {
                row[at] = row[at].wrapping_add(row[at - step]);
            }
        }
        16 => {
            for at in (step..row.len().saturating_sub(1)).step_by(2) {
                let value = |at| short(&row[at..], little);
                let sum: u16 = value(at).wrapping_add(value(at - step));
                let bytes = if little {
                    sum.to_le_bytes()
                } else {
                    sum.to_be_bytes()
                };
                row[at..at + 2].copy_from_slice(&bytes);
            }
        }
        _ => {
            for at in (step..row.len().saturating_sub(3)).step_by(4) {
                let value = |at| long(&row[at..], little);
                let sum: u32 = value(at).wrapping_add(value(at - step));
                let bytes = if little {
                    sum.to_le_bytes()
                } else {
                    sum.to_be_bytes()
                };
                row[at..at + 4].copy_from_slice(&bytes);
            }
        }
    }
}

/// Undoes the predictor of floating point (Adobe's technical note 3).
fn join_floats(row: &mut [u8], page: &Page, little: bool) {
    let step = page.together();
    for at in step..row.len() {
        row[at] = row[at].wrapping_add(row[at - step]);
    }
    let size = page.bits as usize / 8;
    let planes = row.to_vec();
    let count = planes.len() / size;
    for (index, value) in row.chunks_exact_mut(size).enumerate() {
        for (byte, to) in value.iter_mut().enumerate() {
            let plane = if little { size - 1 - byte } else { byte };
            *to = planes[plane * count + index];
        }
    }
}

/// The first two bytes as a number.
pub(super) fn short(bytes: &[u8], little: bool) -> u16 {
    let bytes = bytes.first_chunk().copied().unwrap_or_default();
    if little {
        u16::from_le_bytes(bytes)
    } else {
        u16::from_be_bytes(bytes)
    }
}

/// The first four bytes as a number.
pub(super) fn long(bytes: &[u8], little: bool) -> u32 {
    let bytes = bytes.first_chunk().copied().unwrap_or_default();
    if little {
        u32::from_le_bytes(bytes)
    } else {
        u32::from_be_bytes(bytes)
    }
}

/// Decodes a chunk that is a JPEG stream; its tables may stand in the directory (TIFF Technical Note 2).
fn jpeg_rows(page: &Page, tables: &[u8], stored: &[u8], rows: usize) -> Result<Vec<u8>, Error> {
    let wrong = |what: &str| damaged(Format::Tiff, what);
    let Some(stream) = stored.strip_prefix(b"\xff\xd8") else {
        return Err(wrong("a strip or tile is no JPEG"));
    };
    let tables = tables.get(..MAX_HEAD as usize).unwrap_or(tables);
    let tables = tables.strip_prefix(b"\xff\xd8").unwrap_or_default();
    let tables = tables.strip_suffix(b"\xff\xd9").unwrap_or(tables);
    // Adobe's marker says whether the three samples are YCbCr, as the directory does here.
    let is_mixed = matches!(page.colours, Colours::YCbCr { .. });
    let marker = [
        b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0".as_slice(),
        &[u8::from(is_mixed)],
    ]
    .concat();
    let bytes = [b"\xff\xd8", &*marker, tables, stream].concat();
    // What the way out is depends on the file that holds it.
    let limits = Limits {
        max_pixels: page.chunks.width as u64 * page.chunks.height as u64,
        max_side: u32::MAX,
        max_bytes: u64::MAX,
    };
    let decoder = open(Format::Jpeg, &bytes, &limits).map_err(|cause| match cause.kind() {
        ErrorKind::UnsupportedFormat => unsupported("has JPEG compression of a rare kind"),
        ErrorKind::TooManyPixels => cause,
        _ => wrong("a strip or tile is a damaged JPEG"),
    })?;
    let (width, height) = decoder.dimensions();
    let samples = match decoder.color_type() {
        ColorType::L8 => 1,
        ColorType::Rgb8 => 3,
        _ => 0,
    };
    // A last strip may be as high as the others.
    let fits = width as usize == page.chunks.width
        && (rows..=page.chunks.height).contains(&(height as usize));
    if !fits || samples != page.together() {
        return Err(wrong("a strip or tile is a JPEG of another size or kind"));
    }
    let mut data = buffer(decoder.total_bytes())?;
    decoder
        .read_image_boxed(&mut data)
        .map_err(|cause| wrong(&cause.to_string()))?;
    data.truncate(data.len() / height as usize * rows);
    Ok(data)
}
