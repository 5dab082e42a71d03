//! The shape of a map, and the caps every shape must stay below.

use crate::Error;

/// Largest height or width, in pixels.
pub(crate) const MAX_SIDE: usize = 1 << 13;
/// Largest number of channels of a map, and of all sources of a convolution together.
pub(crate) const MAX_CHANNELS: usize = 1 << 13;
/// Largest number of values in one map (1 GiB of f32).
pub(crate) const MAX_VALUES: u64 = 1 << 28;

/// Height, width and channels of a map. Values are f32, channel-last: `index = (y * w + x) * c + channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Height in pixels.
    pub h: usize,
    /// Width in pixels.
    pub w: usize,
    /// Channels.
    pub c: usize,
}

impl Shape {
    /// A shape of `h` rows, `w` columns and `c` channels.
    #[must_use]
    pub const fn new(h: usize, w: usize, c: usize) -> Self {
        Self { h, w, c }
    }

    /// Number of values.
    #[must_use]
    pub const fn len(self) -> usize {
        self.h * self.w * self.c
    }

    /// Whether the map holds no values (no plan contains such a map).
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Values in one row.
    pub(crate) const fn row(self) -> usize {
        self.w * self.c
    }

    /// Err when a side is zero or above the caps; after this, no product of the sides overflows a 32-bit usize.
    pub(crate) fn check(self) -> Result<(), Error> {
        let sides = (1..=MAX_SIDE).contains(&self.h) && (1..=MAX_SIDE).contains(&self.w);
        let channels = (1..=MAX_CHANNELS).contains(&self.c);
        if !sides || !channels || (self.h as u64) * (self.w as u64) * (self.c as u64) > MAX_VALUES {
            return Err(Error::invalid(format!("a map of {self} is out of range")));
        }
        Ok(())
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.h, self.w, self.c)
    }
}
