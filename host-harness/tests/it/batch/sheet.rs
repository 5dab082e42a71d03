//! The contact sheet.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::GenericImageView;

use super::{batch, folder};
use crate::support::{finish, fixture};

fn with_sheet(out: &Path, input: &Path, sheet: &Path) -> Command {
    let mut command = batch(out);
    command.arg(input).arg("--contact-sheet").arg(sheet);
    command
}

/// What stands in `page` between `start` and the next quotation mark, each time.
fn attributes<'a>(page: &'a str, start: &'a str) -> Vec<&'a str> {
    let rest = page.split(start).skip(1);
    rest.map(|rest| &rest[..rest.find('"').unwrap()]).collect()
}

#[test]
fn a_sheet_shows_before_and_after_of_all_the_least_certain_first() {
    let out = tempfile::tempdir().unwrap();
    let (html, png) = (out.path().join("s.html"), out.path().join("s.png"));
    let to = out.path().join("out");
    // The second time everything is done, and the sheet is whole all the same.
    for sheet in [&html, &png] {
        let (done, said) = finish(&mut with_sheet(&to, &fixture("photos"), sheet));
        assert!(done.status.success(), "{said}");
    }
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("data:image/webp;base64,").count(), 8);
    let found = attributes(&page, "data-uncertainty=\"");
    let found: Vec<f32> = found.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(found.len(), 4);
    assert!(found.is_sorted_by(|a, b| a >= b), "{found:?}");
    // Four pairs of 2 × 160 pixels with gaps of 8.
    assert_eq!(
        image::open(&png).unwrap().dimensions(),
        (8 + 4 * 328, 8 + 192)
    );
}

#[test]
fn a_sheet_counts_what_was_done_what_was_there_and_what_failed_with_its_reason() {
    let input = folder(&["a.png", "b.png"]);
    let out = tempfile::tempdir().unwrap();
    let sheet = out.path().join("s.html");
    let to = out.path().join("out");
    let (done, said) = finish(&mut with_sheet(&to, input.path(), &sheet));
    assert!(done.status.success(), "{said}");
    fs::write(input.path().join("<bad>.png"), "").unwrap();
    fs::copy(fixture("photos/chelsea.png"), input.path().join("c.png")).unwrap();
    let (done, said) = finish(&mut with_sheet(&to, input.path(), &sheet));
    assert_eq!(done.status.code(), Some(1), "{said}");
    let page = fs::read_to_string(&sheet).unwrap();
    assert!(page.contains("<strong>4 images</strong>: 1 done, 2 unchanged since an earlier run, "));
    assert!(page.contains("<span class=\"failure\">1 failed</span>"));
    assert!(page.contains("&lt;bad&gt;.png</bdi>"));
    assert!(page.contains("failed: undecodable</span>"));
    let error = said.split("error[undecodable]: ").nth(1).unwrap();
    let reason = error.lines().next().unwrap().split(".png: ").nth(1);
    assert!(page.contains(reason.unwrap()), "{reason:?}");
}

/// The file that `address` leads to from the folder `from`, as a browser finds it.
fn target(from: &Path, address: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = address.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    from.join(OsString::from_vec(bytes))
}

#[test]
fn a_sheet_links_to_originals_and_results_whatever_they_are_called() {
    let names: [&[u8]; 6] = [
        b"two words.png",
        b"50% #1?.png",
        b"javascript:alert(1).png",
        b"\"><script>alert(1)<",
        b"new\nline.png",
        b"\xff\xfe.png",
    ];
    let top = tempfile::tempdir().unwrap();
    let input = top.path().join("in");
    fs::create_dir_all(&input).unwrap();
    fs::create_dir_all(top.path().join("sheets")).unwrap();
    for name in names {
        let name = OsString::from_vec([name, b".png"].concat());
        fs::copy(fixture("photos/chelsea.png"), input.join(name)).unwrap();
    }
    let sheet = top.path().join("sheets/s.html");
    let mut command = with_sheet(&top.path().join("out"), &input, &sheet);
    let (done, said) = finish(command.args(["--also", "mask"]));
    assert!(done.status.success(), "{said}");
    let page = fs::read_to_string(&sheet).unwrap();
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    let links = attributes(&page, "href=\"");
    assert_eq!(links.len(), 3 * names.len(), "original, result and mask");
    let mut found = Vec::new();
    for link in links {
        assert!(link.starts_with("./../"), "{link}");
        let file = target(sheet.parent().unwrap(), link).canonicalize();
        found.push(file.unwrap_or_else(|e| panic!("{link}: {e}")));
    }
    for name in names {
        let has = |folder: &str, end: &[u8]| {
            let file = OsString::from_vec([name, end].concat());
            let file = top.path().canonicalize().unwrap().join(folder).join(file);
            assert!(found.contains(&file), "{}", file.display());
        };
        has("in", b".png");
        has("out", b".png");
        has("out", b".mask.png");
    }
}
