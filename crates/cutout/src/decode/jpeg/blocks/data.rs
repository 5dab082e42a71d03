//! The data of a scan, walked code by code.

use super::{Fault, Walk, ZEROS, own, padded, units};
use crate::budget;
use crate::decode::jpeg::block;
use crate::decode::jpeg::header::Coding;
use crate::decode::jpeg::huffman::Bits;
use crate::decode::jpeg::scan::Scan;

impl Walk<'_> {
    /// Walks the data of `scan`, which begin at `at`, and returns where they end, or a few bytes behind that.
    pub(super) fn scan(&mut self, scan: &Scan, at: usize) -> Result<usize, Fault> {
        let mut bits = Bits::new(self.bytes, at);
        let (across, down) = match scan.components[..] {
            // A single component's units are its own blocks, without those that fill up a coded unit.
            [only] => own(self.frame, &self.frame.components[only]),
            _ => units(self.frame),
        };
        let (mut left, mut number) = (self.interval, 0);
        self.empty = 0;
        for y in 0..down {
            if budget::is_spent() {
                // Which nobody sees: the stage returns the budget's error.
                return Err(Fault::Broken);
            }
            for x in 0..across {
                if self.interval > 0 && left == 0 {
                    bits.restart(number)?;
                    self.parts.iter_mut().for_each(|part| part.restart(number));
                    (left, number, self.empty) = (self.interval, (number + 1) % 8, 0);
                }
                left = left.saturating_sub(1);
                self.unit(scan, (x, y), &mut bits)?;
            }
        }
        let (begin, end) = self.zeros;
        // Zeros are codes too.
        if bits.at() > begin + ZEROS && bits.at() + 2 < end {
            return Err(Fault::Short);
        }
        Ok(bits.at_end())
    }

    fn unit(&mut self, scan: &Scan, (x, y): (u32, u32), bits: &mut Bits<'_>) -> Result<(), Fault> {
        for (index, &component) in scan.components.iter().enumerate() {
            let stored = self.frame.components[component];
            let (across, down) = match scan.components.len() {
                1 => (1, 1),
                _ => (u32::from(stored.across), u32::from(stored.down)),
            };
            let width = padded(self.frame, &stored).0;
            for row in 0..down {
                for column in 0..across {
                    let block = (y * down + row) * width + x * across + column;
                    let before = (!self.parts.is_empty()).then(|| bits.clone());
                    self.block(scan, index, (component, block), bits)?;
                    if let (Some(part), Some(mut before)) = (self.parts.get_mut(index), before) {
                        let count = bits.since(&before);
                        part.take(&mut before, count)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn block(
        &mut self,
        scan: &Scan,
        index: usize,
        (component, block): (usize, u32),
        bits: &mut Bits<'_>,
    ) -> Result<(), Fault> {
        let (dc, ac) = scan.tables[index];
        let dc = || self.dc[dc].as_ref().ok_or(Fault::Broken);
        let ac = || self.ac[ac].as_ref().ok_or(Fault::Broken);
        match self.frame.coding {
            Coding::Lossless => return block::difference(bits, dc()?),
            Coding::Progressive => {}
            _ => {
                block::difference(bits, dc()?)?;
                return block::coefficients(bits, ac()?);
            }
        }
        if scan.first == 0 {
            return match scan.is_first {
                true => block::difference(bits, dc()?),
                false => bits.skip(1),
            };
        }
        let mask = self.blocks.get_mut(component);
        let mask = mask.and_then(|masks| masks.get_mut(block as usize));
        let mask = mask.ok_or(Fault::Broken)?;
        if scan.is_first {
            block::band(bits, ac()?, scan, mask, &mut self.empty)
        } else {
            block::refinement(bits, ac()?, scan, mask, &mut self.empty)
        }
    }
}
