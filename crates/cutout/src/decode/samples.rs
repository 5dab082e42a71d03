//! Whatever samples a decoder delivers, to 8-bit RGB or RGBA in one buffer.

use image::{ColorType, ImageDecoder};

use super::{Format, format, refusal};
use crate::{Error, ErrorKind};

/// Reads all pixels. Returns `width × height × channels` values, and `channels`: 3, or 4 when a
/// pixel is not opaque.
///
/// Everything happens in the one buffer that becomes the picture: it is made as large as the larger
/// of both layouts, decoded into, and rearranged in place.
///
/// # Errors
/// As [`super::decode`].
pub(super) fn read(
    decoder: Box<dyn ImageDecoder + '_>,
    format: Format,
) -> Result<(Vec<u8>, usize), Error> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let colour = decoder.color_type();
    let stored = usize::from(colour.bytes_per_pixel());
    let channels = if colour.has_alpha() { 4 } else { 3 };
    let layout = Layout::of(colour).ok_or_else(|| {
        Error::new(
            ErrorKind::UnsupportedFormat,
            format!(
                "this {format} file has samples of type {colour:?}, which are not read here; {}",
                format::WAY_OUT
            ),
        )
    })?;

    let mut data = buffer(pixels.saturating_mul(stored.max(channels) as u64))?;
    // The whole buffer was taken, so that this part of it fits in usize.
    let stored_bytes = pixels as usize * stored;
    decoder
        .read_image_boxed(&mut data[..stored_bytes])
        .map_err(|cause| refusal(format, &cause))?;

    layout.rearrange(&mut data, pixels as usize);
    data.truncate(pixels as usize * channels);
    let opaque = channels == 4
        && data
            .as_chunks::<4>()
            .0
            .iter()
            .all(|pixel| pixel[3] == u8::MAX);
    if opaque {
        shrink::<4, 3>(&mut data, pixels as usize, |[r, g, b, _]| [r, g, b]);
        data.truncate(pixels as usize * 3);
    }
    if data.capacity() > data.len() {
        data.shrink_to_fit();
    }
    Ok((data, if opaque { 3 } else { channels }))
}

fn buffer(bytes: u64) -> Result<Vec<u8>, Error> {
    let mut data = Vec::new();
    let reserved = usize::try_from(bytes)
        .ok()
        .filter(|&bytes| data.try_reserve_exact(bytes).is_ok());
    let Some(bytes) = reserved else {
        return Err(Error::new(
            ErrorKind::TooManyPixels,
            format!(
                "there is no memory for the {bytes} bytes of the picture; make it smaller or give more memory"
            ),
        ));
    };
    data.resize(bytes, 0);
    Ok(data)
}

/// The layouts that are rearranged here; the numbers are channels.
#[derive(Clone, Copy)]
enum Layout {
    Grey8,
    GreyAlpha8,
    Ready,
    Grey16,
    GreyAlpha16,
    Rgb16,
    Rgba16,
}

impl Layout {
    fn of(colour: ColorType) -> Option<Self> {
        Some(match colour {
            ColorType::L8 => Self::Grey8,
            ColorType::La8 => Self::GreyAlpha8,
            ColorType::Rgb8 | ColorType::Rgba8 => Self::Ready,
            ColorType::L16 => Self::Grey16,
            ColorType::La16 => Self::GreyAlpha16,
            ColorType::Rgb16 => Self::Rgb16,
            ColorType::Rgba16 => Self::Rgba16,
            _ => return None,
        })
    }

    fn rearrange(self, data: &mut [u8], pixels: usize) {
        match self {
            Self::Ready => {}
            Self::Grey8 => grow::<1, 3>(data, pixels, |[v]| [v, v, v]),
            Self::GreyAlpha8 => grow::<2, 4>(data, pixels, |[v, a]| [v, v, v, a]),
            Self::Grey16 => grow::<2, 3>(data, pixels, |[v0, v1]| [high(v0, v1); 3]),
            Self::GreyAlpha16 => shrink::<4, 4>(data, pixels, |[v0, v1, a0, a1]| {
                let value = high(v0, v1);
                [value, value, value, high(a0, a1)]
            }),
            Self::Rgb16 => shrink::<6, 3>(data, pixels, |[r0, r1, g0, g1, b0, b1]| {
                [high(r0, r1), high(g0, g1), high(b0, b1)]
            }),
            Self::Rgba16 => shrink::<8, 4>(data, pixels, |[r0, r1, g0, g1, b0, b1, a0, a1]| {
                [high(r0, r1), high(g0, g1), high(b0, b1), high(a0, a1)]
            }),
        }
    }
}

/// The high byte of a 16-bit sample in the machine's order.
fn high(first: u8, second: u8) -> u8 {
    (u16::from_ne_bytes([first, second]) >> 8) as u8
}

/// Makes pixels of `FROM` bytes into wider ones, from the last to the first, so that none is
/// overwritten before it is read.
fn grow<const FROM: usize, const TO: usize>(
    data: &mut [u8],
    pixels: usize,
    turn: impl Fn([u8; FROM]) -> [u8; TO],
) {
    for index in (0..pixels).rev() {
        turn_one(data, index, &turn);
    }
}

/// As [`grow`], for pixels that do not get wider, from the first to the last.
fn shrink<const FROM: usize, const TO: usize>(
    data: &mut [u8],
    pixels: usize,
    turn: impl Fn([u8; FROM]) -> [u8; TO],
) {
    for index in 0..pixels {
        turn_one(data, index, &turn);
    }
}

fn turn_one<const FROM: usize, const TO: usize>(
    data: &mut [u8],
    index: usize,
    turn: impl Fn([u8; FROM]) -> [u8; TO],
) {
    let mut pixel = [0; FROM];
    pixel.copy_from_slice(&data[index * FROM..][..FROM]);
    data[index * TO..][..TO].copy_from_slice(&turn(pixel));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_rearranged_in_place() {
        let wide = |values: &[u8]| {
            values
                .iter()
                .flat_map(|&v| (u16::from(v) << 8 | 0xab).to_ne_bytes())
                .collect::<Vec<_>>()
        };
        let cases = [
            (ColorType::L8, vec![1, 2], vec![1, 1, 1, 2, 2, 2]),
            (
                ColorType::La8,
                vec![1, 9, 2, 8],
                vec![1, 1, 1, 9, 2, 2, 2, 8],
            ),
            (
                ColorType::Rgb8,
                vec![1, 2, 3, 4, 5, 6],
                vec![1, 2, 3, 4, 5, 6],
            ),
            (ColorType::L16, wide(&[1, 2]), vec![1, 1, 1, 2, 2, 2]),
            (
                ColorType::La16,
                wide(&[1, 9, 2, 8]),
                vec![1, 1, 1, 9, 2, 2, 2, 8],
            ),
            (
                ColorType::Rgb16,
                wide(&[1, 2, 3, 4, 5, 6]),
                vec![1, 2, 3, 4, 5, 6],
            ),
            (
                ColorType::Rgba16,
                wide(&[1, 2, 3, 4, 5, 6, 7, 8]),
                vec![1, 2, 3, 4, 5, 6, 7, 8],
            ),
        ];
        for (colour, stored, expected) in cases {
            let mut data = stored;
            data.resize(data.len().max(expected.len()), 0);
            Layout::of(colour).unwrap().rearrange(&mut data, 2);
            assert_eq!(&data[..expected.len()], expected, "{colour:?}");
        }
        assert!(Layout::of(ColorType::Rgb32F).is_none());
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert_eq!(
            buffer(u64::MAX).unwrap_err().kind(),
            ErrorKind::TooManyPixels
        );
    }
}
