//! Huffman codes of a scan, read for their lengths and not for the values behind them.

use super::fault::Fault;

/// Bits of a code that are looked up at once.
const QUICK: u32 = 10;

/// A table of codes (T.81, annex C).
pub(super) struct Table {
    /// Of the code at the beginning of these bits, its length with the value behind it, and its symbol; length 0 for a
    /// longer code.
    quick: Vec<[u8; 2]>,
    /// For each length, 1 to 16: the first code behind those of this length, at the left of 16 bits.
    ends: [u32; 17],
    /// Offsets that turn a code of each length into its place among the symbols.
    offsets: [u32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// Takes class, destination and table off `body`. `None` when it is no table.
    pub(super) fn take(body: &mut &[u8]) -> Option<(u8, u8, Self)> {
        let (&[place, ref counts @ ..], rest) = body.split_first_chunk::<17>()?;
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        let symbols = rest.get(..total)?.to_vec();
        *body = &rest[total..];
        let mut quick = vec![[0; 2]; 1 << QUICK];
        let (mut ends, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0_u32, 0_u32);
        for (length, &count) in (1_u32..).zip(counts) {
            offsets[length as usize] = index.wrapping_sub(code);
            for symbol in symbols.iter().skip(index as usize).take(count.into()) {
                if length <= QUICK {
                    let first = (code << (QUICK - length)) as usize;
                    let same = quick.get_mut(first..first + (1 << (QUICK - length)))?;
                    same.fill([length as u8 + (symbol & 15), *symbol]);
                }
                code += 1;
            }
            index += u32::from(count);
            if code > 1 << length {
                return None;
            }
            ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        let table = Self {
            quick,
            ends,
            offsets,
            symbols,
        };
        Some((place >> 4, place & 15, table))
    }
}

/// The bits of a scan's data, up to the next marker.
#[derive(Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Behind the last byte that was taken.
    at: usize,
    /// At the left.
    bits: u64,
    count: u32,
    /// All bits that were taken off the bytes; it may wrap.
    total: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            bits: 0,
            count: 0,
            total: 0,
        }
    }

    /// Where the byte of the next bit is, or a little before: stuffed zeros are not counted.
    pub(super) fn at(&self) -> usize {
        self.at.saturating_sub(self.count as usize / 8)
    }

    /// Where all bytes that were looked at end.
    pub(super) fn at_end(&self) -> usize {
        self.at
    }

    /// How many bits were read since `before`, which are fewer than 2³².
    pub(super) fn since(&self, before: &Self) -> u32 {
        let read = |bits: &Self| bits.total.wrapping_sub(bits.count);
        read(self).wrapping_sub(read(before))
    }

    /// Takes bytes until there are at least 33 bits, or no more bytes before the next marker.
    fn fill(&mut self) {
        if let Some(&[a, b, c, d]) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk)
            && ![a, b, c, d].contains(&0xff)
            && self.count <= 32
        {
            self.bits |= u64::from(u32::from_be_bytes([a, b, c, d])) << (32 - self.count);
            self.count += 32;
            self.total = self.total.wrapping_add(32);
            self.at += 4;
            return;
        }
        while self.count <= 56 {
            let Some(&byte) = self.bytes.get(self.at) else {
                return;
            };
            let mut next = self.at + 1;
            if byte == 0xff {
                while self.bytes.get(next) == Some(&0xff) {
                    next += 1;
                }
                if self.bytes.get(next) != Some(&0) {
                    return;
                }
                next += 1;
            }
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.total = self.total.wrapping_add(8);
            self.at = next;
        }
    }

    /// # Errors
    /// [`Fault::Short`] when the data end before.
    pub(super) fn skip(&mut self, count: u32) -> Result<(), Fault> {
        self.take(count).map(|_| ())
    }

    /// The next `count` bits, at most 16.
    ///
    /// # Errors
    /// [`Fault::Short`] when the data end before.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Fault> {
        if count > self.count {
            self.fill();
            if count > self.count {
                return Err(Fault::Short);
            }
        }
        // A shift by all 64 bits is none.
        let value = (self.bits >> 32 >> (32 - count.min(32))) as u32;
        self.bits <<= count;
        self.count -= count;
        Ok(value)
    }

    /// The next symbol, past the value behind it, whose length is the symbol's lower half.
    ///
    /// # Errors
    /// [`Fault::Short`] when the data end before; [`Fault::Broken`] when no code begins with these bits.
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, Fault> {
        // Code and value have at most 31 bits.
        if self.count < 32 {
            self.fill();
        }
        let [mut length, mut symbol] = table.quick[(self.bits >> (64 - QUICK)) as usize];
        if length == 0 {
            let code = (self.bits >> 48) as u32;
            let found = (QUICK + 1..=16).find(|&length| code < table.ends[length as usize]);
            let Some(found) = found else {
                return Err(if self.count < 16 {
                    Fault::Short
                } else {
                    Fault::Broken
                });
            };
            let index = (code >> (16 - found)).wrapping_add(table.offsets[found as usize]);
            symbol = *table.symbols.get(index as usize).ok_or(Fault::Broken)?;
            length = found as u8 + (symbol & 15);
        }
        if u32::from(length) > self.count {
            return Err(Fault::Short);
        }
        self.bits <<= length;
        self.count -= u32::from(length);
        Ok(symbol)
    }

    /// Leaves the rest of a restart interval, and takes the marker with this number, 0 to 7.
    ///
    /// # Errors
    /// [`Fault::Short`] when the data end before; [`Fault::Broken`] for another number.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), Fault> {
        (self.bits, self.count) = (0, 0);
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let found = rest.iter().position(|&byte| byte == 0xff);
            let found = found.ok_or(Fault::Short)?;
            self.at += found + 1;
            match rest.get(found + 1) {
                Some(0 | 0xff) => {}
                Some(&marker @ 0xd0..=0xd7) if marker == 0xd0 | number => {
                    self.at += 1;
                    return Ok(());
                }
                Some(0xd0..=0xd7) => return Err(Fault::Broken),
                _ => return Err(Fault::Short),
            }
        }
    }
}
