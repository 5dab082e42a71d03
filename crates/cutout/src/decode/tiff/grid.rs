//! How an image is cut into strips or tiles.

use super::directory::{Directory, List};
use super::tag;
use crate::decode::{Format, damaged};
use crate::{Error, Limits};

/// Strips or tiles at most: those of 16 × 16 pixels of the largest default image, four samples apart.
const MAX_CHUNKS: u64 = 1 << 20;

/// Pixels of tiles that may lie outside of any image.
const SLACK: u64 = 1 << 24;

/// Strips or tiles, which are decompressed one by one.
pub(super) struct Chunks {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) across: usize,
    pub(super) down: usize,
    /// Where each is in the file.
    pub(super) places: List,
    /// Bytes of each; those missing reach to the end of the file.
    pub(super) lengths: Option<List>,
    /// Whether the last row of chunks is as high as the others.
    pub(super) are_tiles: bool,
}

impl Chunks {
    /// The chunks of an image of so many pixels across and down, for each of `planes`.
    ///
    /// # Errors
    /// Kind `undecodable` for chunks that are missing, have no size, or are far larger than the image.
    pub(super) fn new(
        directory: &Directory<'_>,
        size: (u32, u32),
        planes: u64,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let wrong = |what| damaged(Format::Tiff, what);
        let (full_width, full_height) = (u64::from(size.0), u64::from(size.1));
        let are_tiles = directory.has(tag::TILE_WIDTH);
        let side = |tag| directory.value(tag).unwrap_or_default();
        let (width, height) = match (are_tiles, side(tag::STRIP_ROWS)) {
            (true, _) => (side(tag::TILE_WIDTH), side(tag::TILE_HEIGHT)),
            (false, 0) => (full_width, full_height),
            (false, rows) => (full_width, rows.min(full_height)),
        };
        if width == 0 || height == 0 {
            return Err(wrong("its tiles have no size"));
        }
        let (across, down) = (full_width.div_ceil(width), full_height.div_ceil(height));
        let area = width.saturating_mul(height);
        let all = area.saturating_mul(across).saturating_mul(down);
        let most = limits.max_pixels.clamp(1 << 20, Limits::CEILING);
        if area > most || all > (4 * full_width * full_height).saturating_add(SLACK) {
            return Err(wrong("its tiles are far larger than its image"));
        }
        // Some writers give tiles under the tags of strips, and the reverse.
        let list = |tiles, strips| {
            let [own, other] = if are_tiles {
                [tiles, strips]
            } else {
                [strips, tiles]
            };
            directory.list(own).or_else(|| directory.list(other))
        };
        let places = list(tag::TILE_PLACES, tag::STRIP_PLACES);
        let lengths = list(tag::TILE_LENGTHS, tag::STRIP_LENGTHS);
        let wanted = across * down * planes;
        let places = places.filter(|places| places.count as u64 >= wanted && wanted <= MAX_CHUNKS);
        Ok(Self {
            width: width as usize,
            height: height as usize,
            across: across as usize,
            down: down as usize,
            places: places
                .ok_or_else(|| wrong("it names fewer strips or tiles than its image has"))?,
            lengths,
            are_tiles,
        })
    }
}
