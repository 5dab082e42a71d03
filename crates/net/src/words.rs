//! Files of little-endian 32-bit words: `magic, version, 0, checksum, body`.

use crate::Error;
use crate::limits::MAX_NAME;

/// Bytes before the body.
pub(crate) const HEADER: usize = 8 + 4 + 4 + 8;
/// A number that is left out.
const NONE: u32 = u32::MAX;

/// FNV-1a over 64-bit words (the last one padded with zeros), seeded with the length: it finds damage, not malice.
pub(crate) fn checksum(body: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ body.len() as u64;
    for chunk in body.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23);
    }
    hash
}

/// A file around `body`.
pub(crate) fn file(magic: [u8; 8], version: u32, body: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + body.len());
    file.extend_from_slice(&magic);
    file.extend_from_slice(&version.to_le_bytes());
    file.extend_from_slice(&0_u32.to_le_bytes());
    file.extend_from_slice(&checksum(body).to_le_bytes());
    file.extend_from_slice(body);
    file
}

/// The body of a file, whose beginning and checksum are right.
pub(crate) fn body(magic: [u8; 8], version: u32, bytes: &[u8]) -> Result<&[u8], Error> {
    let mut header = Reader(bytes);
    if header.take(8).is_none_or(|found| found != magic) {
        return Err(Error::NotAPlan("it does not begin with the magic bytes"));
    }
    let short = Error::NotAPlan("it ends within the header");
    let found = header.u32().ok_or_else(|| short.clone())?;
    if found != version {
        return Err(Error::Version {
            found,
            expected: version,
        });
    }
    let stored = header
        .take(12)
        .and_then(|b| b.last_chunk::<8>())
        .ok_or(short)?;
    if u64::from_le_bytes(*stored) != checksum(header.0) {
        return Err(Error::Checksum);
    }
    Ok(header.0)
}

/// Writes words one after another.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// Every number of a valid plan is below 2^28, so the conversion cannot lose anything.
    pub(crate) fn word(&mut self, n: usize) {
        self.0
            .extend_from_slice(&u32::try_from(n).unwrap_or(NONE).to_le_bytes());
    }

    pub(crate) fn words(&mut self, words: &[usize]) {
        words.iter().for_each(|&n| self.word(n));
    }

    /// A length and as many bytes, padded to a word.
    pub(crate) fn name(&mut self, name: &str) {
        self.word(name.len());
        self.0.extend_from_slice(name.as_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// Reads words one after another; `None` where there are not enough.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take(4)?
            .first_chunk::<4>()
            .map(|b| u32::from_le_bytes(*b))
    }

    pub(crate) fn word(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    pub(crate) fn word_or_none(&mut self) -> Option<Option<usize>> {
        match self.u32()? {
            NONE => Some(None),
            word => usize::try_from(word).ok().map(Some),
        }
    }

    pub(crate) fn words<const N: usize>(&mut self) -> Option<[usize; N]> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.word()?;
        }
        Some(words)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.word()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn name(&mut self) -> Option<String> {
        let length = self.word().filter(|&n| n <= MAX_NAME)?;
        let name = self.take(length.next_multiple_of(4))?.get(..length)?;
        String::from_utf8(name.to_vec()).ok()
    }
}
