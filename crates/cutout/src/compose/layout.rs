//! Where the subject stands, and how large the canvas is.

use crate::{BoundingBox, Picture};

/// A distance in an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Pixels.
    Pixels(u32),
    /// A share of the whole, 0…1.
    Share(f32),
}

impl Length {
    /// In pixels, of a whole of `whole` pixels.
    pub fn of(self, whole: u32) -> u32 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Share(share) => (share * whole as f32).round() as u32,
        }
    }
}

/// Room around the subject. Shares are of the subject's own width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// Above.
    pub top: Length,
    /// At the right.
    pub right: Length,
    /// Below.
    pub bottom: Length,
    /// At the left.
    pub left: Length,
}

impl Margins {
    /// Equal margins on all sides.
    pub fn all(length: Length) -> Self {
        Self {
            top: length,
            right: length,
            bottom: length,
            left: length,
        }
    }
}

/// Where the subject stands and how large the canvas is. Default: everything as in the image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Layout {
    /// The canvas ends at the subject's box and these margins; unset: it is the whole image.
    pub crop: Option<Margins>,
    /// The subject's box fills this share of the canvas, in the direction where it fills more: above 0, at most 1.
    pub scale: Option<f32>,
    /// Room at the left and above the subject's box, as shares of the room there is, 0…1. Unset: where it was, or in
    /// the middle when `scale` is set.
    pub position: Option<[f32; 2]>,
}

impl Layout {
    /// The length in an image made smaller by `factor`.
    pub(super) fn scaled(&self, factor: f32) -> Self {
        let length = |length| match length {
            Length::Pixels(pixels) => Length::Pixels((pixels as f32 * factor) as u32),
            share => share,
        };
        Self {
            crop: self.crop.map(|margins| Margins {
                top: length(margins.top),
                right: length(margins.right),
                bottom: length(margins.bottom),
                left: length(margins.left),
            }),
            ..*self
        }
    }
}

/// Where the subject is and how large the canvas.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) subject: BoundingBox,
}

impl Place {
    pub(super) fn of(picture: &Picture, subject: BoundingBox, layout: &Layout) -> Self {
        let (mut width, mut height, mut at) = (picture.width, picture.height, subject);
        if let Some(margins) = layout.crop {
            let top = margins.top.of(subject.height);
            let left = margins.left.of(subject.width);
            let sum = |a: u32, b: u32, c: u32| a.saturating_add(b).saturating_add(c);
            width = sum(left, subject.width, margins.right.of(subject.width));
            height = sum(top, subject.height, margins.bottom.of(subject.height));
            (at.left, at.top) = (left, top);
        }
        if let Some(scale) = layout.scale {
            let factor = (scale * width as f32 / subject.width as f32)
                .min(scale * height as f32 / subject.height as f32);
            at.width = scaled(subject.width, factor, width);
            at.height = scaled(subject.height, factor, height);
        }
        if let Some([x, y]) = layout.position.or(layout.scale.map(|_| [0.5; 2])) {
            at.left = (x * width.saturating_sub(at.width) as f32).round() as u32;
            at.top = (y * height.saturating_sub(at.height) as f32).round() as u32;
        }
        Self {
            width,
            height,
            subject: at,
        }
    }
}

/// A side of 1…`most` pixels, `factor` times as long as `side`.
pub(super) fn scaled(side: u32, factor: f32, most: u32) -> u32 {
    ((side as f32 * factor).round() as u32).clamp(1, most.max(1))
}
