//! Marks that come with an image, read within its limits.

use crate::decode::{Layer, decode_layer};
use crate::grid::places;
use crate::{BoundingBox, Brush, Error, ErrorKind, Limits, budget};

/// The most marks that a correction may have.
pub(super) const MAX_MARKS: usize = 64;

/// Most pixels of all painted marks together, as a multiple of those that one image may have: one of each brush. A mark counts as the
/// image at least, over which it is stretched.
const MOST_PIXELS: u64 = 2;

/// The least value of a pixel that is painted.
const PAINTED: u8 = 128;

/// A correction of a mask by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// Its purpose.
    pub brush: Brush,
    /// The part that it covers.
    pub area: Area<'a>,
}

/// The part of an image that is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area<'a> {
    /// In pixels of the upright image.
    Rectangle(BoundingBox),
    /// An encoded image, stretched over the image: painted is where its alpha is 128 or more, or the grey value of a grey image that is
    /// opaque.
    Painted(&'a [u8]),
}

/// The marks on an image, pixel by pixel.
pub(super) struct Painted {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Of each pixel of the image: 0, or the bit of its brush, see [`label`].
    pub(super) labels: Vec<u8>,
}

impl Painted {
    /// `marks` on an image of `width` × `height`.
    ///
    /// # Errors
    /// As [`super::correct`].
    pub(super) fn of(
        marks: &[Mark<'_>],
        width: u32,
        height: u32,
        limits: &Limits,
    ) -> Result<Self, Error> {
        check_count(marks.len())?;
        let is_empty = marks.is_empty();
        let area = u64::from(width) * u64::from(height) * u64::from(!is_empty);
        budget::room(area)?;
        let mut painted = Self {
            width: width as usize,
            height: height as usize,
            labels: vec![0; area as usize],
        };
        let mut left = (limits.max_pixels.min(Limits::CEILING)).saturating_mul(MOST_PIXELS);
        for (index, mark) in marks.iter().enumerate() {
            let name = || format!("mark {} ({})", index + 1, mark.brush.as_str());
            match mark.area {
                Area::Rectangle(part) => painted.add_rectangle(mark.brush, part, name)?,
                Area::Painted(bytes) => {
                    let layer = layer(bytes, limits, &mut left, area, &name())?;
                    painted.add_layer(mark.brush, &layer, name)?;
                }
            }
        }
        Ok(painted)
    }

    fn add_rectangle(
        &mut self,
        brush: Brush,
        part: BoundingBox,
        name: impl Fn() -> String,
    ) -> Result<(), Error> {
        let end = |start: u32, length: u32| u64::from(start) + u64::from(length);
        let (right, bottom) = (end(part.left, part.width), end(part.top, part.height));
        let is_empty = part.width == 0 || part.height == 0;
        if is_empty || right > self.width as u64 || bottom > self.height as u64 {
            return Err(misfit(format!(
                "{}: a rectangle of {}×{} at {},{} is {}; the image is {}×{} when it is upright",
                name(),
                part.width,
                part.height,
                part.left,
                part.top,
                if is_empty {
                    "empty"
                } else {
                    "not within the image"
                },
                self.width,
                self.height
            )));
        }
        budget::check()?;
        let rows = self.labels.chunks_exact_mut(self.width);
        for row in rows.skip(part.top as usize).take(part.height as usize) {
            row[part.left as usize..right as usize].fill(label(brush));
        }
        Ok(())
    }

    /// Stretches `layer` over the image.
    fn add_layer(
        &mut self,
        brush: Brush,
        layer: &Layer,
        name: impl Fn() -> String,
    ) -> Result<(), Error> {
        if !layer.is_mask {
            return Err(misfit(format!(
                "{}: an image with colours and no transparency; paint on a transparent image, or in white on black",
                name()
            )));
        }
        let (width, height) = (layer.width as usize, layer.height as usize);
        let across = width as u64 * self.height as u64;
        let down = height as u64 * self.width as u64;
        if across.abs_diff(down) > self.width.max(self.height) as u64 {
            return Err(misfit(format!(
                "{}: an image of {width}×{height} has other proportions than the image, which is {}×{}; paint on an image of that size",
                name(),
                self.width,
                self.height
            )));
        }
        let label = label(brush);
        let put = |to: &mut u8, value: u8| {
            if value >= PAINTED {
                *to = label;
            }
        };
        if (width, height) == (self.width, self.height) {
            (self.labels.iter_mut().zip(&layer.values)).for_each(|(to, value)| put(to, *value));
            return budget::check();
        }
        let columns = shares(self.width, width);
        let lines = shares(self.height, height);
        let mut line = vec![0; width];
        for (to, (y, share)) in self.labels.chunks_exact_mut(self.width).zip(lines) {
            budget::check()?;
            let row = |y: usize| &layer.values[y * width..][..width];
            let rows = row(y).iter().zip(row((y + 1).min(height - 1)));
            for (between, (upper, lower)) in line.iter_mut().zip(rows) {
                *between = mixed(*upper, *lower, share);
            }
            for (to, &(x, share)) in to.iter_mut().zip(&columns) {
                put(to, mixed(line[x], line[(x + 1).min(width - 1)], share));
            }
        }
        Ok(())
    }

    /// The box around all marks, with room for cells beyond the `reach` at each side; `None` where nothing is painted.
    pub(super) fn window(&self, reach: usize) -> Option<BoundingBox> {
        let (mut left, mut right) = (usize::MAX, 0);
        let mut rows: Option<(usize, usize)> = None;
        let lines = self.labels.chunks_exact(self.width.max(1)).enumerate();
        for (y, row) in lines {
            let is_painted = |label: &u8| *label > 0;
            let Some(first) = row.iter().position(is_painted) else {
                continue;
            };
            let last = row.iter().rposition(is_painted).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last));
            rows = Some((rows.map_or(y, |(top, _)| top), y));
        }
        let (top, bottom) = rows?;
        // Cells beyond the reach give the mask's own values to those within.
        let margin = reach + reach / 2 + 2;
        let (left, top) = (left.saturating_sub(margin), top.saturating_sub(margin));
        let right = (right + margin + 1).min(self.width);
        let bottom = (bottom + margin + 1).min(self.height);
        // Sides are below 2³².
        Some(BoundingBox {
            left: left as u32,
            top: top as u32,
            width: (right - left) as u32,
            height: (bottom - top) as u32,
        })
    }
}

/// A mark that is an image, on an image of `area` pixels: of those that are `left` to all marks together, it takes its own, and that many at
/// least.
fn layer(
    bytes: &[u8],
    limits: &Limits,
    left: &mut u64,
    area: u64,
    name: &str,
) -> Result<Layer, Error> {
    // What is left bounds this one before memory is taken.
    let bounded = Limits {
        max_pixels: limits.max_pixels.min(*left),
        ..*limits
    };
    let too_many = || {
        let text = format!(
            "{name}: all painted marks together have too many pixels, where each counts as the image at least; paint them into one image for each brush"
        );
        Error::new(ErrorKind::TooManyPixels, text)
    };
    let layer = decode_layer(bytes, &bounded).map_err(|e| match e.kind() {
        ErrorKind::TooManyPixels if bounded.max_pixels < limits.max_pixels => too_many(),
        _ => about(name, &e),
    })?;
    let pixels = area.max(u64::from(layer.width) * u64::from(layer.height));
    *left = left.checked_sub(pixels).ok_or_else(too_many)?;
    Ok(layer)
}

/// [`places`] with shares in 256ths.
pub(super) fn shares(pixels: usize, cells: usize) -> Vec<(usize, i32)> {
    let places = places(pixels, cells).into_iter();
    let whole = |(cell, share): (usize, f32)| (cell, (share * 256.0) as i32);
    places.map(whole).collect()
}

/// The value `share` 256ths of the way from `a` to `b`, rounded.
pub(super) fn mixed(a: u8, b: u8, share: i32) -> u8 {
    let (a, b) = (i32::from(a), i32::from(b));
    (a + (((b - a) * share + 128) >> 8)) as u8
}

/// A bit of its own for each brush: the lowest one, and the one above.
fn label(brush: Brush) -> u8 {
    match brush {
        Brush::Keep => 1,
        Brush::Erase => 2,
    }
}

/// The brush of a label.
pub(super) fn brush(label: u8) -> Option<Brush> {
    match label {
        0 => None,
        1 => Some(Brush::Keep),
        _ => Some(Brush::Erase),
    }
}

/// Checks the number of marks of a correction, which needs none of them.
///
/// # Errors
/// Kind `correction` for more than 64.
pub fn check_count(count: usize) -> Result<(), Error> {
    if count <= MAX_MARKS {
        return Ok(());
    }
    Err(misfit(format!(
        "{count} marks, more than the {MAX_MARKS} allowed; paint them into one image for each brush"
    )))
}

pub(super) fn misfit(message: String) -> Error {
    Error::new(ErrorKind::Correction, message)
}

/// `error` with the name of the file that it is about.
pub(super) fn about(name: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{name}: {error}"))
}
