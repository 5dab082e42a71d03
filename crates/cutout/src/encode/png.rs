//! PNG, a row at a time.

use std::io::{self, Write};

use crate::{Cutout, Error, ErrorKind, Mask};

/// PNG, RGBA with 8 bits per channel, straight alpha.
///
/// # Errors
/// Kind `encode`.
pub(crate) fn cutout(cutout: &Cutout<'_>) -> Result<Vec<u8>, Error> {
    png(
        cutout.width(),
        cutout.height(),
        png::ColorType::Rgba,
        |out| cutout.rows(|row| out.write_all(row)),
    )
}

/// PNG of rows of red, green, blue and straight alpha.
///
/// # Errors
/// Kind `encode`.
pub(crate) fn rgba(width: u32, height: u32, data: &[u8]) -> Result<Vec<u8>, Error> {
    png(width, height, png::ColorType::Rgba, |out| {
        out.write_all(data)
    })
}

/// PNG of rows of red, green and blue.
///
/// # Errors
/// Kind `encode`.
pub(crate) fn rgb(width: u32, height: u32, data: &[u8]) -> Result<Vec<u8>, Error> {
    png(width, height, png::ColorType::Rgb, |out| {
        out.write_all(data)
    })
}

/// PNG, grey with 8 bits.
///
/// # Errors
/// Kind `encode`.
pub(crate) fn mask(mask: &Mask) -> Result<Vec<u8>, Error> {
    png(mask.width, mask.height, png::ColorType::Grayscale, |out| {
        out.write_all(&mask.data)
    })
}

/// Deflate and filter by measurement, on cut-outs of 2 MP: fdeflate with Paeth takes 20 ms and gives
/// 2.4 MB (Up 19 ms and 2.7 MB, adaptive 23 ms and 2.4 MB; deflate level 1 40 ms and 2.4 MB, level 6
/// 350 ms and 2.1 MB).
fn png(
    width: u32,
    height: u32,
    colour: png::ColorType,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Vec<u8>, Error> {
    let mut sink = Sink(Vec::new());
    let mut encoder = png::Encoder::new(&mut sink, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::FdeflateUltraFast);
    encoder.set_filter(png::Filter::Paeth);
    let done = encoder.write_header().and_then(|mut header| {
        let mut out = header.stream_writer_with_size(CHUNK)?;
        write(&mut out)?;
        out.finish()?;
        header.finish()
    });
    match done {
        Ok(()) => Ok(sink.0),
        Err(cause) => Err(Error::new(
            ErrorKind::Encode,
            format!("the PNG cannot be written: {cause}"),
        )),
    }
}

/// Bytes per IDAT chunk.
const CHUNK: usize = 64 << 10;

/// Grows by a quarter, not twofold: WebAssembly memory never shrinks, so that the doubling of a
/// 50 MB result would cost more than the picture.
struct Sink(Vec<u8>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let free = self.0.capacity() - self.0.len();
        if free < bytes.len() {
            let growth = bytes.len().max(self.0.len() / 4).max(CHUNK);
            self.0
                .try_reserve_exact(growth)
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Picture, decode};

    #[test]
    fn what_is_written_is_read_back() {
        let noise = |length: usize| {
            (0..length)
                .map(|i| (i * i * 31 + i * 7) as u8)
                .collect::<Vec<u8>>()
        };
        let picture = Picture {
            width: 301,
            height: 97,
            channels: 3,
            data: noise(301 * 97 * 3),
        };
        let values = Mask {
            width: 301,
            height: 97,
            data: noise(301 * 97),
        };
        let joined = Cutout::new(&picture, &values).unwrap();
        let mut expected = Vec::new();
        joined.rows(|row| expected.write_all(row)).unwrap();

        let read = decode(&cutout(&joined).unwrap(), &Limits::default()).unwrap();
        assert_eq!((read.width, read.height, read.channels), (301, 97, 4));
        assert_eq!(read.data, expected);

        let read = decode(&mask(&values).unwrap(), &Limits::default()).unwrap();
        assert!(
            read.data
                .chunks_exact(3)
                .map(|pixel| pixel[0])
                .eq(values.data)
        );
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_an_error() {
        let nothing = Mask {
            width: 0,
            height: 0,
            data: Vec::new(),
        };
        let short = Mask {
            width: 2,
            height: 2,
            data: vec![0; 3],
        };
        for wrong in [nothing, short] {
            assert_eq!(
                mask(&wrong).unwrap_err().kind(),
                ErrorKind::Encode,
                "{wrong:?}"
            );
        }
    }
}
