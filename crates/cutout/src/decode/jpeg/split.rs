//! One scan of several components made into scans of one, which all decoders read.
//!
//! Where each component has one block in a coded unit, its blocks stand in the same order in both: their bits are
//! copied as they are, with the differences between averages in them.

use super::fault::Fault;
use super::header::marker;
use super::huffman::Bits;

/// The data of one component.
#[derive(Default)]
pub(super) struct Part {
    data: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Part {
    /// Copies the next `count` bits.
    ///
    /// # Errors
    /// [`Fault::Short`] when there are fewer.
    pub(super) fn take(&mut self, bits: &mut Bits<'_>, mut count: u32) -> Result<(), Fault> {
        while count > 0 {
            let some = count.min(16);
            self.put(bits.take(some)?, some);
            count -= some;
        }
        Ok(())
    }

    fn put(&mut self, bits: u32, count: u32) {
        self.bits = self.bits << count | u64::from(bits);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.bits >> self.count) as u8;
            self.data.push(byte);
            if byte == 0xff {
                self.data.push(0);
            }
        }
    }

    /// Fills the last byte with ones (T.81, F.1.2.3).
    fn fill(&mut self) {
        let missing = (8 - self.count % 8) % 8;
        self.put((1 << missing) - 1, missing);
    }

    /// Ends a restart interval by the marker with this number, 0 to 7.
    pub(super) fn restart(&mut self, number: u8) {
        self.fill();
        self.data.extend([0xff, 0xd0 | number]);
    }

    /// A scan of this component alone; `tables` are those that its header names.
    pub(super) fn scan(mut self, id: u8, tables: (usize, usize)) -> Vec<u8> {
        self.fill();
        let tables = (tables.0 << 4 | tables.1) as u8;
        let mut scan = vec![0xff, marker::SOS, 0, 8, 1, id, tables, 0, 63, 0];
        scan.append(&mut self.data);
        scan
    }
}
