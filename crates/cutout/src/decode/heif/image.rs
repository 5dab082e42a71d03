//! Items to images: coded ones and tiles, alpha, crop, rotation and mirror.

use heifer::color::{ColorParams, frame_to_rgba_sized};
use heifer::heifer_hevc_dec::recon::Frame;
use heifer::heifer_isobmff::ItemId;
use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::{Image, Sample};

use super::super::{Format, damaged, unsupported};
use super::{Reader, av1, bad, colour, foreign, hevc};
use crate::{Error, budget};

impl Reader<'_> {
    /// Item `id`, upright, with its alpha.
    pub(super) fn image<S: Sample>(&self, id: ItemId, depth: u32) -> Result<Image<S>, Error> {
        let mut image = match &self.kind(id)? {
            b"grid" => self.grid(id)?,
            b"iden" => self.image(self.source(id, depth)?, depth + 1)?,
            _ => self.coded(id)?,
        };
        if let Some(alpha) = self.alpha_item(id)? {
            self.attach(id, alpha, &mut image)?;
        }
        self.turned(id, image)
    }

    /// The tiles of item `id` beside each other.
    fn grid<S: Sample>(&self, id: ItemId) -> Result<Image<S>, Error> {
        let grid = self.file.grid(id).map_err(|cause| bad(&cause))?;
        let (width, height) = (grid.output_width, grid.output_height);
        self.limits.check_size(width, height)?;
        let tiles = self.tiles(id)?;
        let (rows, columns) = (usize::from(grid.rows), usize::from(grid.columns));
        if tiles.len() != rows * columns {
            return Err(damaged(
                Format::Heif,
                "it has another number of tiles than it says",
            ));
        }
        let mut whole: Option<Image<S>> = None;
        let mut side = (0, 0);
        for (index, &tile) in tiles.iter().enumerate() {
            budget::check()?;
            let tile: Image<S> = self.coded(tile)?;
            if index == 0 {
                side = (tile.width, tile.height);
                let covers = |tile: u32, count: usize, whole: u32| {
                    u64::from(tile) * count as u64 >= u64::from(whole)
                        && u64::from(tile) * (count as u64 - 1) < u64::from(whole)
                };
                if !covers(side.0, columns, width) || !covers(side.1, rows, height) {
                    return Err(damaged(Format::Heif, "its tiles do not cover it"));
                }
            }
            let canvas = whole.get_or_insert_with(|| {
                Image::filled_samples(width, height, tile.bit_depth, [S::default(); 4])
            });
            if (tile.width, tile.height, tile.bit_depth) != (side.0, side.1, canvas.bit_depth) {
                return Err(damaged(Format::Heif, "its tiles are not alike"));
            }
            let (x, y) = (index % columns, index / columns);
            let at = |place: usize, side: u32| place as i64 * i64::from(side);
            place(canvas, &tile, at(x, side.0), at(y, side.1));
        }
        whole.ok_or_else(|| damaged(Format::Heif, "it has no tiles"))
    }

    /// A coded item, as it is stored.
    fn coded<S: Sample>(&self, id: ItemId) -> Result<Image<S>, Error> {
        let (frame, params) = self.frame(id)?;
        let size = self.file.image_size(id).map_err(|cause| bad(&cause))?;
        let (width, height) = size.unwrap_or((frame.widths[0], frame.heights[0]));
        if width > frame.widths[0] || height > frame.heights[0] {
            return Err(damaged(Format::Heif, "it has fewer pixels than it says"));
        }
        Ok(frame_to_rgba_sized(&frame, params, width, height))
    }

    /// The samples of a coded item, and how to make colours of them.
    fn frame(&self, id: ItemId) -> Result<(Frame, ColorParams), Error> {
        let kind = self.kind(id)?;
        let frame = match &kind {
            b"hvc1" => hevc::frame(self.file, id, self.limits)?,
            b"av01" => av1::frame(&self.data(id)?, self.limits)?,
            _ => return Err(foreign(kind)),
        };
        let stated = self.properties(id)?.find_map(|property| match property {
            Property::Color(ColorInfo::Nclx {
                matrix, full_range, ..
            }) => Some(ColorParams {
                matrix: *matrix,
                full_range: *full_range,
            }),
            _ => None,
        });
        let params = stated.unwrap_or_else(|| ColorParams::from_frame(&frame));
        Ok((colour::usable(frame, params)?, params))
    }

    /// Puts the brightness of item `alpha` into the fourth channel of `image`, which is item `id`.
    fn attach<S: Sample>(
        &self,
        id: ItemId,
        alpha: ItemId,
        image: &mut Image<S>,
    ) -> Result<(), Error> {
        let is_grid = self.kind(alpha)? == *b"grid";
        let plane: Image<S> = match is_grid {
            true => self.grid(alpha)?,
            false => self.coded(alpha)?,
        };
        if (plane.width, plane.height) != (image.width, image.height) {
            return Err(unsupported(Format::Heif, "its alpha has another size"));
        }
        let (from, to) = (u32::from(plane.max_value()), u32::from(image.max_value()));
        let values = plane.data.as_chunks::<4>().0.iter();
        for (pixel, value) in image.data.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            let value = u32::from(value[0].to_u16());
            pixel[3] = S::from_u16(((value * to + from / 2) / from.max(1)) as u16);
        }
        image.has_alpha = true;
        if self.file.referenced_items(id, b"prem").contains(&alpha) {
            colour::divide_by_alpha(image);
        }
        Ok(())
    }

    /// The properties that crop, turn and mirror item `id`, applied in their order (23008-12, 6.5: one of each at most).
    fn turned<S: Sample>(&self, id: ItemId, mut image: Image<S>) -> Result<Image<S>, Error> {
        let mut seen = [false; 3];
        for property in self.properties(id)? {
            let index = match property {
                Property::CleanAperture { .. } => 0,
                Property::Rotation(_) => 1,
                Property::Mirror(_) => 2,
                _ => continue,
            };
            if std::mem::replace(&mut seen[index], true) {
                return Err(damaged(Format::Heif, "it is turned or cropped twice"));
            }
            image = match *property {
                Property::CleanAperture {
                    width,
                    height,
                    horiz_offset,
                    vert_offset,
                } => {
                    let across = span(image.width, width, horiz_offset)?;
                    let down = span(image.height, height, vert_offset)?;
                    image.crop(across.0, down.0, across.1, down.1)
                }
                Property::Rotation(0) => image,
                Property::Rotation(quarters) => image.rotate_ccw(quarters),
                Property::Mirror(is_vertical) => image.mirror(is_vertical),
                _ => image,
            };
        }
        Ok(image)
    }
}

/// Puts `tile` into `canvas` at column and row `x`, `y`, as much of it as fits.
fn place<S: Sample>(canvas: &mut Image<S>, tile: &Image<S>, x: i64, y: i64) {
    let width = canvas.width as usize;
    let (x, y) = (x as usize, y as usize);
    let columns = width.saturating_sub(x).min(tile.width as usize);
    let rows = canvas.data.chunks_exact_mut(width.max(1) * 4).skip(y);
    for (to, from) in rows.zip(tile.data.chunks_exact(tile.width.max(1) as usize * 4)) {
        to[x * 4..][..columns * 4].copy_from_slice(&from[..columns * 4]);
    }
}

/// First pixel and number of pixels of a clean aperture (ISO/IEC 14496-12, 12.1.4) along a side of `whole` pixels.
pub(super) fn span(
    whole: u32,
    length: (u32, u32),
    offset: (i32, u32),
) -> Result<(u32, u32), Error> {
    let outside = || damaged(Format::Heif, "it is cropped beyond its border");
    let fraction = |over: f64, under: u32| match under {
        0 => Err(outside()),
        _ => Ok(over / f64::from(under)),
    };
    let length = fraction(f64::from(length.0), length.1)?;
    let middle = f64::from(whole - 1) / 2.0 + fraction(f64::from(offset.0), offset.1)?;
    let first = (middle - (length - 1.0) / 2.0).round();
    let length = length.round();
    if first < 0.0 || length < 1.0 || first + length > f64::from(whole) {
        return Err(outside());
    }
    Ok((first as u32, length as u32))
}
