//! An image in AV1, by oxideav.

use heifer::heifer_hevc_dec::recon::Frame;
use oxideav_av1::decoder::{SpecDecodeSession, SpecFrame};
use oxideav_av1::parse_leb128;
use oxideav_av1::sequence_header::{SequenceHeader, parse_sequence_header};

use super::super::{Format, damaged, unsupported};
use super::{bad, check_coded};
use crate::{Error, Limits};

/// Types of units (AV1, 6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const FRAME_HEADER: u8 = 3;
const TILE_GROUP: u8 = 4;
const FRAME: u8 = 6;

/// A still image has one frame, a layered one up to four; each shown one is an image in memory.
const MAX_FRAMES: usize = 4;

/// Bits of the samples: 8, 10 or 12.
///
/// # Errors
/// Kind `undecodable`.
pub(super) fn depth(data: &[u8]) -> Result<u8, Error> {
    Ok(Units::read(data)?.sequence.color_config.bit_depth)
}

/// The samples of an item's `data`; of a layered image those of its last layer.
///
/// # Errors
/// Kinds `undecodable`, `unsupported-format` and `too-many-pixels`.
pub(super) fn frame(data: &[u8], limits: &Limits) -> Result<Frame, Error> {
    let Units { stream, sequence } = Units::read(data)?;
    let side = |less: u32| less.saturating_add(1);
    check_coded(
        limits,
        side(sequence.max_frame_width_minus_1),
        side(sequence.max_frame_height_minus_1),
    )?;
    let mut session = SpecDecodeSession::new();
    // At most 2²⁸.
    session.set_max_picture_size(limits.max_pixels.min(Limits::CEILING) as u32);
    let frames = session
        .decode_temporal_unit(&stream)
        .map_err(|cause| bad(&cause))?;
    let last = frames
        .into_iter()
        .next_back()
        .ok_or_else(|| damaged(Format::Heif, "it shows no frame"))?;
    planes(last, &sequence)
}

/// The units of an item that a still image is decoded from, each with its length.
struct Units {
    stream: Vec<u8>,
    sequence: SequenceHeader,
}

impl Units {
    /// The last unit may go without its length (AV1-ISOBMFF, 2.4), which the decoder asks for; it refuses reserved types, which
    /// are to be skipped.
    fn read(data: &[u8]) -> Result<Self, Error> {
        let cut_short = || damaged(Format::Heif, "the file ends before the image does");
        let (mut stream, mut sequence, mut frames) = (Vec::new(), None, 0);
        let mut rest = data;
        while let [first, tail @ ..] = rest {
            let (kind, is_extended, has_length) =
                (first >> 3 & 0xf, first & 4 != 0, first & 2 != 0);
            let (extension, tail) = tail
                .split_at_checked(usize::from(is_extended))
                .ok_or_else(cut_short)?;
            let (length, tail) = if has_length {
                let (length, bytes) = parse_leb128(tail).map_err(|cause| bad(&cause))?;
                let length = usize::try_from(length).map_err(|_| cut_short())?;
                (length, tail.get(bytes..).ok_or_else(cut_short)?)
            } else {
                (tail.len(), tail)
            };
            let (payload, tail) = tail.split_at_checked(length).ok_or_else(cut_short)?;
            rest = tail;
            match kind {
                SEQUENCE_HEADER if sequence.is_none() => {
                    sequence = Some(parse_sequence_header(payload).map_err(|cause| bad(&cause))?);
                }
                FRAME | FRAME_HEADER => {
                    frames += 1;
                    if frames > MAX_FRAMES {
                        return Err(unsupported(Format::Heif, "it has more than 4 frames"));
                    }
                }
                TILE_GROUP => {}
                _ => continue,
            }
            stream.push(first | 2);
            stream.extend_from_slice(extension);
            push_length(&mut stream, payload.len());
            stream.extend_from_slice(payload);
        }
        let sequence =
            sequence.ok_or_else(|| damaged(Format::Heif, "its sequence header is missing"))?;
        Ok(Self { stream, sequence })
    }
}

/// Seven bits at a time, the lowest first (AV1, 4.10.5).
fn push_length(stream: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        stream.push(length as u8 | 0x80);
        length >>= 7;
    }
    stream.push(length as u8);
}

/// The samples of a frame as heifer takes them.
fn planes(frame: SpecFrame, sequence: &SequenceHeader) -> Result<Frame, Error> {
    let config = &sequence.color_config;
    let mut out = Frame {
        widths: [0; 3],
        heights: [0; 3],
        planes: [const { Vec::new() }; 3],
        bit_depth: [frame.bit_depth; 2],
        // 4:0:0, 4:2:0, 4:2:2 and 4:4:4.
        chroma_format: match (
            config.mono_chrome,
            config.subsampling_x,
            config.subsampling_y,
        ) {
            (true, ..) => 0,
            (_, true, true) => 1,
            (_, true, false) => 2,
            _ => 3,
        },
        full_range: config.color_range,
        matrix_coeffs: config.matrix_coefficients,
    };
    let count = if config.mono_chrome { 1 } else { 3 };
    if frame.planes.len() != count || frame.plane_dims.len() != count {
        return Err(damaged(Format::Heif, "it lacks a plane of colours"));
    }
    let planes = frame.planes.into_iter().zip(frame.plane_dims);
    for (index, (bytes, size)) in planes.enumerate() {
        out.planes[index] = match frame.bit_depth {
            8 => bytes.into_iter().map(u16::from).collect(),
            _ => {
                let pairs = bytes.as_chunks::<2>().0.iter();
                pairs.map(|pair| u16::from_le_bytes(*pair)).collect()
            }
        };
        (out.widths[index], out.heights[index]) = size;
    }
    Ok(out)
}
