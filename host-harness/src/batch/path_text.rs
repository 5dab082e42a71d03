//! Paths in JSON.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::terminal::escaped;

/// A path in JSON: its text, or the list of its bytes where they are not UTF-8.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
pub enum PathText {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<&Path> for PathText {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
    }
}

impl From<PathText> for PathBuf {
    fn from(text: PathText) -> Self {
        match text {
            PathText::Text(text) => Self::from(text),
            PathText::Bytes(bytes) => Self::from(OsString::from_vec(bytes)),
        }
    }
}

/// As people see it: what a terminal would obey is escaped.
impl fmt::Display for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = PathBuf::from(self.clone());
        f.write_str(&escaped(&path.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_in_a_name_reaches_a_terminal_as_a_command() {
        let path = PathBuf::from("a\u{1b}[2J\nü.png");
        let shown = PathText::from(&*path).to_string();
        assert_eq!(shown, "a\\u{1b}[2J\\nü.png");
        let turned = PathBuf::from("a\u{202e}gnp.exe");
        assert_eq!(PathText::from(&*turned).to_string(), "a\\u{202e}gnp.exe");
    }

    proptest! {
        #[test]
        fn every_path_survives_json(bytes in prop::collection::vec(1_u8.., 0..40)) {
            let path = PathBuf::from(OsString::from_vec(bytes));
            let json = serde_json::to_string(&PathText::from(&*path)).unwrap();
            let read: PathText = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(PathBuf::from(read), path);
        }
    }
}
