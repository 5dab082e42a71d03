//! Whatever samples a decoder delivers, to 8-bit RGB or RGBA in one buffer, and the low bytes of 16-bit ones in another.

use image::{ColorType, ImageDecoder};

use super::{Format, format, refusal};
use crate::{Error, ErrorKind, budget};

/// An image's samples.
pub(super) struct Samples {
    /// `width × height × channels` values: the samples, or their high bytes.
    pub(super) data: Vec<u8>,
    /// The low bytes of 16-bit samples.
    pub(super) fine: Option<Vec<u8>>,
    /// 3, or 4 when a pixel is not opaque.
    pub(super) channels: usize,
    /// Whether the three colours repeat one.
    pub(super) grey: bool,
}

/// Reads all pixels.
///
/// 8-bit samples stay in one buffer that is made as large as the larger of both layouts, decoded into, and rearranged in
/// place. Of 16-bit samples the low bytes move to a second one.
///
/// # Errors
/// As [`super::decode`].
pub(super) fn read(decoder: Box<dyn ImageDecoder + '_>, format: Format) -> Result<Samples, Error> {
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

    let mut fine = if layout.is_wide() {
        Some(buffer(pixels * channels as u64)?)
    } else {
        None
    };
    layout.rearrange(
        &mut data,
        fine.as_deref_mut().unwrap_or_default(),
        pixels as usize,
    );
    data.truncate(pixels as usize * channels);
    let mut samples = Samples {
        data,
        fine,
        channels,
        grey: !colour.has_color(),
    };
    samples.drop_opaque_alpha();
    if samples.data.capacity() > samples.data.len() {
        samples.data.shrink_to_fit();
    }
    Ok(samples)
}

impl Samples {
    /// Those of pixels with 4 channels: `data`, or the high bytes, and the low bytes of 16-bit samples.
    pub(super) fn of_rgba(data: Vec<u8>, fine: Option<Vec<u8>>) -> Self {
        let mut samples = Self {
            data,
            fine,
            channels: 4,
            grey: false,
        };
        samples.drop_opaque_alpha();
        samples
    }

    /// Leaves out the fourth channel when all of it is opaque.
    fn drop_opaque_alpha(&mut self) {
        let is_opaque = |data: &Vec<u8>| {
            data.as_chunks::<4>()
                .0
                .iter()
                .all(|pixel| pixel[3] == u8::MAX)
        };
        if self.channels != 4 || !is_opaque(&self.data) || !self.fine.iter().all(is_opaque) {
            return;
        }
        self.channels = 3;
        for data in self.fine.iter_mut().chain([&mut self.data]) {
            let pixels = data.len() / 4;
            shrink::<4, 3>(data, pixels, |[r, g, b, _]| [r, g, b]);
            data.truncate(pixels * 3);
            data.shrink_to_fit();
        }
    }
}

/// Zeroes.
///
/// # Errors
/// Kind `too-many-pixels` when there is no memory for so many, and the budget's.
pub(super) fn buffer(bytes: u64) -> Result<Vec<u8>, Error> {
    budget::room(bytes)?;
    let mut data = Vec::new();
    let reserved = usize::try_from(bytes)
        .ok()
        .filter(|&bytes| data.try_reserve_exact(bytes).is_ok());
    let Some(bytes) = reserved else {
        return Err(Error::new(
            ErrorKind::TooManyPixels,
            format!(
                "there is no memory for the {bytes} bytes of the image; make it smaller or give more memory"
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

    fn is_wide(self) -> bool {
        !matches!(self, Self::Ready | Self::Grey8 | Self::GreyAlpha8)
    }

    /// `fine` is as long as the result, or empty where samples have 8 bits.
    fn rearrange(self, data: &mut [u8], fine: &mut [u8], pixels: usize) {
        match self {
            Self::Ready => {}
            Self::Grey8 => grow::<1, 3>(data, pixels, |[v]| [v, v, v]),
            Self::GreyAlpha8 => grow::<2, 4>(data, pixels, |[v, a]| [v, v, v, a]),
            Self::Grey16 => split::<2, 3>(data, fine, [0, 0, 0]),
            Self::GreyAlpha16 => split::<4, 4>(data, fine, [0, 0, 0, 1]),
            Self::Rgb16 => split::<6, 3>(data, fine, [0, 1, 2]),
            Self::Rgba16 => split::<8, 4>(data, fine, [0, 1, 2, 3]),
        }
    }
}

/// Splits samples of 16 bits in the machine's order: the high bytes go to the front of `data`, the low ones to `fine`.
/// A pixel of `FROM` bytes has `TO` values then, those of the samples that `order` names.
fn split<const FROM: usize, const TO: usize>(data: &mut [u8], fine: &mut [u8], order: [usize; TO]) {
    let last = fine.len() / TO;
    for step in 0..last {
        // No pixel is written over before it is read.
        let index = if FROM < TO { last - 1 - step } else { step };
        let mut samples = [[0; 2]; 4];
        samples.as_flattened_mut()[..FROM].copy_from_slice(&data[index * FROM..][..FROM]);
        let values = order.map(|sample| u16::from_ne_bytes(samples[sample]).to_be_bytes());
        data[index * TO..][..TO].copy_from_slice(&values.map(|[high, _]| high));
        fine[index * TO..][..TO].copy_from_slice(&values.map(|[_, low]| low));
    }
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
        // The low byte is the high one and 100 more.
        let wide = |values: &[u8]| {
            let samples = values
                .iter()
                .map(|&v| u16::from(v) << 8 | u16::from(v + 100));
            samples.flat_map(u16::to_ne_bytes).collect::<Vec<_>>()
        };
        let rgb = [1, 2, 3, 4, 5, 6];
        let rgba = [1, 2, 3, 4, 5, 6, 7, 8];
        let cases: [(ColorType, Vec<u8>, &[u8]); 8] = [
            (ColorType::L8, vec![1, 2], &[1, 1, 1, 2, 2, 2]),
            (ColorType::La8, vec![1, 9, 2, 8], &[1, 1, 1, 9, 2, 2, 2, 8]),
            (ColorType::Rgb8, rgb.to_vec(), &rgb),
            (ColorType::Rgba8, rgba.to_vec(), &rgba),
            (ColorType::L16, wide(&[1, 2]), &[1, 1, 1, 2, 2, 2]),
            (
                ColorType::La16,
                wide(&[1, 9, 2, 8]),
                &[1, 1, 1, 9, 2, 2, 2, 8],
            ),
            (ColorType::Rgb16, wide(&rgb), &rgb),
            (ColorType::Rgba16, wide(&rgba), &rgba),
        ];
        for (colour, mut data, expected) in cases {
            let layout = Layout::of(colour).unwrap();
            let mut fine = vec![0; if layout.is_wide() { expected.len() } else { 0 }];
            data.resize(data.len().max(expected.len()), 0);
            layout.rearrange(&mut data, &mut fine, 2);
            assert_eq!(&data[..expected.len()], expected, "{colour:?}");
            let low: Vec<u8> = expected.iter().map(|v| v + 100).collect();
            assert!(fine.is_empty() || fine == low, "{colour:?}: {fine:?}");
        }
        assert!(Layout::of(ColorType::Rgb32F).is_none());
    }

    #[test]
    fn alpha_goes_where_all_of_it_is_opaque_to_the_last_bit() {
        let samples = |data: [u8; 8], fine: Option<[u8; 8]>| Samples {
            data: data.to_vec(),
            fine: fine.map(|fine| fine.to_vec()),
            channels: 4,
            grey: false,
        };
        let opaque = [1, 2, 3, 255, 4, 5, 6, 255];
        let cases = [
            (samples(opaque, None), 3),
            (samples(opaque, Some(opaque)), 3),
            (samples([1, 2, 3, 255, 4, 5, 6, 254], None), 4),
            (samples(opaque, Some([1, 2, 3, 255, 4, 5, 6, 254])), 4),
        ];
        for (index, (mut samples, channels)) in cases.into_iter().enumerate() {
            samples.drop_opaque_alpha();
            assert_eq!(samples.channels, channels, "case {index}");
            for data in samples.fine.iter().chain([&samples.data]) {
                assert_eq!(data.len(), 2 * channels, "case {index}");
                assert_eq!(data[channels..][..3], [4, 5, 6], "case {index}");
            }
        }
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert_eq!(
            buffer(u64::MAX).unwrap_err().kind(),
            ErrorKind::TooManyPixels
        );
    }
}
