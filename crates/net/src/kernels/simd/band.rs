//! The input band of a direct convolution: rows of all sources, padded, concatenated and resized.

use super::direct::Layout;
use super::resize::{self, Resized};
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;
use crate::plan::MAX_SOURCES;

/// A source as the band reads it: plain, or resized row by row into `line`.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    base: *const f32,
    channels: usize,
    resized: Option<(Resized, *mut f32)>,
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
        resized: None,
    };
    let mut readers = [empty; MAX_SOURCES];
    let mut next = layout.sources;
    for (reader, source) in readers.iter_mut().zip(&job.sources) {
        // SAFETY: the source lies in the arena; line and table are taken in the order of `Layout::new`.
        unsafe {
            let base = arena.add(source.offset).cast_const();
            *reader = Reader {
                base,
                channels: source.shape.c,
                resized: resize::take(job, source, 1, base, scratch, &mut next),
            };
        }
    }
    readers
}

/// Row `y` of the padded, concatenated input.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn band_row<V: Vector>(
    job: &ConvJob,
    layout: &Layout,
    sources: &[Reader],
    y: usize,
    to: *mut f32,
) {
    let (pad, inputs) = (job.pad * job.inputs, job.inputs);
    // SAFETY: `to` has `layout.row` values: padding, `width` pixels of `inputs` values, padding.
    unsafe {
        let Some(y) = y.checked_sub(job.pad).filter(|&y| y < job.height) else {
            to.write_bytes(0, layout.row);
            return;
        };
        to.write_bytes(0, pad);
        to.add(layout.width * inputs - pad).write_bytes(0, pad);
        let mut to = to.add(pad);
        for source in sources {
            let c = source.channels;
            let mut from = source.base;
            match &source.resized {
                Some((resized, line)) => {
                    resized.write_row::<V>(y, *line);
                    from = *line;
                }
                None => from = from.add(y * job.width * c),
            }
            if c == inputs {
                to.copy_from_nonoverlapping(from, job.width * c);
            } else {
                for x in 0..job.width {
                    copy::<V>(from.add(x * c), to.add(x * inputs), c);
                }
            }
            to = to.add(c);
        }
    }
}

/// A copy of a few values, for which a call to memcpy costs more than the copy.
#[inline(always)]
unsafe fn copy<V: Vector>(from: *const f32, to: *mut f32, count: usize) {
    let mut i = 0;
    // SAFETY: the caller vouches for `count` values.
    unsafe {
        while i + V::LANES <= count {
            V::load(from.add(i)).store(to.add(i));
            i += V::LANES;
        }
        while i < count {
            to.add(i).write(from.add(i).read());
            i += 1;
        }
    }
}
