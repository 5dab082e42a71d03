//! Errors of writing results: whether the batch can go on, and the way out.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::names;
use super::no_result::NoResult;
use crate::{Error, Kind};

/// Where no image can be written, the next ones need not be tried.
pub(super) fn fatal_if_full(doing: &str, path: &Path, why: &str, kind: io::ErrorKind) -> NoResult {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let is_fatal = matches!(kind, StorageFull | QuotaExceeded | ReadOnlyFilesystem);
    let way_out = if is_fatal {
        "; make room and run the same command again, what is done stays done"
    } else {
        ""
    };
    let text = format!("cannot {doing} {}: {why}{way_out}", path.display());
    let error = Error::new(Kind::Io, text);
    if is_fatal {
        NoResult::Fatal(error)
    } else {
        error.into()
    }
}

/// The way out where `error`, of writing to `path` below the output folder, may come of the name.
pub(super) fn name_hint(path: &Path, error: &io::Error) -> String {
    // Shares answer to a name that they forbid as if nothing could be found there.
    const OF_NAMES: [Errno; 3] = [Errno::INVAL, Errno::ILSEQ, Errno::NOENT];
    let errno = Errno::from_io_error(error);
    if errno == Some(Errno::NAMETOOLONG) {
        return "; the file system takes shorter names only: rename the image".to_owned();
    }
    let may_be = errno.is_some_and(|errno| OF_NAMES.contains(&errno));
    names::forbidden(path)
        .filter(|_| may_be)
        .map_or(String::new(), |what| {
            format!("; the file system may forbid {what}: --safe-names replaces what shares forbid")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_may_come_of_the_name_says_what_in_it() {
        let cases = [
            (
                "d/what?.png",
                Errno::INVAL,
                "'?' in \"what?.png\": --safe-names",
            ),
            ("a:b/x.png", Errno::NOENT, "':' in \"a:b\": --safe-names"),
            ("con.png", Errno::INVAL, "the device's name \"con\""),
            ("long.png", Errno::NAMETOOLONG, "shorter names"),
            ("plain.png", Errno::INVAL, ""),
            ("what?.png", Errno::ACCESS, ""),
        ];
        for (path, errno, words) in cases {
            let hint = name_hint(Path::new(path), &errno.into());
            assert!(hint.contains(words), "{path}: {hint}");
            assert_eq!(hint.is_empty(), words.is_empty(), "{path}: {hint}");
        }
    }
}
