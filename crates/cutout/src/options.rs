//! What is to be made of a picture, and what was made.

use crate::{Background, BoundingBox, Format, Layout, Limits, Size};

/// What to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputKind {
    /// The picture with its background transparent, or another in its place.
    #[default]
    Cutout,
    /// The mask alone, in grey.
    Mask,
}

/// What to make of one picture, within which limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Default: the cut-out.
    pub output: OutputKind,
    /// Default: PNG.
    pub format: Format,
    /// Of JPEG, 1…100. Default 90.
    pub quality: u8,
    /// Default: as large as the picture.
    pub size: Size,
    /// Default: everything where it is in the picture.
    pub layout: Layout,
    /// Default: transparent. A mask has none.
    pub background: Background,
    /// Default: 64 MiB, 50 megapixels.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            output: OutputKind::default(),
            format: Format::default(),
            quality: 90,
            size: Size::default(),
            layout: Layout::default(),
            background: Background::default(),
            limits: Limits::default(),
        }
    }
}

/// An encoded result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// A file of the format that was asked for.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Where the mask is above [`Mask::FOREGROUND_LEVEL`](crate::Mask::FOREGROUND_LEVEL), in the result's pixels; `None` when it is nowhere.
    pub foreground: Option<BoundingBox>,
}
