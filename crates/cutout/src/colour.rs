//! Image and mask to straight-alpha pixels.

use crate::foreground::Foreground;
use crate::{Density, Error, ErrorKind, Mask, Picture, Profile, Quality, budget};

/// An image with its background transparent, as rows of straight-alpha pixels.
///
/// It borrows the image and the mask and combines them a row at a time, because a second
/// full-size copy would be the largest block of memory in the whole pipeline.
#[derive(Debug)]
pub struct Cutout<'a> {
    picture: &'a Picture,
    mask: &'a Mask,
    colours: Colours,
}

/// Where the colours of pixels come from that are neither empty nor opaque.
#[derive(Debug)]
enum Colours {
    /// They are the image's own.
    Own,
    /// They are the foreground's alone.
    Foreground(Foreground),
    /// They are the image's own times alpha, though alpha is straight: rembg's.
    Darkened,
}

impl<'a> Cutout<'a> {
    /// Joins an image and its mask; `quality` says with which colours.
    ///
    /// # Errors
    /// Kind `encode` when their sizes differ, or their data are not as long as the sizes say.
    pub fn new(picture: &'a Picture, mask: &'a Mask, quality: Quality) -> Result<Self, Error> {
        let pixels = picture.width as usize * picture.height as usize;
        let same_size = (picture.width, picture.height) == (mask.width, mask.height);
        let whole = matches!(picture.channels, 3 | 4)
            && picture.data.len() == pixels * picture.channels
            && picture
                .fine
                .iter()
                .all(|fine| fine.len() == picture.data.len())
            && mask.data.len() == pixels;
        if same_size && whole {
            let colours = match quality {
                Quality::Fast => Colours::Own,
                Quality::Good | Quality::Best => Colours::Foreground(Foreground::of(picture, mask)),
                Quality::Rembg => Colours::Darkened,
            };
            return Ok(Self {
                picture,
                mask,
                colours,
            });
        }
        Err(Error::new(
            ErrorKind::Encode,
            format!(
                "a mask of {}×{} ({} values) does not fit an image of {}×{} ({} values, {} channels)",
                mask.width,
                mask.height,
                mask.data.len(),
                picture.width,
                picture.height,
                picture.data.len(),
                picture.channels
            ),
        ))
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.picture.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.picture.height
    }

    /// Calls `visit` with each row from top to bottom: width × 4 values, red, green, blue, straight
    /// alpha. Alpha is the mask, times the image's own alpha where it has one. Colours are the
    /// image's own where the mask is opaque, and 0 where alpha is 0: that compresses far better, and
    /// nothing of the background stays in the file. Rows that a [`Budget`](crate::Budget) has no time for are left out.
    ///
    /// # Errors
    /// The first error of `visit`.
    pub fn rows<E>(&self, mut visit: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let width = self.picture.width.max(1) as usize;
        let mut row = vec![0; width * 4];
        let mut foreground = match &self.colours {
            Colours::Foreground(estimate) => {
                Some(estimate.rows(width, self.picture.height as usize))
            }
            Colours::Own | Colours::Darkened => None,
        };
        let colours = (self.picture.data).chunks_exact(width * self.picture.channels);
        let masks = self.mask.data.chunks_exact(width);
        for (y, (colours, mask)) in colours.zip(masks).enumerate() {
            if budget::is_spent() {
                break;
            }
            let (out, _) = row.as_chunks_mut::<4>();
            if self.picture.channels == 4 {
                join_rgba(out, colours.as_chunks::<4>().0, mask);
            } else {
                join_rgb(out, colours.as_chunks::<3>().0, mask);
            }
            if let Some(foreground) = &mut foreground {
                foreground.correct(y, out, mask);
            } else if matches!(self.colours, Colours::Darkened) {
                darken(out, mask);
            }
            visit(&row)?;
        }
        Ok(())
    }

    /// The image's profile.
    pub(crate) fn profile(&self) -> Option<&Profile> {
        self.picture.profile.as_ref()
    }

    /// How large the image is meant to be printed.
    pub(crate) fn density(&self) -> Option<Density> {
        self.picture.density
    }

    /// Whether the image has 16 bits.
    pub(crate) fn is_wide(&self) -> bool {
        self.picture.fine.is_some()
    }

    /// As [`Self::rows`], with 16 bits: each row as its high bytes and its low bytes. Where [`Self::rows`] keeps the
    /// image's colour, all of its bits stay.
    ///
    /// # Errors
    /// The first error of `visit`.
    pub(crate) fn wide_rows<E>(
        &self,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (width, channels) = (self.picture.width.max(1) as usize, self.picture.channels);
        let fine = self.picture.fine.as_deref().unwrap_or_default();
        let stored = self.picture.data.chunks_exact(width * channels);
        let stored = stored.zip(fine.chunks_exact(width * channels));
        let mut rest = stored.zip(self.mask.data.chunks_exact(width));
        let (mut high, mut low) = (vec![0; width * 4], vec![0; width * 4]);
        self.rows(|row| {
            let Some(((coarse, fine), mask)) = rest.next() else {
                return Ok(());
            };
            let own = coarse
                .chunks_exact(channels)
                .zip(fine.chunks_exact(channels));
            let out = high
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .zip(low.as_chunks_mut::<4>().0);
            let pixels = row.as_chunks::<4>().0.iter().zip(own).zip(mask);
            for ((high, low), ((joined, (coarse, fine)), mask)) in out.zip(pixels) {
                let wide = widened(*joined, coarse, fine, *mask).map(u16::to_be_bytes);
                *high = wide.map(|[high, _]| high);
                *low = wide.map(|[_, low]| low);
            }
            visit(&high, &low)
        })
    }
}

/// A pixel as [`Cutout::rows`] gives it with the bits that it lacks, from the high and low bytes of the image.
fn widened(joined: [u8; 4], coarse: &[u8], fine: &[u8], mask: u8) -> [u16; 4] {
    let own = |i: usize| u16::from_be_bytes([coarse[i], fine[i]]);
    let mask = u32::from(mask) * 257;
    let alpha = if coarse.len() == 4 {
        ((mask * u32::from(own(3)) + 32_767) / 65_535) as u16
    } else {
        mask as u16
    };
    if alpha == 0 {
        return [0; 4];
    }
    // An alpha that 8 bits round to 0 has taken the colour along.
    let colour = |i: usize| {
        if joined[3] == 0 || joined[i] == coarse[i] {
            own(i)
        } else {
            u16::from(joined[i]) * 257
        }
    };
    [colour(0), colour(1), colour(2), alpha]
}

fn darken(row: &mut [[u8; 4]], mask: &[u8]) {
    for ([r, g, b, _], &value) in row.iter_mut().zip(mask) {
        [*r, *g, *b] = [*r, *g, *b].map(|colour| product(colour, value));
    }
}

fn join_rgb(out: &mut [[u8; 4]], colours: &[[u8; 3]], mask: &[u8]) {
    let join = |out: &mut [[u8; 4]], colours: &[[u8; 3]], mask: &[u8]| {
        for ((out, &[r, g, b]), &alpha) in out.iter_mut().zip(colours).zip(mask) {
            *out = if alpha == 0 { [0; 4] } else { [r, g, b, alpha] };
        }
    };
    // A loop costs more than a pixel where a host counts its rounds for a deadline.
    let (outs, last_out) = out.as_chunks_mut::<8>();
    let (colours, last_colours) = colours.as_chunks::<8>();
    let (masks, last_mask) = mask.as_chunks::<8>();
    for ((out, colours), mask) in outs.iter_mut().zip(colours).zip(masks) {
        match mask {
            [0, 0, 0, 0, 0, 0, 0, 0] => *out = [[0; 4]; 8],
            _ => join(out, colours, mask),
        }
    }
    join(last_out, last_colours, last_mask);
}

fn join_rgba(out: &mut [[u8; 4]], colours: &[[u8; 4]], mask: &[u8]) {
    for ((out, &[r, g, b, own]), &value) in out.iter_mut().zip(colours).zip(mask) {
        let alpha = product(own, value);
        *out = if alpha == 0 { [0; 4] } else { [r, g, b, alpha] };
    }
}

/// `a × b / 255`, rounded.
pub(crate) fn product(a: u8, b: u8) -> u8 {
    ((u16::from(a) * u16::from(b) + 127) / 255) as u8
}

#[cfg(test)]
mod tests;
