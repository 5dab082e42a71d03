//! How Winograd tiles read their sources: in place, through a ring of resized rows, or through a padded copy.

use super::resize::{Resized, sources};
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::{REACH, Winograd};
use crate::float::kernels::vector::Vector;
use crate::float::operator::Convolution;
use crate::float::tensor::Tensor;
use crate::limits::MAX_SOURCES;

/// A source as tiles read it: plain rows in the arena, or the last rows of a resized map in a ring.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    base: *const f32,
    pub(super) channels: usize,
    ring: Option<Ring>,
}

#[derive(Clone, Copy)]
struct Ring {
    resized: Resized,
    rows: *mut f32,
    count: usize,
    filled: usize,
}

impl Reader {
    /// # Safety
    /// `y` is a row of the map, and where rows are kept in a ring, one of those that are there.
    unsafe fn row(&self, y: usize, width: usize) -> *const f32 {
        let kept = self.ring.map_or(y, |ring| y % ring.count);
        // SAFETY: y is a row of the map, and in a ring one of the last `count`.
        unsafe { self.base.add(kept * width * self.channels) }
    }

    /// Makes sure that the rows below `end` are there.
    ///
    /// # Safety
    /// The processor has `V`'s features, and the source is still readable.
    #[inline(always)]
    pub(super) unsafe fn fill<V: Vector>(&mut self, end: usize) {
        if let Some(ring) = &mut self.ring {
            while ring.filled < end.min(ring.resized.height) {
                let slot = (ring.filled % ring.count) * ring.resized.width * self.channels;
                // SAFETY: the slot is one of `count` rows of the ring.
                unsafe {
                    ring.resized
                        .write_row::<V>(ring.filled, ring.rows.add(slot));
                };
                ring.filled += 1;
            }
        }
    }
}

/// # Safety
/// The sources lie in `arena`, and `scratch` has the layout's length.
pub(super) unsafe fn readers(
    job: &ConvJob<'_, Winograd>,
    arena: *mut f32,
    scratch: *mut f32,
) -> [Reader; MAX_SOURCES] {
    // SAFETY: the caller's promise.
    let sources = unsafe { sources(job.conv, &job.layout.rooms, arena, scratch) };
    sources.map(|source| Reader {
        base: (source.resized).map_or(source.base, |(_, rows)| rows.cast_const()),
        channels: source.channels,
        ring: source.resized.map(|(resized, rows)| Ring {
            resized,
            rows,
            count: job.layout.ring,
            filled: 0,
        }),
    })
}

/// The rows of the tile whose output begins at (y, x): in place where they lie within the map, zeros above and
/// below it, copied to `patch` where they stick out at a side.
///
/// # Safety
/// (`y`, `x`) is a pixel of the convolution's input whose rows are there; `patch` has room for a tile of the source, and `zeros` for a
/// row of one.
pub(super) unsafe fn tile_rows(
    conv: &Convolution<Tensor>,
    source: &Reader,
    patch: *mut f32,
    zeros: *const f32,
    y: usize,
    x: usize,
) -> [*const f32; REACH] {
    let c = source.channels;
    let inside = x >= 1 && x + REACH - 1 <= conv.width;
    let mut rows = [zeros; REACH];
    for (i, row) in rows.iter_mut().enumerate() {
        let Some(y) = (y + i).checked_sub(1).filter(|&y| y < conv.height) else {
            continue;
        };
        // SAFETY: y is a row of the map; columns are cut to the map before they are copied.
        unsafe {
            let from = source.row(y, conv.width);
            if inside {
                *row = from.add((x - 1) * c);
            } else {
                let to = patch.add(i * REACH * c);
                let (left, right) = (x.max(1) - 1, (x + REACH - 1).min(conv.width));
                let skip = usize::from(x == 0) * c;
                let copied = (right - left) * c;
                to.write_bytes(0, skip);
                to.add(skip)
                    .copy_from_nonoverlapping(from.add(left * c), copied);
                to.add(skip + copied)
                    .write_bytes(0, REACH * c - skip - copied);
                *row = to;
            }
        }
    }
    rows
}
