//! HEIF (ISO/IEC 23008-12): HEIC and AVIF, by heifer's container and pixel conversion, heifer's HEVC and oxideav's AV1.
//!
//! The primary image alone is read, with its tiles and its alpha. Thumbnails, gain maps and depth maps are left aside, and EXIF's
//! orientation is not applied: the container's own rotation is what counts (23008-12, A.2).

mod av1;
mod colour;
mod hevc;
mod image;

use heifer::Image;
use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::heifer_isobmff::{BoxIter, HeifFile, ItemId};

use super::samples::Samples;
use super::stated::{self, Colours};
use super::{Format, apply, damaged, unsupported};
use crate::{Error, Limits, Picture, budget};

/// Largest `meta` box: a phone's has some 10 KiB; reading one takes the square of its length.
const MAX_META: usize = 1 << 20;

/// Largest number of tiles; 200 megapixels in tiles of 512 × 512 have 768.
const MAX_TILES: usize = 1 << 12;

/// Bytes that a decoder takes for a pixel of a coded image, samples and their conversion to RGBA together.
const WORKING_BYTES: u64 = 12;

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

/// Checks the size of a coded image, and that there is memory to decode it.
///
/// # Errors
/// As [`Limits::check_size`].
fn check_coded(limits: &Limits, width: u32, height: u32) -> Result<(), Error> {
    limits.check_size(width, height)?;
    budget::room(u64::from(width) * u64::from(height) * WORKING_BYTES)
}

/// Splits samples of up to 16 bits into high and low bytes of 16.
fn halves(image: &Image<u16>) -> (Vec<u8>, Vec<u8>) {
    let most = u32::from(image.max_value()).max(1);
    let wide = |value: &u16| ((u32::from(*value) * 65_535 + most / 2) / most) as u16;
    let high = image.data.iter().map(|value| (wide(value) >> 8) as u8);
    let low = image.data.iter().map(|value| wide(value) as u8);
    (high.collect(), low.collect())
}

/// Refuses a `meta` box that the container's reader would take minutes for.
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
            b"hvc1" => {
                let config = self.file.hevc_config(id).map_err(|cause| bad(&cause))?;
                let config = config.ok_or_else(|| damaged(Format::Heif, "hvcC is missing"))?;
                Ok(config.bit_depth_luma.max(config.bit_depth_chroma))
            }
            other => Err(foreign(*other)),
        }
    }

    fn tiles(&self, id: ItemId) -> Result<&[ItemId], Error> {
        let tiles = self.file.referenced_items(id, b"dimg");
        if tiles.len() > MAX_TILES {
            return Err(unsupported(Format::Heif, "it has more than 4,096 tiles"));
        }
        Ok(tiles)
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

    /// The colours that item `id` or, where it says nothing, its first tile states: by a profile before code points
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

/// The refusal of an item of a type that is not read.
fn foreign(kind: [u8; 4]) -> Error {
    let name = String::from_utf8_lossy(&kind);
    unsupported(Format::Heif, &format!("an image of type {name:?} is in it"))
}

fn bad(cause: &dyn std::fmt::Display) -> Error {
    damaged(Format::Heif, &cause.to_string())
}

#[cfg(test)]
mod tests;
