//! How Winograd tiles read their sources: in place, through a ring of resized rows, or through a padded copy.

use super::resize::{self, Resized};
use super::transform::REACH;
use super::winograd::Layout;
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;
use crate::plan::MAX_SOURCES;

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
    unsafe fn row(&self, y: usize, width: usize) -> *const f32 {
        let kept = self.ring.map_or(y, |ring| y % ring.count);
        // SAFETY: y is a row of the map, and in a ring one of the last `count`.
        unsafe { self.base.add(kept * width * self.channels) }
    }

    /// Makes sure that the rows below `end` are there.
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

pub(super) unsafe fn readers(
    job: &ConvJob,
    layout: &Layout,
    arena: *mut f32,
    scratch: *mut f32,
) -> [Reader; MAX_SOURCES] {
    let empty = Reader {
        base: std::ptr::null(),
        channels: 0,
        ring: None,
    };
    let mut readers = [empty; MAX_SOURCES];
    let mut next = layout.sources;
    for (reader, source) in readers.iter_mut().zip(&job.sources) {
        // SAFETY: the source lies in the arena; ring and table are taken in the order of `Layout::new`.
        unsafe {
            let base = arena.add(source.offset).cast_const();
            let resized = resize::take(job, source, layout.ring, base, scratch, &mut next);
            *reader = Reader {
                base: resized.map_or(base, |(_, rows)| rows.cast_const()),
                channels: source.shape.c,
                ring: resized.map(|(resized, rows)| Ring {
                    resized,
                    rows,
                    count: layout.ring,
                    filled: 0,
                }),
            };
        }
    }
    readers
}

/// The rows of the tile whose output begins at (y, x): in place where they lie within the map, zeros above and
/// below it, copied to `patch` where they stick out at a side.
pub(super) unsafe fn tile_rows(
    job: &ConvJob,
    source: &Reader,
    patch: *mut f32,
    zeros: *const f32,
    y: usize,
    x: usize,
) -> [*const f32; REACH] {
    let c = source.channels;
    let inside = x >= 1 && x + REACH - 1 <= job.width;
    let mut rows = [zeros; REACH];
    for (i, row) in rows.iter_mut().enumerate() {
        let Some(y) = (y + i).checked_sub(1).filter(|&y| y < job.height) else {
            continue;
        };
        // SAFETY: y is a row of the map; columns are cut to the map before they are copied.
        unsafe {
            let from = source.row(y, job.width);
            if inside {
                *row = from.add((x - 1) * c);
            } else {
                let to = patch.add(i * REACH * c);
                let (left, right) = (x.max(1) - 1, (x + REACH - 1).min(job.width));
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
