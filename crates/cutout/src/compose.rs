//! A cut-out on a canvas: cropped, scaled, moved, with something behind it.

mod behind;
mod layout;

use crate::{
    BoundingBox, Cutout, Density, Error, Limits, Mask, Picture, Profile, Quality, Size, budget,
    transparency,
};
use behind::{over, put_behind};
use layout::{Place, scaled};

pub(crate) use behind::Behind;
pub use behind::{Background, Colour};
pub use layout::{Layout, Length, Margins};

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
        if !budget::has_room(length) {
            return vec![0; length];
        }
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
    let place = Place::of(picture, subject, layout);
    limits.check_size(place.width, place.height)?;
    if let Some((factor, w, h)) = smaller(picture, layout, size, &place) {
        let (picture, mask) = transparency::stretched(picture, mask, w, h);
        let layout = layout.scaled(factor);
        return compose(&picture, &mask, &layout, size, quality, behind, limits);
    }
    let at = place.subject;
    // Only the subject's box where that is scaled or moved; else the whole image, so that what is around is there too.
    let part = (layout.scale.is_some() || layout.position.is_some()).then(|| {
        let (picture, mask) = (picture.part(subject), mask.part(subject));
        transparency::stretched(&picture, &mask, at.width, at.height)
    });
    let (picture, mask) = part.as_ref().map_or((picture, mask), |(p, m)| (p, m));
    let mut canvas = blank(picture, &place, behind)?;
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

/// The factor, width and height to which the image is made smaller, so that pixels are resampled before alpha joins them; `None`
/// where the canvas is no larger than `size`. The subject's box is found again in the smaller image, a pixel larger perhaps.
fn smaller(
    picture: &Picture,
    layout: &Layout,
    size: Size,
    place: &Place,
) -> Option<(f32, u32, u32)> {
    let most_wide = size.of(place.width, place.height).0;
    if most_wide >= place.width {
        return None;
    }
    let slack = if layout.crop.is_some() { 2 } else { 0 };
    let factor = most_wide.saturating_sub(slack).max(1) as f32 / place.width as f32;
    let [w, h] = [picture.width, picture.height].map(|side| scaled(side, factor, side));
    ((w, h) != (picture.width, picture.height)).then_some((factor, w, h))
}

/// A transparent canvas.
///
/// # Errors
/// When there is no room for its pixels.
fn blank(picture: &Picture, place: &Place, behind: &Behind) -> Result<Canvas, Error> {
    let Place { width, height, .. } = *place;
    let length = width as usize * height as usize * 4;
    let is_wide = picture.fine.is_some() && matches!(behind, Behind::Transparent);
    budget::room(length as u64 * (1 + u64::from(is_wide)))?;
    Ok(Canvas {
        width,
        height,
        data: vec![0; length],
        fine: is_wide.then(|| vec![0; length]),
        profile: picture.profile.clone(),
        density: picture.density,
        foreground: place.subject,
        opaque: behind.is_opaque(),
    })
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

#[cfg(test)]
mod tests;
