//! An image decoded within limits of size and memory.

use std::borrow::Cow;

use cutout::{ErrorKind, Limits, decode as decoded};
use peak_alloc::PeakAlloc;

/// The heap, which counts its bytes.
#[global_allocator]
pub static MEMORY: PeakAlloc = PeakAlloc;

const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    max_side: 4_096,
    max_pixels: 1 << 18,
};

/// Most bytes that one image may take while it is decoded: what decoders may have for metadata twice (32 MiB, in the reader
/// of the metadata and in that of the pixels), and 128 bytes for each pixel that the limits allow.
const MOST: usize = 2 * (32 << 20) + 128 * LIMITS.max_pixels as usize;

/// Decodes `bytes`, of which those at `at` are made to be `magic` if they are none of `others`.
pub fn decode(bytes: &[u8], at: usize, magic: &[u8], others: &[&[u8]]) {
    let is_one = |magic: &&[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(magic));
    let mut bytes = Cow::Borrowed(bytes);
    if !others.iter().chain([&magic]).any(is_one) {
        let bytes = bytes.to_mut();
        bytes.resize(bytes.len().max(at + magic.len()), 0);
        bytes[at..at + magic.len()].copy_from_slice(magic);
    }
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = decoded(&bytes, &LIMITS);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= MOST, "{taken} bytes of memory, {MOST} allowed");
    match result {
        Ok(picture) => {
            let (width, height) = (picture.width, picture.height);
            LIMITS.check_size(width, height).expect("the limits hold");
            let values = width as usize * height as usize * picture.channels;
            assert!(matches!(picture.channels, 3 | 4));
            assert_eq!(picture.data.len(), values);
            assert!(picture.fine.is_none_or(|fine| fine.len() == values));
        }
        Err(error) => {
            let documented = [
                ErrorKind::UnsupportedFormat,
                ErrorKind::Undecodable,
                ErrorKind::TooManyBytes,
                ErrorKind::TooManyPixels,
            ];
            assert!(documented.contains(&error.kind()), "{error}");
        }
    }
}
