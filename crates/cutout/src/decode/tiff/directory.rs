//! Directories of a TIFF file (TIFF 6.0, section 2; BigTIFF): tags and their values, and where other directories are.

/// Entries that are read of a directory. Real ones have some dozens.
const MAX_ENTRIES: u64 = 4096;

/// Directories that are looked at, of a file that may name them without end.
const MAX_DIRECTORIES: usize = 256;

/// A file's bytes and how its numbers are stored.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether the first byte of a number is the least one.
    pub(super) little: bool,
    /// Whether places have 64 bits (BigTIFF).
    big: bool,
}

/// A directory: a page's tags.
pub(super) struct Directory<'a> {
    file: File<'a>,
    entries: Vec<Entry>,
    /// Where the directory after it is; 0 for none.
    next: u64,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the entry's last field is: the values, or the place where they are.
    field: usize,
}

impl<'a> File<'a> {
    /// `None` for bytes that do not begin as TIFF.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (little, big) = match bytes.first_chunk()? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        Some(Self { bytes, little, big })
    }

    /// The file's directories: the first, those after it, and those that they name (SubIFDs), in no particular order but
    /// for the first. One that is damaged is left out.
    pub(super) fn directories(self) -> Vec<Directory<'a>> {
        let first = if self.big {
            self.number(8, 8)
        } else {
            self.number(4, 4)
        };
        let mut places: Vec<u64> = first.into_iter().collect();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(&place) = places.get(at) {
            at += 1;
            let Some(directory) = self.directory(place) else {
                continue;
            };
            let named = directory.values(SUB_IFDS, MAX_DIRECTORIES);
            for place in [directory.next].into_iter().chain(named) {
                if place != 0 && places.len() < MAX_DIRECTORIES && !places.contains(&place) {
                    places.push(place);
                }
            }
            found.push(directory);
        }
        found
    }

    fn directory(self, place: u64) -> Option<Directory<'a>> {
        let place = usize::try_from(place).ok()?;
        let (head, size, word) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(place, head)?;
        if count > MAX_ENTRIES {
            return None;
        }
        let start = place.checked_add(head)?;
        let end = start.checked_add(count as usize * size)?;
        self.bytes.get(start..end)?;
        let entry = |at: usize| {
            Some(Entry {
                tag: self.number(at, 2)? as u16,
                kind: self.number(at + 2, 2)? as u16,
                count: self.number(at + 4, word)?,
                field: at + 4 + word,
            })
        };
        Some(Directory {
            file: self,
            entries: (start..end).step_by(size).filter_map(entry).collect(),
            next: self.number(end, word).unwrap_or_default(),
        })
    }

    /// The number of `size` bytes at a place.
    fn number(self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let joined = |number, &byte| number << 8 | u64::from(byte);
        Some(if self.little {
            bytes.iter().rev().fold(0, joined)
        } else {
            bytes.iter().fold(0, joined)
        })
    }
}

/// Directories of reduced or other images that belong to a page.
const SUB_IFDS: u16 = 330;

/// Where a tag's values are in the file.
#[derive(Clone, Copy)]
pub(super) struct List {
    kind: u16,
    start: usize,
    /// Bytes of a value.
    size: usize,
    pub(super) count: usize,
}

impl List {
    /// The `index`-th value, if the values are whole numbers.
    pub(super) fn get(&self, file: File<'_>, index: usize) -> Option<u64> {
        // A negative one is very large, as which no tag can have it.
        let is_whole = matches!(self.kind, 1 | 3 | 4 | 6..=9 | 13 | 16..=18);
        // All values are within the file, so that no place is too large.
        let inside = is_whole && index < self.count;
        inside.then(|| file.number(self.start + index * self.size, self.size))?
    }
}

impl<'a> Directory<'a> {
    /// A tag's values; `None` when the tag is not there or points outside of the file.
    pub(super) fn list(&self, tag: u16) -> Option<List> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag)?;
        let size = match entry.kind {
            // BYTE, ASCII, SBYTE, UNDEFINED; SHORT, SSHORT; LONG, SLONG, FLOAT, IFD; RATIONAL, SRATIONAL, DOUBLE, LONG8,
            // SLONG8, IFD8.
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        };
        let count = usize::try_from(entry.count).ok()?;
        let length = count.checked_mul(size)?;
        let word = if self.file.big { 8 } else { 4 };
        let start = if length <= word {
            entry.field
        } else {
            usize::try_from(self.file.number(entry.field, word)?).ok()?
        };
        self.file.bytes.get(start..start.checked_add(length)?)?;
        Some(List {
            kind: entry.kind,
            start,
            size,
            count,
        })
    }

    /// A tag's first whole number.
    pub(super) fn value(&self, tag: u16) -> Option<u64> {
        self.list(tag)?.get(self.file, 0)
    }

    /// A tag's whole numbers, `most` of them at most.
    pub(super) fn values(&self, tag: u16, most: usize) -> Vec<u64> {
        let list = self.list(tag);
        let values = list.into_iter().flat_map(|list| {
            let indices = 0..list.count.min(most);
            indices.map_while(move |index| list.get(self.file, index))
        });
        values.collect()
    }

    /// A tag's unsigned fractions, `N` of them.
    pub(super) fn fractions<const N: usize>(&self, tag: u16) -> Option<[f32; N]> {
        let list = self.list(tag)?;
        if list.kind != 5 || list.count < N {
            return None;
        }
        let mut found = [0.0; N];
        for (index, fraction) in found.iter_mut().enumerate() {
            let at = list.start + index * list.size;
            let [above, below] = [self.file.number(at, 4)?, self.file.number(at + 4, 4)?];
            *fraction = above as f32 / below as f32;
        }
        found
            .iter()
            .all(|fraction| fraction.is_finite())
            .then_some(found)
    }

    /// A tag's bytes, as they are.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let list = self.list(tag)?;
        self.file
            .bytes
            .get(list.start..list.start + list.count * list.size)
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.iter().any(|entry| entry.tag == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_name_each_other_end() {
        // One entry, SubIFDs, that names the directory itself; the next one is itself too.
        let bytes = b"II*\0\x08\0\0\0\x01\0\x4a\x01\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0";
        let file = File::new(bytes).unwrap();
        let found = file.directories();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].values(SUB_IFDS, 9), [8]);
    }

    #[test]
    fn values_outside_of_the_file_are_not_there() {
        // Entries of (kind, count, field), in a file of 64 bytes.
        let cases: [(u16, u32, u32, bool); 8] = [
            (3, 2, 0, true),
            (4, 1, 0, true),
            (4, 2, 56, true),
            (4, 2, 57, false),
            (4, u32::MAX, 8, false),
            (5, u32::MAX, u32::MAX, false),
            (99, 1, 0, false),
            (3, 0, 0, true),
        ];
        for (kind, count, field, there) in cases {
            let mut bytes = b"II*\0\x08\0\0\0\x01\0\0\x01".to_vec();
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(field.to_le_bytes());
            bytes.resize(64, 0);
            let found = File::new(&bytes).unwrap().directories();
            assert_eq!(
                found[0].list(256).is_some(),
                there,
                "{kind} {count} {field}"
            );
        }
    }
}
