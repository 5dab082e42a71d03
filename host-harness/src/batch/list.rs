//! Lists of names: one a line, or divided by NUL.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::files::file_id;
use crate::{Error, Kind};

/// Longest list of names, in bytes: room for a million.
const MAX_LIST: u64 = 256 << 20;

/// How much of a list is looked at for UTF-16 without a byte-order mark.
const LOOKED_AT: usize = 64;

/// Names, one a line, or divided by NUL as `find -print0` writes them. A byte-order mark is no part of a name; with that
/// of UTF-16, the list is read as such. `name` is what errors call the list.
///
/// # Errors
/// Kind `io` for a list that cannot be read, `usage` for one that is too long, or in an encoding that is not known.
pub(super) fn read(from: impl Read, name: &str) -> Result<Vec<PathBuf>, Error> {
    let mut bytes = Vec::new();
    from.take(MAX_LIST + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io(format!("read the list {name}")))?;
    if bytes.len() as u64 > MAX_LIST {
        let text = format!("the list {name} is above {} MiB; split it", MAX_LIST >> 20);
        return Err(Error::new(Kind::Usage, text));
    }
    let bytes = match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest.to_vec(),
        [0xFF, 0xFE, rest @ ..] => from_utf16(rest, u16::from_le_bytes, name)?,
        [0xFE, 0xFF, rest @ ..] => from_utf16(rest, u16::from_be_bytes, name)?,
        _ if is_utf16(&bytes) => {
            let text = format!(
                "the list {name} looks like UTF-16 without a byte-order mark; save it as UTF-8, or with the mark"
            );
            return Err(Error::new(Kind::Usage, text));
        }
        _ => bytes,
    };
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let names = bytes.split(|byte| *byte == end).map(|line| {
        let line = match end {
            b'\n' => line.strip_suffix(b"\r").unwrap_or(line),
            _ => line,
        };
        PathBuf::from(OsString::from_vec(line.to_vec()))
    });
    let names: Vec<_> = names.filter(|name| !name.as_os_str().is_empty()).collect();
    refuse_root(&names, name)?;
    Ok(names)
}

/// The whole of UTF-16 as UTF-8.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, name: &str) -> Result<Vec<u8>, Error> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match text {
        // A NUL is what UTF-32 would have in every other place.
        Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text.into_bytes()),
        _ => {
            let text = format!("the list {name} begins as UTF-16 and is none; save it as UTF-8");
            Err(Error::new(Kind::Usage, text))
        }
    }
}

/// Whether `bytes` are UTF-16 without a byte-order mark: NUL in every second place, or around the ends of lines.
fn is_utf16(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes.as_chunks::<2>();
    let pairs = pairs.get(..LOOKED_AT / 2).unwrap_or(pairs);
    // Four names of one byte each would look the same; two bytes more, as in ./a, tell.
    let is_plain = pairs.len() >= 4
        && (pairs.iter().all(|[low, high]| *low != 0 && *high == 0)
            || pairs.iter().all(|[high, low]| *high == 0 && *low != 0));
    let mut parts = bytes.split(|byte| *byte == 0);
    let is_line_end = |part: &[u8]| part == b"\r" || part.starts_with(b"\n");
    // Without a NUL, the only part is the whole list.
    is_plain || bytes.contains(&0) && parts.any(is_line_end)
}

/// Refuses a list that names the root folder: whoever wants the whole disk can say so by itself.
fn refuse_root(names: &[PathBuf], list: &str) -> Result<(), Error> {
    let root = file_id(Path::new("/"));
    let is_root = |name: &&PathBuf| root.is_some() && file_id(name) == root;
    let Some(root) = names.iter().find(is_root) else {
        return Ok(());
    };
    let text = format!(
        "the list {list} names {}, the root of all folders; take it out, or give it as an argument of its own",
        root.display()
    );
    Err(Error::new(Kind::Usage, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Vec<String>, String> {
        match read(bytes, "list.txt") {
            Ok(names) => Ok(names
                .iter()
                .map(|name| name.display().to_string())
                .collect()),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Usage);
                Err(error.to_string())
            }
        }
    }

    #[test]
    fn names_are_the_same_in_every_encoding_with_a_mark() {
        let text = "in/sp ace.png\r\n\r\nü/名前.png\nlast 🦀.png";
        let expected = ["in/sp ace.png", "ü/名前.png", "last 🦀.png"];
        let marked = format!("\u{feff}{text}");
        let nul = expected.join("\0") + "\0";
        let cases: [(&str, Vec<u8>); 6] = [
            ("UTF-8", text.into()),
            ("UTF-8 with mark", marked.clone().into()),
            ("UTF-16LE with mark", utf16(&marked, u16::to_le_bytes)),
            ("UTF-16BE with mark", utf16(&marked, u16::to_be_bytes)),
            ("NUL", nul.clone().into()),
            ("NUL with mark", format!("\u{feff}{nul}").into()),
        ];
        for (case, bytes) in cases {
            assert_eq!(read_bytes(&bytes).unwrap(), expected, "{case}");
        }
    }

    #[test]
    fn what_falls_apart_is_refused_by_name() {
        let text = "/data/a.png\r\n";
        let foreign = "名前名前.png\r\n名前名前.png\r\n";
        let half = [0xFF, 0xFE, b'a', 0, b'b'];
        let lone = [0xFF, 0xFE, 0x00, 0xD8, b'a', 0];
        let utf32 = [0xFF, 0xFE, 0, 0, b'a', 0, 0, 0];
        let cases: [(&str, &[u8], &str); 8] = [
            (
                "LE",
                &utf16(text, u16::to_le_bytes),
                "without a byte-order mark",
            ),
            (
                "BE",
                &utf16(text, u16::to_be_bytes),
                "without a byte-order mark",
            ),
            (
                "far LE",
                &utf16(foreign, u16::to_le_bytes),
                "without a byte-order mark",
            ),
            (
                "far BE",
                &utf16(foreign, u16::to_be_bytes),
                "without a byte-order mark",
            ),
            ("half a unit", &half, "begins as UTF-16"),
            ("half a pair", &lone, "begins as UTF-16"),
            ("UTF-32", &utf32, "begins as UTF-16"),
            ("root", b"a.png\n/\n", "names /, the root"),
        ];
        for (case, bytes, words) in cases {
            let error = read_bytes(bytes).unwrap_err();
            assert!(error.contains(words), "{case}: {error}");
            assert!(error.contains("list.txt"), "{case}: {error}");
        }
        assert!(
            read_bytes(b"a.png\0/tmp/..\0")
                .unwrap_err()
                .contains("the root")
        );
    }

    #[test]
    fn lists_with_nul_are_not_taken_for_utf16() {
        let cases: [(&[u8], &[&str]); 4] = [
            (b"./a\0./b\0./c\0./d\0", &["./a", "./b", "./c", "./d"]),
            (b"a\0b\0", &["a", "b"]),
            (b"abc\0d\0", &["abc", "d"]),
            (b"a\nb\0c\0", &["a\nb", "c"]),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read_bytes(bytes).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn no_list_makes_it_panic(mark in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let marks: [&[u8]; 4] = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
            let _ = read([marks[mark], &bytes].concat().as_slice(), "list.txt");
        }
    }
}
