//! An image in HEVC (H.265), by heifer.

use heifer::heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer::heifer_hevc_dec::nal::unescape_rbsp;
use heifer::heifer_hevc_dec::params::Sps;
use heifer::heifer_hevc_dec::recon::Frame;
use heifer::heifer_isobmff::{HeifFile, ItemId};

use super::super::{Format, damaged, unsupported};
use super::{bad, check_coded};
use crate::{Error, Limits};

/// Types of units that hold parameters: VPS, SPS and PPS (H.265, table 7-1). In HEIF they stand in `hvcC` alone.
const PARAMETERS: std::ops::RangeInclusive<u8> = 32..=34;
const SPS: u8 = 33;

/// The samples of item `id`.
///
/// # Errors
/// Kinds `undecodable` and `too-many-pixels`.
pub(super) fn frame(file: &HeifFile<'_>, id: ItemId, limits: &Limits) -> Result<Frame, Error> {
    let config = file.hevc_config(id).map_err(|cause| bad(&cause))?;
    let config = config.ok_or_else(|| damaged(Format::Heif, "hvcC is missing"))?;
    let data = file.item_data(id).map_err(|cause| bad(&cause))?;
    let mut stream = Vec::with_capacity(data.len() + 1024);
    for unit in &config.nal_units {
        check(unit, limits)?;
        push(&mut stream, unit);
    }
    let mut rest: &[u8] = &data;
    while !rest.is_empty() {
        let cut_short = || damaged(Format::Heif, "the file ends before the image does");
        let prefix = usize::from(config.nal_length_size);
        let (length, tail) = rest.split_at_checked(prefix).ok_or_else(cut_short)?;
        let length = length
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let (unit, tail) = tail.split_at_checked(length).ok_or_else(cut_short)?;
        // Sizes are checked in hvcC's parameters, so that none may come later.
        if !unit
            .first()
            .is_some_and(|first| PARAMETERS.contains(&kind(*first)))
        {
            push(&mut stream, unit);
        }
        rest = tail;
    }
    let options = DecodeOptions {
        max_pixels: limits.max_pixels.min(Limits::CEILING),
        ..DecodeOptions::default()
    };
    decode_picture(&stream, options).map_err(|cause| match cause {
        heifer::heifer_hevc_dec::Error::Unimplemented(what) => unsupported(Format::Heif, what),
        cause => bad(&cause),
    })
}

/// The type of a unit that begins with the byte `first`.
fn kind(first: u8) -> u8 {
    first >> 1 & 0x3f
}

/// Checks the size that a unit of parameters states, before others make the decoder take memory for it.
fn check(unit: &[u8], limits: &Limits) -> Result<(), Error> {
    match unit {
        [first, _, payload @ ..] if kind(*first) == SPS => {
            let sps = Sps::parse(&unescape_rbsp(payload)).map_err(|cause| bad(&cause))?;
            check_coded(
                limits,
                sps.pic_width_in_luma_samples,
                sps.pic_height_in_luma_samples,
            )
        }
        _ => Ok(()),
    }
}

fn push(stream: &mut Vec<u8>, unit: &[u8]) {
    stream.extend_from_slice(&[0, 0, 0, 1]);
    stream.extend_from_slice(unit);
}
