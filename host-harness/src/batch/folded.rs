//! Names that some file systems take for one.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

/// A path in the form in which paths are alike that differ by case or by Unicode normal form alone: shares and the disks of
/// macOS and Windows take them for one. This is the canonical caseless match of Unicode (definition D145), with letters made
/// small, large and small again in place of a table of foldings; bytes that are no UTF-8 stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Folded(Vec<u8>);

impl From<&Path> for Folded {
    fn from(path: &Path) -> Self {
        let bytes = path.as_os_str().as_bytes();
        if bytes.is_ascii() {
            return Self(bytes.to_ascii_lowercase());
        }
        let mut folded = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            folded.extend(fold(chunk.valid()).into_bytes());
            folded.extend(chunk.invalid());
        }
        Self(folded)
    }
}

impl Folded {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn fold(text: &str) -> String {
    text.nfd()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfd()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Folded {
        Path::new(text).into()
    }

    #[test]
    fn what_differs_by_case_or_normal_form_is_alike_and_nothing_else() {
        let alike = [
            ("IMG_1.png", "img_1.PNG"),
            ("A/x.png", "a/X.png"),
            ("\u{e9}.png", "e\u{301}.png"),
            ("\u{c9}.png", "e\u{301}.png"),
            ("\u{212b}ngstr\u{f6}m", "a\u{30a}ngstro\u{308}m"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{1e9e}", "ss"),
            ("\u{17f}", "s"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("q\u{323}\u{307}", "Q\u{307}\u{323}"),
        ];
        for (a, b) in alike {
            assert_eq!(folded(a), folded(b), "{a} {b}");
        }
        let different = [
            ("a", "b"),
            ("e", "\u{e9}"),
            ("a.png", "a.jpg"),
            ("1", "\u{b9}"),
            ("l", "1"),
        ];
        for (a, b) in different {
            assert_ne!(folded(a), folded(b), "{a} {b}");
        }
        let raw = |bytes: &[u8]| Folded::from(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(raw(b"R\xff\xfe.png"), raw(b"r\xff\xfe.PNG"));
        assert_ne!(raw(b"r\xff.png"), raw(b"r\xfe.png"));
    }

    proptest! {
        #[test]
        fn every_normal_form_and_case_of_a_name_is_alike(text in "\\PC{0,12}") {
            // Before letters change, marks have to be in their order: some become letters.
            let nfd: String = text.nfd().collect();
            for form in [text.nfc().collect(), nfd.to_uppercase(), nfd.to_lowercase(), nfd] {
                prop_assert_eq!(folded(&form), folded(&text), "{:?} {:?}", form, text);
            }
        }
    }
}
