//! Picture and mask to straight-alpha pixels.

use crate::{Error, ErrorKind, Mask, Picture};

/// A picture with its background transparent, as rows of straight-alpha pixels.
///
/// It borrows the picture and the mask and combines them a row at a time, because a second
/// full-size copy would be the largest block of memory in the whole pipeline.
#[derive(Clone, Copy, Debug)]
pub struct Cutout<'a> {
    picture: &'a Picture,
    mask: &'a Mask,
}

impl<'a> Cutout<'a> {
    /// Joins a picture and its mask.
    ///
    /// # Errors
    /// Kind `encode` when their sizes differ, or their data are not as long as the sizes say.
    pub fn new(picture: &'a Picture, mask: &'a Mask) -> Result<Self, Error> {
        let pixels = picture.width as usize * picture.height as usize;
        let same_size = (picture.width, picture.height) == (mask.width, mask.height);
        let whole = matches!(picture.channels, 3 | 4)
            && picture.data.len() == pixels * picture.channels
            && mask.data.len() == pixels;
        if same_size && whole {
            return Ok(Self { picture, mask });
        }
        Err(Error::new(
            ErrorKind::Encode,
            format!(
                "a mask of {}×{} ({} values) does not fit a picture of {}×{} ({} values, {} channels)",
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
    /// alpha. Alpha is the mask, times the picture's own alpha where it has one. Colours are the
    /// picture's own, and 0 where alpha is 0: that compresses far better, and nothing of the
    /// background stays in the file.
    ///
    /// # Errors
    /// The first error of `visit`.
    pub fn rows<E>(&self, mut visit: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let width = self.picture.width.max(1) as usize;
        let mut row = vec![0; width * 4];
        let colours = self
            .picture
            .data
            .chunks_exact(width * self.picture.channels);
        for (colours, mask) in colours.zip(self.mask.data.chunks_exact(width)) {
            let (out, _) = row.as_chunks_mut::<4>();
            if self.picture.channels == 4 {
                join_rgba(out, colours.as_chunks::<4>().0, mask);
            } else {
                join_rgb(out, colours.as_chunks::<3>().0, mask);
            }
            visit(&row)?;
        }
        Ok(())
    }
}

fn join_rgb(out: &mut [[u8; 4]], colours: &[[u8; 3]], mask: &[u8]) {
    for ((out, &[r, g, b]), &alpha) in out.iter_mut().zip(colours).zip(mask) {
        *out = if alpha == 0 { [0; 4] } else { [r, g, b, alpha] };
    }
}

fn join_rgba(out: &mut [[u8; 4]], colours: &[[u8; 4]], mask: &[u8]) {
    for ((out, &[r, g, b, own]), &value) in out.iter_mut().zip(colours).zip(mask) {
        let alpha = product(own, value);
        *out = if alpha == 0 { [0; 4] } else { [r, g, b, alpha] };
    }
}

/// `a × b / 255`, rounded.
fn product(a: u8, b: u8) -> u8 {
    ((u16::from(a) * u16::from(b) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(picture: &Picture, mask: &Mask) -> Vec<u8> {
        let mut all = Vec::new();
        let cutout = Cutout::new(picture, mask).unwrap();
        cutout
            .rows(|row| {
                all.extend_from_slice(row);
                Ok::<(), Error>(())
            })
            .unwrap();
        all
    }

    #[test]
    fn colours_stay_and_the_mask_becomes_alpha() {
        let picture = Picture {
            width: 1,
            height: 3,
            channels: 3,
            data: vec![9, 8, 7, 6, 5, 4, 3, 2, 1],
        };
        let mask = Mask {
            width: 1,
            height: 3,
            data: vec![255, 1, 0],
        };
        assert_eq!(
            rows(&picture, &mask),
            [9, 8, 7, 255, 6, 5, 4, 1, 0, 0, 0, 0]
        );
    }

    #[test]
    fn the_pictures_own_alpha_is_multiplied_in() {
        let cases = [
            (255, 255, 255),
            (255, 100, 100),
            (100, 255, 100),
            (128, 128, 64),
            (1, 127, 0),
            (1, 128, 1),
            (0, 255, 0),
        ];
        for (own, value, expected) in cases {
            let picture = Picture {
                width: 1,
                height: 1,
                channels: 4,
                data: vec![9, 8, 7, own],
            };
            let mask = Mask {
                width: 1,
                height: 1,
                data: vec![value],
            };
            let colour = if expected == 0 { [0, 0, 0] } else { [9, 8, 7] };
            let found = rows(&picture, &mask);
            assert_eq!(
                (&found[..3], found[3]),
                (&colour[..], expected),
                "{own} × {value}"
            );
        }
        for (a, b) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
            let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u8;
            assert_eq!(product(a, b), exact, "{a} × {b}");
        }
    }

    #[test]
    fn a_mask_of_another_size_is_an_error() {
        let picture = Picture {
            width: 2,
            height: 1,
            channels: 3,
            data: vec![0; 6],
        };
        let short = Picture {
            data: vec![0; 5],
            ..picture
        };
        let cases = [
            (&picture, Mask::empty(1, 2)),
            (
                &picture,
                Mask {
                    data: vec![0],
                    ..Mask::empty(2, 1)
                },
            ),
            (&short, Mask::empty(2, 1)),
        ];
        for (picture, mask) in cases {
            assert_eq!(
                Cutout::new(picture, &mask).unwrap_err().kind(),
                ErrorKind::Encode,
                "{picture:?} {mask:?}"
            );
        }
    }
}
