//! The fields of a directory that say how samples are stored.

use super::{Alpha, AlphaKind, Colours, Compression, MAX_SAMPLES, Predictor};
use crate::Error;
use crate::decode::tiff::directory::Directory;
use crate::decode::tiff::fax::Coding;
use crate::decode::tiff::{tag, unsupported};
use crate::decode::{Format, damaged};

pub(super) fn compression(directory: &Directory<'_>) -> Result<Compression, Error> {
    let options = |tag| directory.value(tag).unwrap_or_default();
    let name = match directory.value(tag::COMPRESSION).unwrap_or(1) {
        1 => return Ok(Compression::None),
        2 => return Ok(Compression::Fax(Coding::Huffman)),
        3 if options(tag::T4_OPTIONS) & 2 == 0 => {
            let differences = options(tag::T4_OPTIONS) & 1 == 1;
            return Ok(Compression::Fax(Coding::Group3 { differences }));
        }
        4 if options(tag::T6_OPTIONS) & 2 == 0 => return Ok(Compression::Fax(Coding::Group4)),
        5 => return Ok(Compression::Lzw),
        7 => return Ok(Compression::Jpeg),
        8 | 32946 => return Ok(Compression::Deflate),
        32773 => return Ok(Compression::PackBits),
        3 | 4 => "fax compression with uncompressed parts",
        6 => "JPEG compression of the old style",
        32766 => "NeXT compression",
        32809 => "ThunderScan compression",
        34661 => "JBIG compression",
        34676 | 34677 => "LogLuv compression",
        33003 | 33004 | 33005 | 34712 => "JPEG 2000 compression",
        34887 => "LERC compression",
        34925 => "LZMA compression",
        50000 | 34926 => "Zstandard compression",
        50001 | 34927 => "WebP compression",
        50002 | 52546 => "JPEG XL compression",
        other => return Err(unsupported(&format!("has compression {other}"))),
    };
    Err(unsupported(&format!("has {name}")))
}

/// Bits of a sample, and whether it is a floating-point number.
pub(super) fn sample_type(directory: &Directory<'_>) -> Result<(u32, bool), Error> {
    let all = directory.values(tag::BITS, MAX_SAMPLES);
    let bits = all.first().copied().unwrap_or(1);
    if all.iter().any(|&other| other != bits) {
        return Err(unsupported("has samples of different sizes"));
    }
    let format = directory.values(tag::SAMPLE_FORMAT, MAX_SAMPLES);
    let kind = match format.first().copied().unwrap_or(1) {
        first if format.iter().any(|&other| other != first) => "mixed",
        1 | 4 if matches!(bits, 1..=16 | 32) => return Ok((bits as u32, false)),
        3 if matches!(bits, 16 | 32) => return Ok((bits as u32, true)),
        1 | 4 => "whole-number",
        2 => "signed",
        3 => "floating-point",
        _ => "complex",
    };
    Err(unsupported(&format!("has {kind} samples of {bits} bits")))
}

pub(super) fn predictor(
    directory: &Directory<'_>,
    compression: Compression,
) -> Result<Predictor, Error> {
    if !matches!(compression, Compression::Lzw | Compression::Deflate) {
        return Ok(Predictor::None);
    }
    match directory.value(tag::PREDICTOR).unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Horizontal),
        3 => Ok(Predictor::Float),
        other => Err(unsupported(&format!("has predictor {other}"))),
    }
}

pub(super) fn colours(
    directory: &Directory<'_>,
    samples: usize,
    compression: Compression,
) -> Result<Colours, Error> {
    let stated = directory.value(tag::PHOTOMETRIC).unwrap_or(match samples {
        3.. => 2,
        _ if matches!(compression, Compression::Fax(_)) => 0,
        _ => 1,
    });
    let name = match stated {
        0 | 1 => {
            let zero_is_white = stated == 0;
            return Ok(Colours::Grey { zero_is_white });
        }
        2 if samples >= 3 => return Ok(Colours::Rgb),
        3 => return Ok(Colours::Palette),
        5 if samples >= 4 && directory.value(tag::INK_SET).unwrap_or(1) == 1 => {
            return Ok(Colours::Inks);
        }
        6 if samples >= 3 => {
            let stated = directory.values(tag::SUBSAMPLING, 2);
            let side = |index| match stated.get(index).copied().unwrap_or(2) {
                side @ (1 | 2 | 4) => Ok(side as usize),
                other => Err(unsupported(&format!("has YCbCr subsampled by {other}"))),
            };
            let (across, down) = (side(0)?, side(1)?);
            return Ok(Colours::YCbCr { across, down });
        }
        2 | 6 => return Err(damaged(Format::Tiff, "it has fewer samples than colours")),
        4 => "a transparency mask in place of an image",
        5 => "inks other than cyan, magenta, yellow and black",
        8 => "CIE L*a*b* colours",
        9 => "ICC L*a*b* colours",
        10 => "ITU L*a*b* colours",
        32844 | 32845 => "LogLuv colours",
        other => return Err(unsupported(&format!("has colours of kind {other}"))),
    };
    Err(unsupported(&format!("has {name}")))
}

/// The sample that is alpha. What a file does not specify is taken as libtiff takes it.
pub(super) fn alpha(directory: &Directory<'_>, samples: usize, colours: Colours) -> Option<Alpha> {
    let first = colours.samples();
    let extra = samples.saturating_sub(first);
    let stated = directory.values(tag::EXTRA_SAMPLES, MAX_SAMPLES);
    for (index, kind) in stated.iter().take(extra).enumerate() {
        let kind = match kind {
            1 => AlphaKind::Associated,
            2 => AlphaKind::Straight,
            _ => continue,
        };
        let sample = first + index;
        return Some(Alpha { sample, kind });
    }
    let is_fourth = first == 3 && extra > 0 && (samples == 4 || !stated.is_empty());
    is_fourth.then_some(Alpha {
        sample: first,
        kind: AlphaKind::Unspecified,
    })
}
