//! Fax codings of two levels (ITU-T T.4 and T.6; TIFF 6.0, sections 10 and 11), with the code tables of crate `fax`.

use std::convert::Infallible;
use std::iter;

use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};

/// How lines are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Runs; each line begins at a byte.
    Huffman,
    /// Runs, or differences to the line before; lines begin with a marker, which some writers leave out.
    Group3 { differences: bool },
    /// Differences to the line before.
    Group4,
}

/// Bits that come after the last byte, so that a code at the end can be looked at with what follows it.
const PADDING: usize = 4;

/// Decodes as many lines of `width` pixels as `out` has room for, each in whole bytes, 1 for black. Lines that come
/// after an end marker stay white. `None` for codes that are none, and where data end early.
pub(super) fn decode(data: &[u8], coding: Coding, width: usize, out: &mut [u8]) -> Option<()> {
    let padded = data.iter().copied().chain(iter::repeat_n(0, PADDING));
    let mut bits = Bits {
        reader: ByteReader::new(padded.map(Ok::<u8, Infallible>)).ok()?,
        left: data.len().checked_mul(8)?,
    };
    // Places where the colour changes, the first to black.
    let (mut before, mut line) = (Vec::new(), Vec::new());
    for row in out.chunks_exact_mut(width.div_ceil(8).max(1)) {
        line.clear();
        let differences = match coding {
            Coding::Huffman => {
                bits.align()?;
                false
            }
            Coding::Group4 => true,
            Coding::Group3 { differences } => {
                let markers = bits.skip_markers(differences)?;
                if markers > 1 {
                    return Some(());
                }
                differences && !bits.take_bit()?
            }
        };
        let whole = if differences {
            by_differences(&mut bits, &before, width, &mut line)?
        } else {
            by_runs(&mut bits, width, &mut line)?;
            true
        };
        if !whole {
            return Some(());
        }
        fill(row, &line, width);
        std::mem::swap(&mut before, &mut line);
    }
    Some(())
}

struct Bits<I> {
    reader: ByteReader<I>,
    /// Bits of the data that are not taken yet.
    left: usize,
}

impl<I: Iterator<Item = Result<u8, Infallible>>> BitReader for Bits<I> {
    type Error = ();

    fn peek(&self, bits: u8) -> Option<u16> {
        self.reader.peek(bits)
    }

    fn consume(&mut self, bits: u8) -> Result<(), ()> {
        self.left = self.left.checked_sub(usize::from(bits)).ok_or(())?;
        self.reader.consume(bits).map_err(|never| match never {})
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        (self.left % 8) as u8
    }
}

impl<I: Iterator<Item = Result<u8, Infallible>>> Bits<I> {
    fn align(&mut self) -> Option<()> {
        self.consume(self.bits_to_byte_boundary()).ok()
    }

    fn take_bit(&mut self) -> Option<bool> {
        let bit = self.peek(1)?;
        self.consume(1).ok()?;
        Some(bit == 1)
    }

    /// Skips the markers in front of a line, with their filling of zeros, and counts them: more than one in front of a
    /// line are the end. Where a bit behind the marker says how the line is coded (`tagged`), it stays.
    fn skip_markers(&mut self, tagged: bool) -> Option<usize> {
        let mut markers = 0;
        // No code begins with so many zeros.
        while self.peek(11) == Some(0) {
            while !self.take_bit()? {}
            markers += 1;
            if tagged && self.peek(12) == Some(1 << 11) {
                return Some(markers + 1);
            }
        }
        Some(markers)
    }

    /// A run's length: codes for multiples of 64, then one for what is left.
    fn run(&mut self, black_run: bool, width: usize) -> Option<usize> {
        let mut sum = 0;
        loop {
            let part = if black_run {
                black::decode(self)?
            } else {
                white::decode(self)?
            };
            sum += usize::from(part);
            if sum > width {
                return None;
            }
            if part < 64 {
                return Some(sum);
            }
        }
    }
}

fn by_runs(
    bits: &mut Bits<impl Iterator<Item = Result<u8, Infallible>>>,
    width: usize,
    line: &mut Vec<usize>,
) -> Option<()> {
    let mut at = 0;
    while at < width {
        at += bits.run(line.len() % 2 == 1, width - at)?;
        line.push(at);
    }
    Some(())
}

/// False at the marker that ends the image.
fn by_differences(
    bits: &mut Bits<impl Iterator<Item = Result<u8, Infallible>>>,
    before: &[usize],
    width: usize,
    line: &mut Vec<usize>,
) -> Option<bool> {
    let (mut at, mut is_first) = (0, true);
    // The first change of `before` that may still count.
    let mut from = 0;
    while at < width {
        let is_black = line.len() % 2 == 1;
        // The first change right of here to the other colour.
        while from > 0 && before.get(from - 1).is_some_and(|&place| place > at) {
            from -= 1;
        }
        while before
            .get(from)
            .is_some_and(|&place| place < at || place == at && !is_first)
        {
            from += 1;
        }
        let index = from + usize::from((from % 2 == 1) != is_black);
        let change = before.get(index).copied().unwrap_or(width);
        match mode::decode(bits)? {
            Mode::Pass => at = before.get(index + 1).copied().unwrap_or(width),
            Mode::Horizontal => {
                for is_black in [is_black, !is_black] {
                    at += bits.run(is_black, width - at)?;
                    line.push(at);
                }
            }
            Mode::Vertical(by) => {
                let to = change.checked_add_signed(isize::from(by))?;
                if to < at || to > width {
                    return None;
                }
                at = to;
                line.push(at);
            }
            Mode::Extension => return None,
            Mode::EOF => return is_first.then_some(false),
        }
        is_first = false;
    }
    Some(true)
}

/// Sets the black pixels of a row.
fn fill(row: &mut [u8], changes: &[usize], width: usize) {
    row.fill(0);
    for pair in changes.chunks(2) {
        let end = pair.get(1).copied().unwrap_or(width);
        for x in pair[0]..end.min(width) {
            row[x / 8] |= 0x80 >> (x % 8);
        }
    }
}
