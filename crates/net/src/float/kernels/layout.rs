//! Places in the scratch, for each kernel that needs some; offsets and lengths count values.

use crate::Shape;
use crate::float::algorithm::TILE;
use crate::float::operator::Convolution;
use crate::float::tensor::Tensor;
use crate::limits::MAX_SOURCES;

/// Output channels are padded to a multiple of this; the widest register holds one such group.
pub(super) const GROUP: usize = 16;
/// Pixels of input per Winograd tile and side.
pub(super) const REACH: usize = TILE + 2;
/// Products per Winograd tile and channel.
pub(super) const POINTS: usize = REACH * REACH;
/// Values of scratch that a Winograd transform needs: one square of the widest registers.
const SQUARE: usize = POINTS * 16;
/// Values that the two tile buffers of a block may take together: 640 KB of the 1 MB L2 of Zen 4. (384 KB to
/// 1.6 MB gave no difference above the noise, about 20 %, of the machine it was tried on.)
const TILES: usize = 160 * 1024;
/// Blocks are multiples of this many tiles, which every register tile divides.
const STEP: usize = 12;
const MAX_TILES: usize = 12 * STEP;
/// Values of a block of results: 64 KB, so that what one block reads and writes stays in the L2 cache.
const BLOCK: usize = 16 * 1024;
/// Values that a band may take: 256 KB, a quarter of the L2 of Zen 4.
const BAND: usize = 64 * 1024;

/// The places of a source that is resized while it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Rows of the resized map that are kept.
    pub(super) rows: usize,
    /// [`resized_length`] values for resizing.
    pub(super) resizing: usize,
}

/// The room of each source of a convolution; `None` for those that are read as they are.
pub(super) type Rooms = [Option<Room>; MAX_SOURCES];

/// The layout of a Winograd convolution.
#[derive(Debug, Clone)]
pub(super) struct Winograd {
    /// Tiles of a block.
    pub(super) tiles: usize,
    /// Output channels, padded.
    pub(super) columns: usize,
    /// Values between frequencies of the transformed tiles, products and weights.
    pub(super) input_plane: usize,
    pub(super) output_plane: usize,
    pub(super) weight_plane: usize,
    /// Rows of a resized source that are kept.
    pub(super) ring: usize,
    pub(super) weights: usize,
    pub(super) inputs: usize,
    pub(super) products: usize,
    pub(super) patch: usize,
    pub(super) square: usize,
    pub(super) rooms: Rooms,
    pub(super) length: u64,
}

/// The layout of a matrix product; the weights stand at the scratch's start.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub(super) columns: usize,
    /// Pixels of a block.
    pub(super) pixels: usize,
    pub(super) block: usize,
    pub(super) length: u64,
}

/// The layout of a convolution from its definition.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    /// Whether it is computed as dot products.
    pub(super) is_dot: bool,
    pub(super) columns: usize,
    /// Pixels of a band row, its values, and the output rows that one band serves.
    pub(super) width: usize,
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) weights: usize,
    pub(super) band: usize,
    pub(super) line: usize,
    pub(super) rooms: Rooms,
    pub(super) length: u64,
}

/// Hands out places one after another. In u64: these are the only products that the caps on shapes do not keep within 32 bits.
#[derive(Default)]
struct Places(u64);

impl Places {
    /// A place for `rows` × `values`.
    fn take(&mut self, rows: usize, values: usize) -> usize {
        let from = self.0;
        self.0 += (rows as u64 * values as u64).next_multiple_of(GROUP as u64);
        usize::try_from(from).unwrap_or(usize::MAX)
    }

    /// Room for each source that is resized, of which `rows` rows are kept.
    fn rooms(&mut self, conv: &Convolution<Tensor>, rows: usize) -> Rooms {
        let mut rooms = [None; MAX_SOURCES];
        for (room, source) in rooms.iter_mut().zip(&conv.sources) {
            if conv.resizes(source) {
                *room = Some(Room {
                    rows: self.take(rows, conv.width * source.shape.c),
                    resizing: self.take(1, resized_length(source.shape, conv.width)),
                });
            }
        }
        rooms
    }
}

impl Winograd {
    pub(super) fn new(conv: &Convolution<Tensor>, out: Shape) -> Self {
        let columns = out.c.next_multiple_of(GROUP);
        let across = conv.width.div_ceil(TILE);
        let all = (across * conv.height.div_ceil(TILE)).next_multiple_of(STEP);
        let fitting = TILES / (POINTS * (conv.inputs + columns)) / STEP * STEP;
        let tiles = fitting.clamp(STEP, MAX_TILES).min(all);
        // An odd number of cache lines, so that the planes of a tile do not fall into one set of the cache.
        let odd_lines = |values: usize| (values.div_ceil(GROUP) | 1) * GROUP;
        let (input_plane, output_plane) =
            (odd_lines(tiles * conv.inputs), odd_lines(tiles * columns));
        let weight_plane = odd_lines(conv.inputs * columns);
        let ring = ((tiles - 1).div_ceil(across) + 1) * TILE + 2;
        let widest = conv.sources.iter().map(|s| s.shape.c).max().unwrap_or(0);
        let mut places = Places::default();
        Self {
            tiles,
            columns,
            input_plane,
            output_plane,
            weight_plane,
            ring,
            weights: places.take(POINTS, weight_plane),
            inputs: places.take(POINTS, input_plane),
            products: places.take(POINTS, output_plane),
            patch: places.take(POINTS + REACH, widest),
            square: places.take(1, SQUARE),
            rooms: places.rooms(conv, ring),
            length: places.0,
        }
    }
}

impl Matrix {
    pub(super) fn new(conv: &Convolution<Tensor>, out: Shape) -> Self {
        let columns = out.c.next_multiple_of(GROUP);
        let pixels = (BLOCK / columns).max(GROUP).min(conv.height * conv.width);
        let mut places = Places::default();
        places.take(conv.inputs, columns);
        Self {
            columns,
            pixels,
            block: places.take(pixels, columns),
            length: places.0,
        }
    }
}

impl Direct {
    pub(super) fn new(conv: &Convolution<Tensor>, out: Shape, is_dot: bool) -> Self {
        let columns = match is_dot {
            true => out.c,
            false => out.c.next_multiple_of(GROUP),
        };
        let width = conv.width + 2 * conv.pad;
        let row = width * conv.inputs;
        let reach = (conv.kernel - 1) * conv.dilation + 1;
        let rows = ((BAND / row).saturating_sub(reach) / conv.stride + 1).min(out.h);
        let mut places = Places::default();
        Self {
            is_dot,
            columns,
            width,
            row,
            rows,
            weights: places.take(conv.kernel * conv.kernel * conv.inputs, columns),
            band: places.take((rows - 1) * conv.stride + reach, row),
            line: places.take(out.w, columns),
            rooms: places.rooms(conv, 1),
            length: places.0,
        }
    }
}

/// Values of scratch that a map of `shape` needs to be resized to rows of `width` pixels.
pub(super) fn resized_length(shape: Shape, width: usize) -> usize {
    (2 * width).next_multiple_of(16) + shape.row().next_multiple_of(16)
}
