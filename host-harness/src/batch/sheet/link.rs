//! Links from a page to files.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::files;

/// Bytes of a name that an address cannot hold as they are; a colon would make a scheme of what is before it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path that a browser comes to: whole, and without `..`, which an address takes for the folder above by name, whatever
/// links lead elsewhere.
pub(super) fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = path.file_name() else {
        return path;
    };
    if !path.components().any(|part| part == Component::ParentDir) {
        return path;
    }
    let folder = fs::canonicalize(files::folder(&path));
    folder.map_or_else(|_| path.clone(), |folder| folder.join(name))
}

/// The address of the file at `to`, as seen from a page in the folder `from`; both are [`whole`]. It begins with a dot, so that
/// no name can make another scheme or host of it.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let (mut from, mut to) = (from.components().peekable(), to.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let mut address = String::from(".");
    for _ in from {
        address.push_str("/..");
    }
    for part in to {
        address.push('/');
        address.extend(percent_encode(part.as_os_str().as_bytes(), ENCODED));
    }
    address
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_leads_from_the_page_to_the_file_whatever_that_is_called() {
        let cases: [(&str, &[u8], &str); 12] = [
            ("/a/b", b"/a/b/c.png", "./c.png"),
            ("/a/b", b"/a/c/d.png", "./../c/d.png"),
            ("/a/b", b"/x/y.png", "./../../x/y.png"),
            ("/", b"/x.png", "./x.png"),
            ("/a", b"/a/two words.png", "./two%20words.png"),
            ("/a", b"/a/50% #1?.png", "./50%25%20%231%3F.png"),
            (
                "/a",
                b"/a/javascript:alert(1)",
                "./javascript%3Aalert%281%29",
            ),
            (
                "/a",
                b"/a/\"onload='<b>&amp;",
                "./%22onload%3D%27%3Cb%3E%26amp%3B",
            ),
            ("/a", "/a/\u{e9}.png".as_bytes(), "./%C3%A9.png"),
            ("/a", b"/a/\xff\xfe.png", "./%FF%FE.png"),
            ("/a", b"/a/%2e%2e/b", "./%252e%252e/b"),
            ("/a", b"/a/new\nline\\", "./new%0Aline%5C"),
        ];
        for (from, to, expected) in cases {
            let to = Path::new(OsStr::from_bytes(to));
            assert_eq!(relative(Path::new(from), to), expected, "{}", to.display());
        }
    }

    #[test]
    fn a_way_up_behind_a_link_is_the_real_one() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().canonicalize().unwrap().join(name);
        fs::create_dir_all(at("far/away")).unwrap();
        fs::write(at("far/a.png"), "").unwrap();
        symlink(at("far/away"), at("near")).unwrap();
        assert_eq!(whole(&at("near/../a.png")), at("far/a.png"));
        assert_eq!(whole(&at("near/a.png")), at("near/a.png"));
        assert!(whole(Path::new("a.png")).is_absolute());
    }
}
