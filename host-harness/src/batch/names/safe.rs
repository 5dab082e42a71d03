//! Names that shares and the file systems of other systems allow.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Characters that Windows, and so SMB and exFAT, have no names with, besides control characters
/// ("Naming Files, Paths, and Namespaces" of Win32).
const FORBIDDEN: &str = "<>:\"|?*\\";

/// Names of devices on Windows, with any ending; COM and LPT with a number, too.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// The character in place of a forbidden one.
const REPLACED: char = '_';

/// `path` with every name in it replaced by one that shares take.
pub(super) fn safe(path: &Path) -> PathBuf {
    path.iter().map(safe_name).collect()
}

fn safe_name(name: &OsStr) -> OsString {
    let mut safe = String::with_capacity(name.len() + 1);
    for chunk in name.as_bytes().utf8_chunks() {
        let letters = chunk.valid().chars();
        safe.extend(letters.map(|c| if is_forbidden(c) { REPLACED } else { c }));
        if !chunk.invalid().is_empty() {
            safe.push(REPLACED);
        }
    }
    let end = safe.trim_end_matches(['.', ' ']).len();
    let trailing = safe.len() - end;
    safe.truncate(end);
    safe.extend(std::iter::repeat_n(REPLACED, trailing));
    if let Some(device) = device(&safe) {
        safe.insert(device.len(), REPLACED);
    }
    safe.into()
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || FORBIDDEN.contains(c)
}

/// The device's name that `name` begins with, before the first dot.
fn device(name: &str) -> Option<&str> {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ');
    let is_numbered = || {
        let mut letters = stem.chars();
        let number = letters.next_back();
        let kind = letters.as_str();
        (kind.eq_ignore_ascii_case("COM") || kind.eq_ignore_ascii_case("LPT"))
            && number.is_some_and(|c| matches!(c, '1'..='9' | '¹' | '²' | '³'))
    };
    let is_device = DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device));
    (is_device || is_numbered()).then_some(stem)
}

/// The first name in `path` that shares may forbid, and what in it.
pub(in super::super) fn forbidden(path: &Path) -> Option<String> {
    path.iter().find_map(|name| {
        let Some(text) = name.to_str() else {
            return Some(format!("the bytes of {name:?}, which are no UTF-8"));
        };
        if let Some(c) = text.chars().find(|c| is_forbidden(*c)) {
            return Some(format!("{c:?} in {text:?}"));
        }
        if text.ends_with(['.', ' ']) {
            return Some(format!("the dot or space at the end of {text:?}"));
        }
        device(text).map(|device| format!("the device's name {device:?} in {text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_shares_forbid_is_named_and_replaced() {
        let cases = [
            ("a:b.png", "a_b.png", "':' in \"a:b.png\""),
            ("what?.png", "what_.png", "'?' in \"what?.png\""),
            ("<>:\"|?*\\.png", "________.png", "'<' in"),
            ("a\tb\u{7f}.png", "a_b_.png", "'\\t' in"),
            (
                "dir. /x.png",
                "dir__/x.png",
                "the dot or space at the end of \"dir. \"",
            ),
            (
                "x.png.",
                "x.png_",
                "the dot or space at the end of \"x.png.\"",
            ),
            ("con.png", "con_.png", "the device's name \"con\""),
            ("aux/x.png", "aux_/x.png", "the device's name \"aux\""),
            (
                "Com1.tar.png",
                "Com1_.tar.png",
                "the device's name \"Com1\"",
            ),
            ("LPT9", "LPT9_", "the device's name \"LPT9\""),
            ("nul .png", "nul_ .png", "the device's name \"nul\""),
        ];
        for (name, expected, words) in cases {
            assert_eq!(safe(Path::new(name)), Path::new(expected), "{name}");
            let said = forbidden(Path::new(name)).unwrap();
            assert!(said.contains(words), "{name}: {said}");
        }
        let raw = OsStr::from_bytes(b"r\xff\xfew.png");
        assert_eq!(safe(Path::new(raw)), Path::new("r__w.png"));
        assert!(forbidden(Path::new(raw)).unwrap().contains("no UTF-8"));
    }

    #[test]
    fn names_that_every_share_takes_stay() {
        for name in [
            "a.png",
            "Ünï 名前/.b.png",
            "console.png",
            "com10.png",
            "com.png",
            "COM0",
            "a b.c.png",
        ] {
            assert_eq!(safe(Path::new(name)), Path::new(name));
            assert_eq!(forbidden(Path::new(name)), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_safe_name_is_one_and_stays_so(bytes in prop::collection::vec(1_u8.., 1..30)) {
            let path = Path::new(OsStr::from_bytes(&bytes));
            let once = safe(path);
            prop_assert_eq!(forbidden(&once), None);
            prop_assert_eq!(safe(&once), once);
        }

        #[test]
        fn devices_are_never_left(name in "(?i)(con|aux|com[0-9]|lpt[0-9])[ .]{0,3}(png)?[ .]?") {
            prop_assert_eq!(forbidden(&safe(Path::new(&name))), None);
        }
    }
}
