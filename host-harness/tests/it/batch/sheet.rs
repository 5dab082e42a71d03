//! The contact sheet.

use std::fs;

use image::GenericImageView;

use super::{batch, folder};
use crate::support::{finish, fixture};

#[test]
fn a_sheet_shows_before_and_after_of_all_the_least_certain_first() {
    let out = tempfile::tempdir().unwrap();
    let (html, png) = (out.path().join("s.html"), out.path().join("s.png"));
    let to = out.path().join("out");
    // The second time everything is done, and the sheet is whole all the same.
    for sheet in [&html, &png] {
        let mut command = batch(&to);
        command
            .arg(fixture("photos"))
            .arg("--contact-sheet")
            .arg(sheet);
        let (done, said) = finish(&mut command);
        assert!(done.status.success(), "{said}");
    }
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 8);
    let found: Vec<f32> = page
        .split("uncertainty ")
        .skip(1)
        .map(|rest| rest[..5].parse().unwrap())
        .collect();
    assert_eq!(found.len(), 4);
    assert!(found.is_sorted_by(|a, b| a >= b), "{found:?}");
    // Four pairs of 2 × 128 pixels with gaps of 8.
    assert_eq!(
        image::open(&png).unwrap().dimensions(),
        (8 + 4 * 264, 8 + 160)
    );
}

#[test]
fn a_long_sheet_has_pages_and_a_failure_has_a_place_on_it() {
    let names: Vec<String> = (0..501).map(|n| format!("{n}.png")).collect();
    let input = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    fs::write(input.path().join("<bad>.png"), "").unwrap();
    let out = tempfile::tempdir().unwrap();
    let sheet = out.path().join("s.html");
    let mut command = batch(&out.path().join("out"));
    command.arg(input.path()).arg("--contact-sheet").arg(&sheet);
    let (done, said) = finish(&mut command);
    assert_eq!(done.status.code(), Some(1), "{said}");
    let first = fs::read_to_string(&sheet).unwrap();
    let second = fs::read_to_string(out.path().join("s-2.html")).unwrap();
    assert_eq!(
        (
            first.matches("<figure>").count(),
            second.matches("<figure>").count()
        ),
        (500, 1)
    );
    assert!(first.contains("href=\"./s-2.html\"") && second.contains("href=\"./s.html\""));
    assert!(first.contains("&lt;bad&gt;.png: undecodable"));
}
