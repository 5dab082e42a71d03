//! A page: the image that a directory describes, checked before memory is taken.

mod fields;

use super::directory::Directory;
use super::fax::Coding;
use super::grid::Chunks;
use super::{tag, unsupported};
use crate::decode::{Format, damaged};
use crate::{Error, Limits};
use fields::{alpha, colours, compression, predictor, sample_type};

/// Bits of a pixel at most, of all samples that are stored together.
const MAX_PIXEL_BITS: u64 = 128;

/// Samples of a pixel at most.
const MAX_SAMPLES: usize = 64;

/// An image as it is stored.
pub(super) struct Page {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample: 1 to 16, or 32.
    pub(super) bits: u32,
    pub(super) is_float: bool,
    /// Samples of a pixel.
    pub(super) samples: usize,
    /// Whether each sample has chunks of its own.
    pub(super) is_planar: bool,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// Whether the first bit of a byte is the least one.
    pub(super) is_reversed: bool,
    pub(super) colours: Colours,
    pub(super) alpha: Option<Alpha>,
    pub(super) chunks: Chunks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Coding),
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// Differences to the sample of the pixel before.
    Horizontal,
    /// The same of floats' bytes, the highest of all samples first.
    Float,
}

/// The meaning of samples; those of alpha and others come after these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Grey {
        zero_is_white: bool,
    },
    Rgb,
    Palette,
    Inks,
    /// One of each colour difference for so many pixels across and down.
    YCbCr {
        across: usize,
        down: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Which sample it is.
    pub(super) sample: usize,
    pub(super) kind: AlphaKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlphaKind {
    /// Colours are multiplied by it.
    Associated,
    Straight,
    /// A fourth sample of which the file does not say what it is: alpha if it shows anything at all.
    Unspecified,
}

impl Colours {
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Grey { .. } | Self::Palette => 1,
            Self::Rgb | Self::YCbCr { .. } => 3,
            Self::Inks => 4,
        }
    }
}

impl Page {
    /// # Errors
    /// As [`crate::decode`].
    pub(super) fn new(directory: &Directory<'_>, limits: &Limits) -> Result<Self, Error> {
        let side = |tag| directory.value(tag).and_then(|side| side.try_into().ok());
        let (Some(width), Some(height)) = (side(tag::WIDTH), side(tag::HEIGHT)) else {
            return Err(damaged(Format::Tiff, "its size is missing"));
        };
        limits.check_size(width, height)?;
        let compression = compression(directory)?;
        let samples = directory.value(tag::SAMPLES).unwrap_or(1);
        let (bits, is_float) = sample_type(directory)?;
        let is_planar = samples > 1 && directory.value(tag::PLANAR) == Some(2);
        let (planes, together) = if is_planar {
            (samples, 1)
        } else {
            (1, samples)
        };
        if samples == 0
            || together.saturating_mul(u64::from(bits)) > MAX_PIXEL_BITS
            || samples > MAX_SAMPLES as u64
        {
            return Err(unsupported(&format!(
                "has {samples} samples of {bits} bits"
            )));
        }
        let samples = samples as usize;
        let colours = colours(directory, samples, compression)?;
        let page = Self {
            width,
            height,
            bits,
            is_float,
            samples,
            is_planar,
            compression,
            predictor: predictor(directory, compression)?,
            is_reversed: directory.value(tag::FILL_ORDER) == Some(2),
            colours,
            alpha: alpha(directory, samples, colours),
            chunks: Chunks::new(directory, (width, height), planes, limits)?,
        };
        page.check()?;
        Ok(page)
    }

    /// Samples of a pixel that are stored together.
    pub(super) fn together(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Whether samples have more than the 8 bits of an image's high bytes.
    pub(super) fn is_wide(&self) -> bool {
        self.bits > 8
    }

    /// Pixels across and down that share colour differences in the data; JPEG's are its own matter.
    pub(super) fn block(&self) -> (usize, usize) {
        match self.colours {
            Colours::YCbCr { across, down } if self.compression != Compression::Jpeg => {
                (across, down)
            }
            _ => (1, 1),
        }
    }

    /// Bytes of `rows` rows of a chunk, decompressed.
    pub(super) fn bytes(&self, rows: usize) -> u64 {
        let (across, down) = self.block();
        let (width, rows) = (self.chunks.width as u64, rows as u64);
        if (across, down) != (1, 1) {
            let block = (across * down + 2) as u64;
            return width.div_ceil(across as u64) * rows.div_ceil(down as u64) * block;
        }
        (width * self.together() as u64 * u64::from(self.bits)).div_ceil(8) * rows
    }

    /// Combinations of what is read by itself.
    fn check(&self) -> Result<(), Error> {
        let bits = self.bits;
        let what = match (self.compression, self.colours) {
            (Compression::Fax(_), _) if bits != 1 || self.samples != 1 => {
                return Err(damaged(
                    Format::Tiff,
                    "fax coding is for one sample of one bit",
                ));
            }
            (Compression::Jpeg, _) if bits != 8 => format!("has JPEG compression of {bits} bits"),
            (Compression::Jpeg, _) if !matches!(self.together(), 1 | 3) => {
                format!("has JPEG compression of {} samples", self.samples)
            }
            (_, Colours::Palette) if bits > 8 => format!("has a palette of {bits} bits"),
            (_, Colours::YCbCr { .. }) if bits != 8 => format!("has YCbCr samples of {bits} bits"),
            (_, Colours::YCbCr { .. })
                if self.block() != (1, 1)
                    && (self.samples != 3
                        || self.is_planar
                        || self.predictor != Predictor::None) =>
            {
                "has subsampled YCbCr in separate planes, with alpha or with a predictor".into()
            }
            _ if self.predictor == Predictor::Horizontal && !matches!(bits, 8 | 16 | 32) => {
                format!("has a predictor for samples of {bits} bits")
            }
            _ if self.predictor == Predictor::Float && !self.is_float => {
                "has a predictor of floating point for whole numbers".into()
            }
            _ => return Ok(()),
        };
        Err(unsupported(&what))
    }
}
