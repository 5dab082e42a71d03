//! A cut-out on a canvas: cropped, scaled, moved, with something behind it.

use crate::{
    BoundingBox, Cutout, Density, Error, Limits, Mask, Picture, Profile, Quality, Size, budget,
    decode, transparency,
};

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
    fn scaled(&self, factor: f32) -> Self {
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

/// The background of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Nothing.
    #[default]
    Transparent,
    /// Red, green, blue, alpha.
    Colour([u8; 4]),
    /// An encoded image, scaled to cover the canvas and centred.
    Picture(Vec<u8>),
}

/// A background that is ready to be seen.
pub(crate) enum Behind {
    Transparent,
    Colour([u8; 4]),
    Picture(Picture),
}

impl Behind {
    /// # Errors
    /// Those of [`decode`], which say that it is the background.
    pub(crate) fn of(background: &Background, limits: &Limits) -> Result<Self, Error> {
        Ok(match background {
            Background::Transparent => Self::Transparent,
            Background::Colour(colour) => Self::Colour(*colour),
            Background::Picture(file) => Self::Picture(
                decode(file, limits)
                    .map_err(|e| Error::new(e.kind(), format!("the background: {e}")))?,
            ),
        })
    }

    fn is_opaque(&self) -> bool {
        match self {
            Self::Transparent => false,
            Self::Colour([.., alpha]) => *alpha == 255,
            Self::Picture(picture) => picture.channels == 3,
        }
    }
}

/// Pixels of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width × height × 4` values, row-major: red, green, blue, straight alpha. Of 16-bit samples, the high bytes.
    pub data: Vec<u8>,
    /// Of 16-bit samples, the low bytes, in the same order. With something behind the subject there are none.
    pub fine: Option<Vec<u8>>,
    /// The colour profile; sRGB when there is none, as always with something behind the subject.
    pub profile: Option<Profile>,
    /// The image's.
    pub density: Option<Density>,
    /// Where the subject's box is on the canvas.
    pub foreground: BoundingBox,
    /// Whether the background lets nothing shine through.
    pub opaque: bool,
}

impl Canvas {
    /// The colours, on white where something shines through.
    pub(crate) fn rgb(&self) -> Vec<u8> {
        self.three(|pixel| {
            let [r, g, b, _] = over(pixel, [255; 4]);
            [r, g, b]
        })
    }

    /// The colours as they are, whatever alpha says.
    pub(crate) fn colours(&self) -> Vec<u8> {
        self.three(|[r, g, b, _]| [r, g, b])
    }

    /// Three values of each pixel; 0 where there is no time for more rows.
    fn three(&self, colour: impl Fn([u8; 4]) -> [u8; 3]) -> Vec<u8> {
        let length = self.pixels().len() * 3;
        let mut colours = Vec::with_capacity(length);
        for row in self.pixels().chunks(self.width.max(1) as usize) {
            if budget::is_spent() {
                break;
            }
            colours.extend(row.iter().flat_map(|pixel| colour(*pixel)));
        }
        colours.resize(length, 0);
        colours
    }

    /// Alpha alone, as a mask.
    pub fn alpha(&self) -> Mask {
        Mask {
            width: self.width,
            height: self.height,
            data: self.pixels().iter().map(|pixel| pixel[3]).collect(),
        }
    }

    fn pixels(&self) -> &[[u8; 4]] {
        self.data.as_chunks().0
    }

    /// The rows, as long as there is time for them.
    fn rows_mut(&mut self) -> impl Iterator<Item = &mut [[u8; 4]]> {
        let (pixels, _) = self.data.as_chunks_mut();
        let rows = pixels.chunks_exact_mut(self.width.max(1) as usize);
        rows.take_while(|_| !budget::is_spent())
    }
}

/// Where the subject is and how large the canvas.
#[derive(Clone, Copy)]
struct Place {
    width: u32,
    height: u32,
    subject: BoundingBox,
}

impl Place {
    fn of(picture: &Picture, subject: BoundingBox, layout: &Layout) -> Self {
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

/// Puts the cut-out of `picture` by `mask` on a canvas that is no larger than `size`. Where the mask is empty, the
/// whole image is the subject.
///
/// # Errors
/// Kind `too-many-pixels` when the canvas is above `limits`, `encode` when image and mask do not fit.
pub(crate) fn compose(
    picture: &Picture,
    mask: &Mask,
    layout: &Layout,
    size: Size,
    quality: Quality,
    behind: &Behind,
    limits: &Limits,
) -> Result<Canvas, Error> {
    let subject = transparency::foreground(picture, mask).unwrap_or(BoundingBox {
        left: 0,
        top: 0,
        width: picture.width,
        height: picture.height,
    });
    let Place {
        width,
        height,
        subject: at,
    } = Place::of(picture, subject, layout);
    limits.check_size(width, height)?;
    let most_wide = size.of(width, height).0;
    if most_wide < width {
        // Everything is made smaller, so that pixels are resampled before alpha joins them. The subject's box is found
        // again, a pixel larger perhaps.
        let slack = if layout.crop.is_some() { 2 } else { 0 };
        let factor = most_wide.saturating_sub(slack).max(1) as f32 / width as f32;
        let w = scaled(picture.width, factor, picture.width);
        let h = scaled(picture.height, factor, picture.height);
        if (w, h) != (picture.width, picture.height) {
            let (picture, mask) = transparency::stretched(picture, mask, w, h);
            let layout = layout.scaled(factor);
            return compose(&picture, &mask, &layout, size, quality, behind, limits);
        }
    }
    // Only the subject's box where that is scaled or moved; else the whole image, so that what is around is there too.
    let part = (layout.scale.is_some() || layout.position.is_some()).then(|| {
        let (picture, mask) = (picture.part(subject), mask.part(subject));
        transparency::stretched(&picture, &mask, at.width, at.height)
    });
    let (picture, mask) = part.as_ref().map_or((picture, mask), |(p, m)| (p, m));
    let length = width as usize * height as usize * 4;
    let is_wide = picture.fine.is_some() && matches!(behind, Behind::Transparent);
    let mut canvas = Canvas {
        width,
        height,
        data: vec![0; length],
        fine: is_wide.then(|| vec![0; length]),
        profile: picture.profile.clone(),
        density: picture.density,
        foreground: at,
        opaque: behind.is_opaque(),
    };
    let cutout = Cutout::new(picture, mask, quality)?;
    if part.is_some() {
        draw(&mut canvas, &cutout, (at.left, at.top), (0, 0));
    } else {
        let to = (
            at.left.saturating_sub(subject.left),
            at.top.saturating_sub(subject.top),
        );
        let from = (
            subject.left.saturating_sub(at.left),
            subject.top.saturating_sub(at.top),
        );
        draw(&mut canvas, &cutout, to, from);
    }
    put_behind(&mut canvas, behind);
    Ok(canvas)
}

fn scaled(side: u32, factor: f32, most: u32) -> u32 {
    ((side as f32 * factor).round() as u32).clamp(1, most.max(1))
}

/// Draws `cutout` without its first `from` columns and rows, at column and row `to`, as far as there is room.
fn draw(canvas: &mut Canvas, cutout: &Cutout<'_>, to: (u32, u32), from: (u32, u32)) {
    let columns = cutout
        .width()
        .saturating_sub(from.0)
        .min(canvas.width.saturating_sub(to.0)) as usize;
    let stride = canvas.width.max(1) as usize * 4;
    let mut skip = from.1;
    let (to_row, to, from) = (to.1 as usize, to.0 as usize * 4, from.0 as usize * 4);
    let copy = |line: &mut [u8], row: &[u8]| {
        line[to..][..columns * 4].copy_from_slice(&row[from..][..columns * 4]);
    };
    let is_wide = canvas.fine.is_some();
    let mut lines = canvas.data.chunks_exact_mut(stride).skip(to_row);
    let mut fine_lines = (canvas.fine.iter_mut())
        .flat_map(|fine| fine.chunks_exact_mut(stride))
        .skip(to_row);
    let mut draw = |row: &[u8], fine: &[u8]| {
        if skip > 0 {
            skip -= 1;
            return Ok(());
        }
        copy(lines.next().ok_or(())?, row);
        if let Some(line) = fine_lines.next() {
            copy(line, fine);
        }
        Ok(())
    };
    // Rows below the canvas end the drawing.
    let _: Result<(), ()> = if is_wide {
        cutout.wide_rows(draw)
    } else {
        cutout.rows(|row| draw(row, &[]))
    };
}

fn put_behind(canvas: &mut Canvas, behind: &Behind) {
    if matches!(behind, Behind::Transparent) {
        return;
    }
    // What comes behind is sRGB.
    if let Some(profile) = canvas.profile.take() {
        profile.to_srgb(&mut canvas.data, 4);
    }
    match behind {
        Behind::Transparent => {}
        Behind::Colour(colour) => {
            for row in canvas.rows_mut() {
                for pixel in row {
                    *pixel = over(*pixel, *colour);
                }
            }
        }
        Behind::Picture(picture) => {
            let behind = cover(picture, canvas.width, canvas.height);
            let channels = behind.channels;
            let behind = behind.data.chunks(canvas.width as usize * channels);
            for (row, behind) in canvas.rows_mut().zip(behind) {
                for (pixel, colour) in row.iter_mut().zip(behind.chunks(channels)) {
                    let alpha = colour.get(3).copied().unwrap_or(255);
                    *pixel = over(*pixel, [colour[0], colour[1], colour[2], alpha]);
                }
            }
        }
    }
}

/// The middle of `picture`, as much as has the shape of `width` × `height`, stretched to that, in sRGB.
fn cover(picture: &Picture, width: u32, height: u32) -> Picture {
    let factor = (f64::from(picture.width) / f64::from(width))
        .min(f64::from(picture.height) / f64::from(height));
    let side =
        |canvas: u32, whole: u32| ((f64::from(canvas) * factor).round() as u32).clamp(1, whole);
    let (w, h) = (side(width, picture.width), side(height, picture.height));
    let middle = BoundingBox {
        left: (picture.width - w) / 2,
        top: (picture.height - h) / 2,
        width: w,
        height: h,
    };
    picture.part(middle).stretched(width, height).into_srgb()
}

/// A straight-alpha pixel over another (Porter and Duff, 1984), rounded.
fn over(top: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let (a, b) = (u32::from(top[3]), u32::from(below[3]));
    // Alpha and colours are in 255ths of 255ths until they are rounded.
    let alpha = a * 255 + b * (255 - a);
    if alpha == 0 {
        return [0; 4];
    }
    let mix = |t: u8, u: u8| {
        let sum = u32::from(t) * a * 255 + u32::from(u) * b * (255 - a);
        ((sum + alpha / 2) / alpha) as u8
    };
    let colour = |i: usize| mix(top[i], below[i]);
    [colour(0), colour(1), colour(2), ((alpha + 127) / 255) as u8]
}

#[cfg(test)]
mod tests;
