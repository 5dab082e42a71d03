//! The sheet as an image.

use std::convert::Infallible;
use std::io::Cursor;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_6X10;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Pixel, Point, Size};
use embedded_graphics::text::{Baseline, Text};
use image::{ImageFormat, ImageReader, ImageResult, Limits, RgbImage, imageops};

use super::item::{Item, Outcome, SIDE, read};
use crate::batch::manifest::Manifest;
use crate::{Error, Kind};

/// Longer side of a thumbnail here, which keeps a page in a hundred megabytes.
const SHOWN: u32 = SIDE / 2;
/// Pairs side by side, at most.
const COLUMNS: usize = 8;
/// Pixels around a pair.
const GAP: u32 = 8;
/// A pair and its gap.
const CELL: (u32, u32) = (2 * SHOWN + GAP, SHOWN + 24 + GAP);
/// Letters that fit below a pair.
const LETTERS: usize = (2 * SHOWN / 6) as usize;

/// A page of `items`, left to right, top to bottom.
///
/// # Errors
/// Kind `io` for a thumbnail that cannot be read.
pub(super) fn page(items: &[&Item], manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let columns = items.len().clamp(1, COLUMNS);
    let rows = items.len().div_ceil(columns).max(1);
    let size = (GAP + columns as u32 * CELL.0, GAP + rows as u32 * CELL.1);
    let mut page = Page(RgbImage::from_pixel(size.0, size.1, image::Rgb([32; 3])));
    for (index, item) in items.iter().enumerate() {
        let left = GAP + (index % columns) as u32 * CELL.0;
        let top = GAP + (index / columns) as u32 * CELL.1;
        page.write(&shortened(&item.name), left, top + SHOWN + 2);
        let note = match &item.outcome {
            Outcome::Made(made) => format!("uncertainty {:.3}", made.uncertainty),
            Outcome::Failed { kind, .. } => format!("failed: {kind}"),
        };
        page.write(&note, left, top + SHOWN + 12);
        if let Outcome::Made(made) = &item.outcome {
            for (side, path) in made.thumbnails.iter().flatten().enumerate() {
                page.show(&read(path, manifest)?, left + side as u32 * SHOWN, top)
                    .map_err(|e| {
                        let text = format!("the thumbnail {} is damaged: {e}", path.display());
                        Error::new(Kind::Io, text)
                    })?;
            }
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    page.0
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(Error::io("encode the contact sheet"))?;
    Ok(bytes.into_inner())
}

/// The pixels of a thumbnail, whose file may be anybody's.
fn thumbnail(webp: &[u8]) -> ImageResult<RgbImage> {
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    let mut reader = ImageReader::with_format(Cursor::new(webp), ImageFormat::WebP);
    reader.limits(limits);
    Ok(reader.decode()?.thumbnail(SHOWN, SHOWN).into_rgb8())
}

/// The end of a name says more than its beginning.
fn shortened(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= LETTERS {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(letters - (LETTERS - 2)).collect();
    format!("..{tail}")
}

struct Page(RgbImage);

impl Page {
    /// Draws a thumbnail in the middle of its square.
    fn show(&mut self, webp: &[u8], left: u32, top: u32) -> ImageResult<()> {
        let small = thumbnail(webp)?;
        let x = left + SHOWN.saturating_sub(small.width()) / 2;
        let y = top + SHOWN.saturating_sub(small.height()) / 2;
        imageops::replace(&mut self.0, &small, x.into(), y.into());
        Ok(())
    }

    fn write(&mut self, text: &str, left: u32, top: u32) {
        let style = MonoTextStyle::new(&FONT_6X10, Rgb888::WHITE);
        let at = Point::new(left as i32, top as i32);
        let Ok(_) = Text::with_baseline(text, at, style, Baseline::Top).draw(self);
    }
}

impl OriginDimensions for Page {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Page {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(at, colour) in pixels {
            let place = (u32::try_from(at.x), u32::try_from(at.y));
            if let (Ok(x), Ok(y)) = place
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                pixel.0 = [colour.r(), colour.g(), colour.b()];
            }
        }
        Ok(())
    }
}
