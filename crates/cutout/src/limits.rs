//! Limits, checked from the header before memory is taken.

use crate::{Error, ErrorKind, budget};

/// Bytes that a pixel takes at least: three colours, and the mask.
const LEAST: u64 = 4;

/// Limits on an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Encoded size in bytes. Default 64 MiB.
    pub max_bytes: u64,
    /// Longer side in pixels. Default 32,768.
    pub max_side: u32,
    /// Area in pixels. Default 50,000,000; above [`Limits::CEILING`] it has no effect.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_side: 32_768,
            max_pixels: 50_000_000,
        }
    }
}

impl Limits {
    /// No image may have more pixels than this, whatever `max_pixels` says: with four channels it
    /// fills 1 GiB, and every 32-bit size inside a decoder still holds.
    pub const CEILING: u64 = 1 << 28;

    /// Checks the size of the encoded image.
    ///
    /// # Errors
    /// Kind `too-many-bytes`.
    pub fn check_bytes(&self, bytes: usize) -> Result<(), Error> {
        if bytes as u64 <= self.max_bytes {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooManyBytes,
            format!(
                "the file has {bytes} bytes, more than the {} allowed; compress it or raise max-bytes",
                self.max_bytes
            ),
        ))
    }

    /// Checks the size of the decoded image, in pixels.
    ///
    /// # Errors
    /// Kind `too-many-pixels`; kind `undecodable` when a side is 0; those of a [`Budget`](crate::Budget), of which the pixels and
    /// their mask alone would take more than is left.
    pub fn check_size(&self, width: u32, height: u32) -> Result<(), Error> {
        if width == 0 || height == 0 {
            return Err(Error::new(
                ErrorKind::Undecodable,
                format!("the image says that it is {width}×{height} pixels; its header is damaged"),
            ));
        }
        let pixels = u64::from(width) * u64::from(height);
        let max_pixels = self.max_pixels.min(Self::CEILING);
        let (excess, way_out) = if width.max(height) > self.max_side {
            let excess = format!("a side longer than the {} allowed", self.max_side);
            (excess, "")
        } else if pixels > max_pixels {
            let excess = format!("{pixels} pixels, more than the {max_pixels} allowed");
            let can_be_raised = max_pixels < Self::CEILING;
            (
                excess,
                if can_be_raised {
                    " or raise max-pixels"
                } else {
                    ""
                },
            )
        } else {
            return budget::room(pixels * LEAST);
        };
        Err(Error::new(
            ErrorKind::TooManyPixels,
            format!("the image is {width}×{height}: {excess}; make it smaller{way_out}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_refused_just_above_each_limit() {
        let limits = Limits {
            max_bytes: 10,
            max_side: 100,
            max_pixels: 5_000,
        };
        let generous = Limits {
            max_bytes: u64::MAX,
            max_side: u32::MAX,
            max_pixels: u64::MAX,
        };
        let cases = [
            (limits, 100, 50, None),
            (limits, 50, 100, None),
            (limits, 1, 1, None),
            (limits, 101, 1, Some(ErrorKind::TooManyPixels)),
            (limits, 1, 101, Some(ErrorKind::TooManyPixels)),
            (limits, 100, 51, Some(ErrorKind::TooManyPixels)),
            (limits, 0, 5, Some(ErrorKind::Undecodable)),
            (limits, 5, 0, Some(ErrorKind::Undecodable)),
            (generous, 1 << 14, 1 << 14, None),
            (
                generous,
                (1 << 14) + 1,
                1 << 14,
                Some(ErrorKind::TooManyPixels),
            ),
            (generous, u32::MAX, u32::MAX, Some(ErrorKind::TooManyPixels)),
        ];
        for (limits, width, height, expected) in cases {
            let found = limits.check_size(width, height).err().map(|e| e.kind());
            assert_eq!(found, expected, "{width}×{height} under {limits:?}");
        }
        let way_out = |limits: Limits, width, height| {
            let text = limits.check_size(width, height).unwrap_err().to_string();
            text.split_once("; ").unwrap().1.to_owned()
        };
        assert_eq!(
            way_out(limits, 100, 51),
            "make it smaller or raise max-pixels"
        );
        assert_eq!(way_out(limits, 101, 1), "make it smaller");
        assert_eq!(way_out(generous, u32::MAX, u32::MAX), "make it smaller");
        assert!(limits.check_bytes(10).is_ok());
        assert_eq!(
            limits.check_bytes(11).unwrap_err().kind(),
            ErrorKind::TooManyBytes
        );
    }
}
