//! Options of a result, and the result.

mod spec;
#[cfg(test)]
mod tests;
mod word;

use crate::{Background, BoundingBox, Encoding, Layout, Limits, Size};

pub use spec::{InvalidValue, OPTIONS, OptionSpec, OptionValue, Values};
pub use word::Word;
pub(crate) use word::words;

/// Kind of result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputKind {
    /// The image with its background transparent, or another in its place.
    #[default]
    Cutout,
    /// The mask alone, in grey.
    Mask,
}

words! {
    OutputKind {
        Cutout = "cutout": "The image with its background transparent, or another in its place",
        Mask = "mask": "The mask alone: 8-bit grey, 255 is foreground",
    }
}

impl OptionValue for OutputKind {
    const OPTION: OptionSpec = OptionSpec {
        name: "output",
        values: Self::VALUES,
        default: Some(Self::Cutout.as_str()),
        about: "The image without its background, or the mask alone: 8-bit grey, 255 is foreground",
    };
}

/// How the mask's edges and the colours beside them are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// The network's map stretched over the image: soft edges.
    Fast,
    /// Edges along those of the image, and the foreground's own colours on them.
    #[default]
    Good,
    /// As `Good`, from the best of up to three looks of the network.
    Best,
    /// As rembg does it, the darkened edges included. Chosen by [`Compat`].
    Rembg,
}

words! {
    Quality {
        Fast = "fast": "The network's mask stretched over the image: soft edges",
        Good = "good": "Edges along those of the image, and the subject's own colours on them",
        Best = "best": "As `good`, from the best of up to three looks of the network: up to three times as long",
        ; Rembg = Compat::Rembg.as_str(),
    }
}

impl OptionValue for Quality {
    const OPTION: OptionSpec = OptionSpec {
        name: "quality",
        values: Self::VALUES,
        default: Some(Self::Good.as_str()),
        about: "How edges are made",
    };
}

/// A program whose results are wanted: a quality in place of [`Quality`]'s own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compat {
    /// rembg.
    Rembg,
}

words! {
    Compat {
        Rembg = "rembg": "Soft and darkened edges",
    }
}

impl OptionValue for Compat {
    const OPTION: OptionSpec = OptionSpec {
        name: "compat",
        values: Self::VALUES,
        default: None,
        about: "Make edges as another program does, its defects included, in place of `quality`",
    };
}

impl From<Compat> for Quality {
    fn from(compat: Compat) -> Self {
        match compat {
            Compat::Rembg => Self::Rembg,
        }
    }
}

/// Options of one result, and its limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Default: the cut-out.
    pub output: OutputKind,
    /// Default: [`Quality::Good`].
    pub quality: Quality,
    /// Default: PNG, fast.
    pub encoding: Encoding,
    /// Default: as large as the image.
    pub size: Size,
    /// Default: everything where it is in the image.
    pub layout: Layout,
    /// Default: transparent. A mask has none.
    pub background: Background,
    /// Whether the mask is made as well, in the same place and size, as PNG. Default: no.
    pub also_mask: bool,
    /// Whether [`Thumbnails`] are made as well, and their longer side in pixels. Default: no.
    pub thumbnails: Option<u32>,
    /// Default: 64 MiB, 50 megapixels.
    pub limits: Limits,
}

/// An encoded result.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// A file of the format that was asked for.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Where the mask is above [`Mask::FOREGROUND_LEVEL`](crate::Mask::FOREGROUND_LEVEL), in the result's pixels; `None` when it is nowhere.
    pub foreground: Option<BoundingBox>,
    /// [`Matte::uncertainty`](crate::Matte::uncertainty).
    pub uncertainty: f32,
    /// The mask as PNG, when it was asked for beside another output.
    pub mask: Option<Vec<u8>>,
    /// When they were asked for.
    pub thumbnails: Option<Thumbnails>,
}

/// A whole image before and after, small: `width × height × 3` values each, row-major, red, green, blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnails {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The image.
    pub before: Vec<u8>,
    /// Its cut-out on a chequered ground.
    pub after: Vec<u8>,
}
