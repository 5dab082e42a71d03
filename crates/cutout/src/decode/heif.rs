//! HEIF (ISO/IEC 23008-12): HEIC and AVIF, by heifer's container and pixel conversion, heifer's HEVC and oxideav's AV1.
//!
//! The primary image alone is read, with its tiles and its alpha. Thumbnails, gain maps and depth maps are left aside, and EXIF's
//! orientation is not applied: the container's own rotation is what counts (23008-12, A.2).

mod av1;
mod colour;
mod hevc;

use heifer::color::{ColorParams, frame_to_rgba_sized};
use heifer::heifer_hevc_dec::recon::Frame;
use heifer::{Image, Sample};
use heifer_isobmff::boxes::{ColorInfo, Property};
use heifer_isobmff::{BoxIter, HeifFile, ItemId};

use super::samples::Samples;
use super::stated::{self, Colours};
use super::{Format, apply, damaged, unsupported};
use crate::{Error, Limits, Picture};

/// Largest `meta` box: a phone's has some 10 KiB; reading one takes the square of its length.
const MAX_META: usize = 1 << 20;

/// Largest number of tiles; 200 megapixels in tiles of 512 × 512 have 768.
const MAX_TILES: usize = 1 << 12;

/// Images that are made of images are nested no deeper.
const MAX_DEPTH: u32 = 2;

/// The upright primary image.
///
/// # Errors
/// As [`super::decode`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, Error> {
    check_meta(bytes)?;
    let file = HeifFile::parse(bytes).map_err(|cause| bad(&cause))?;
    let reader = Reader {
        file: &file,
        limits,
    };
    let id = file.primary_id;
    let (width, height) = reader.size(id, 0)?;
    limits.check_size(width, height)?;
    let colours = reader.colours(id)?;
    let (width, height, samples) = match reader.depth(id, 0)? {
        8 => {
            let image = reader.image::<u8>(id, 0)?;
            let samples = Samples::of_rgba(image.data, None);
            (image.width, image.height, samples)
        }
        _ => {
            let image = reader.image::<u16>(id, 0)?;
            let (high, low) = halves(&image);
            let samples = Samples::of_rgba(high, Some(low));
            (image.width, image.height, samples)
        }
    };
    let mut picture = Picture {
        channels: samples.channels,
        fine: samples.fine,
        ..Picture::new(width, height, 4, samples.data)
    };
    apply(colours, reader.is_grey(id)?, &mut picture);
    Ok(picture)
}

/// Splits samples of up to 16 bits into high and low bytes of 16.
fn halves(image: &Image<u16>) -> (Vec<u8>, Vec<u8>) {
    let most = u32::from(image.max_value()).max(1);
    let wide = |value: &u16| ((u32::from(*value) * 65_535 + most / 2) / most) as u16;
    let high = image.data.iter().map(|value| (wide(value) >> 8) as u8);
    let low = image.data.iter().map(|value| wide(value) as u8);
    (high.collect(), low.collect())
}

/// A file that is longer than its `meta` box allows takes the container's reader minutes.
fn check_meta(bytes: &[u8]) -> Result<(), Error> {
    for found in BoxIter::new(bytes) {
        let found = found.map_err(|cause| bad(&cause))?;
        if found.header.box_type.0 == *b"meta" && found.content.len() > MAX_META {
            return Err(unsupported(
                Format::Heif,
                "its description has more than 1 MiB",
            ));
        }
    }
    Ok(())
}

/// Items of a file, as images.
struct Reader<'a> {
    file: &'a HeifFile<'a>,
    limits: &'a Limits,
}

impl Reader<'_> {
    /// Width and height of item `id` before it is turned.
    fn size(&self, id: ItemId, depth: u32) -> Result<(u32, u32), Error> {
        match &self.kind(id)? {
            b"grid" => {
                let grid = self.file.grid(id).map_err(|cause| bad(&cause))?;
                Ok((grid.output_width, grid.output_height))
            }
            b"iden" => self.size(self.source(id, depth)?, depth + 1),
            _ => {
                let size = self.file.image_size(id).map_err(|cause| bad(&cause))?;
                size.ok_or_else(|| damaged(Format::Heif, "it does not say how large it is"))
            }
        }
    }

    /// Whether item `id` has one channel beside alpha, as far as it says.
    fn is_grey(&self, id: ItemId) -> Result<bool, Error> {
        let mut properties = self.properties(id)?;
        Ok(properties.any(|property| match property {
            Property::PixelInfo(bits) => bits.len() == 1,
            _ => false,
        }))
    }

    /// Bits of item `id`'s samples: 8 to 16.
    fn depth(&self, id: ItemId, depth: u32) -> Result<u8, Error> {
        match &self.kind(id)? {
            b"grid" => {
                let first = self.tiles(id)?.first().copied();
                let first = first.ok_or_else(|| damaged(Format::Heif, "it has no tiles"))?;
                self.coded_depth(first)
            }
            b"iden" => self.depth(self.source(id, depth)?, depth + 1),
            _ => self.coded_depth(id),
        }
    }

    fn coded_depth(&self, id: ItemId) -> Result<u8, Error> {
        match &self.kind(id)? {
            b"av01" => av1::depth(&self.data(id)?),
            _ => {
                let config = self.file.hevc_config(id).map_err(|cause| bad(&cause))?;
                let config = config.ok_or_else(|| damaged(Format::Heif, "hvcC is missing"))?;
                Ok(config.bit_depth_luma.max(config.bit_depth_chroma))
            }
        }
    }

    /// Item `id`, upright, with its alpha.
    fn image<S: Sample>(&self, id: ItemId, depth: u32) -> Result<Image<S>, Error> {
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

    fn tiles(&self, id: ItemId) -> Result<&[ItemId], Error> {
        let tiles = self.file.referenced_items(id, b"dimg");
        if tiles.len() > MAX_TILES {
            return Err(unsupported(Format::Heif, "it has more than 4,096 tiles"));
        }
        Ok(tiles)
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
            _ => {
                let name = String::from_utf8_lossy(&kind);
                return Err(unsupported(
                    Format::Heif,
                    &format!("an image of type {name:?} is in it"),
                ));
            }
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

    /// The image that holds the alpha of item `id`.
    fn alpha_item(&self, id: ItemId) -> Result<Option<ItemId>, Error> {
        for item in self.file.referencing_items(id, b"auxl") {
            let is_alpha = self.properties(item)?.any(|property| {
                matches!(property, Property::AuxiliaryType(kind)
                    if kind == "urn:mpeg:hevc:2015:auxid:1"
                        || kind == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
            });
            if is_alpha {
                return Ok(Some(item));
            }
        }
        Ok(None)
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

    /// What item `id` or, where it says nothing, its first tile says of its colours: by a profile before code points
    /// (23008-12, 6.5.5.1).
    fn colours(&self, id: ItemId) -> Result<Colours, Error> {
        let sources = [
            Some(id),
            self.file.referenced_items(id, b"dimg").first().copied(),
        ];
        let mut points = None;
        for id in sources.into_iter().flatten() {
            for property in self.properties(id)? {
                match property {
                    Property::Color(ColorInfo::Icc(icc)) => {
                        return stated::of_icc(Format::Heif, icc.clone());
                    }
                    Property::Color(ColorInfo::Nclx {
                        primaries,
                        transfer,
                        ..
                    }) => points = points.or(Some((*primaries, *transfer))),
                    _ => {}
                }
            }
        }
        points.map_or(Ok(Colours::Srgb), |(primaries, transfer)| {
            stated::of_nclx(Format::Heif, primaries, transfer)
        })
    }

    /// The item that item `id` is a copy of.
    fn source(&self, id: ItemId, depth: u32) -> Result<ItemId, Error> {
        match self.file.referenced_items(id, b"dimg") {
            [source] if depth < MAX_DEPTH => Ok(*source),
            _ => Err(damaged(Format::Heif, "it is made of itself or of nothing")),
        }
    }

    fn kind(&self, id: ItemId) -> Result<[u8; 4], Error> {
        let item = self.file.item(id).map_err(|cause| bad(&cause))?;
        Ok(item.item_type.0)
    }

    fn properties(&self, id: ItemId) -> Result<impl Iterator<Item = &Property>, Error> {
        self.file.item_properties(id).map_err(|cause| bad(&cause))
    }

    fn data(&self, id: ItemId) -> Result<std::borrow::Cow<'_, [u8]>, Error> {
        self.file.item_data(id).map_err(|cause| bad(&cause))
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
fn span(whole: u32, length: (u32, u32), offset: (i32, u32)) -> Result<(u32, u32), Error> {
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

fn bad(cause: &dyn std::fmt::Display) -> Error {
    damaged(Format::Heif, &cause.to_string())
}

#[cfg(test)]
mod tests;
