//! What is done again, and what is not.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{batch, folder, image, names, results};
use crate::support::{cutout, finish, fixture};

/// How many images a run over `input` made, skipped and failed.
fn counts(input: &Path, out: &Path, flags: &[&str]) -> String {
    counts_of(batch(out).arg(input).args(flags))
}

fn counts_of(command: &mut Command) -> String {
    let (_, said) = finish(command);
    let last = said.lines().rfind(|line| line.contains(" done, ")).unwrap();
    let end = last.find(" in ").unwrap();
    last["cutout: ".len()..end].to_owned()
}

#[cfg(feature = "wasm")]
#[test]
fn what_is_done_is_known_by_content_options_and_model_not_by_a_name() {
    let input = folder(&["a.png", "b.png", "c.png"]);
    let out = tempfile::tempdir().unwrap();
    let (at, to) = (input.path(), out.path());
    let run = |flags: &[&str]| counts(at, to, flags);
    assert_eq!(run(&[]), "3 done, 0 skipped, 0 failed");
    let first = results(to);
    assert_eq!(run(&[]), "0 done, 3 skipped, 0 failed");
    // A new time stamp is no new image; new content is.
    fs::write(at.join("a.png"), image(0)).unwrap();
    assert_eq!(run(&[]), "0 done, 3 skipped, 0 failed");
    fs::write(at.join("a.png"), image(50)).unwrap();
    assert_eq!(run(&[]), "1 done, 2 skipped, 0 failed");
    // What somebody took away or emptied is made again, and what they changed when it is asked for.
    fs::remove_file(to.join("a.png")).unwrap();
    fs::write(to.join("b.png"), b"").unwrap();
    let mut changed = first[Path::new("c.png")].clone();
    changed[60] ^= 1;
    fs::write(to.join("c.png"), &changed).unwrap();
    assert_eq!(run(&[]), "2 done, 0 skipped, 1 failed");
    assert!(results(to)[Path::new("c.png")] == changed);
    assert_eq!(run(&["--overwrite"]), "3 done, 0 skipped, 0 failed");
    assert!(results(to)[Path::new("c.png")] == first[Path::new("c.png")]);
    // Limits do not change results; everything else does.
    assert_eq!(
        run(&["--max-pixels", "9", "--timeout", "9"]),
        "0 done, 3 skipped, 0 failed"
    );
    for flags in [
        &["--background", "red"][..],
        &["--also", "mask"],
        &["--engine", "native"],
        &["--overwrite"],
        &["--overwrite"],
    ] {
        assert_eq!(run(flags), "3 done, 0 skipped, 0 failed", "{flags:?}");
    }
    let mut other = cutout();
    other
        .args(["batch", "--model"])
        .arg(fixture("tiny/tiny-odd.onnx"));
    other.arg(at).arg("-o").arg(to);
    assert_eq!(counts_of(&mut other), "3 done, 0 skipped, 0 failed");
    run(&[]);
    assert_eq!(run(&["--resume"]), "0 done, 3 skipped, 0 failed");
}

#[test]
fn a_result_keeps_its_name_when_others_come() {
    let input = folder(&["a.jpg"]);
    let out = tempfile::tempdir().unwrap();
    counts(input.path(), out.path(), &[]);
    fs::write(input.path().join("a.gif"), image(8)).unwrap();
    assert_eq!(
        counts(input.path(), out.path(), &[]),
        "1 done, 1 skipped, 0 failed"
    );
    assert_eq!(names(out.path()), ["a.gif.png", "a.png"]);
}

#[test]
fn names_that_a_share_takes_for_one_stay_apart_from_run_to_run() {
    let input = folder(&["IMG_1.PNG", "e\u{301}.jpg", "\u{e9}.gif", "A/x.jpg"]);
    let out = tempfile::tempdir().unwrap();
    let (at, to) = (input.path(), out.path());
    assert_eq!(counts(at, to, &[]), "4 done, 0 skipped, 0 failed");
    fs::write(at.join("img_1.jpg"), image(8)).unwrap();
    fs::create_dir(at.join("a")).unwrap();
    fs::write(at.join("a/X.gif"), image(9)).unwrap();
    assert_eq!(counts(at, to, &[]), "2 done, 4 skipped, 0 failed");
    assert_eq!(counts(at, to, &[]), "0 done, 6 skipped, 0 failed");
    let expected = [
        "A/x.png",
        "IMG_1.png",
        "a/X.gif.png",
        "e\u{301}.jpg.png",
        "img_1.jpg.png",
        "\u{e9}.gif.png",
    ];
    assert_eq!(names(to), expected);
}

#[test]
fn safe_names_replace_what_shares_forbid_and_last() {
    let input = folder(&["a:b/what?.png", "con.png", "plain.png"]);
    let out = tempfile::tempdir().unwrap();
    let (at, to) = (input.path(), out.path());
    assert_eq!(counts(at, to, &[]), "3 done, 0 skipped, 0 failed");
    assert_eq!(names(to), ["a:b/what?.png", "con.png", "plain.png"]);
    fs::remove_dir_all(to).unwrap();
    fs::create_dir(to).unwrap();
    let flags = ["--safe-names", "--also", "mask"];
    assert_eq!(counts(at, to, &flags), "3 done, 0 skipped, 0 failed");
    assert_eq!(counts(at, to, &flags), "0 done, 3 skipped, 0 failed");
    let expected = [
        "a_b/what_.mask.png",
        "a_b/what_.png",
        "con_.mask.png",
        "con_.png",
        "plain.mask.png",
        "plain.png",
    ];
    assert_eq!(names(to), expected);
}

#[test]
fn a_result_that_was_edited_is_kept_and_gets_company_until_it_is_to_be_replaced() {
    let input = folder(&["a.jpg"]);
    let out = tempfile::tempdir().unwrap();
    let (at, to) = (input.path(), out.path());
    assert_eq!(counts(at, to, &[]), "1 done, 0 skipped, 0 failed");
    fs::write(to.join("a.png"), "edited by hand").unwrap();
    assert_eq!(counts(at, to, &[]), "1 done, 0 skipped, 0 failed");
    assert_eq!(counts(at, to, &[]), "0 done, 1 skipped, 0 failed");
    assert!(results(to)[Path::new("a.png")] == b"edited by hand");
    assert_eq!(names(to), ["a.jpg.png", "a.png"]);
}

#[test]
fn a_file_that_is_not_ours_is_no_reason_to_skip() {
    let input = folder(&["a.png"]);
    let out = folder(&["a.png"]);
    assert_eq!(
        counts(input.path(), out.path(), &[]),
        "1 done, 0 skipped, 0 failed"
    );
    assert!(results(out.path())[Path::new("a.png")] == image(0));
    assert_eq!(names(out.path()), ["a.png", "a.png.png"]);
}

#[test]
fn what_failed_is_tried_again_and_a_moved_folder_stays_done() {
    let input = folder(&["a.png", "b.png"]);
    let out = tempfile::tempdir().unwrap();
    fs::write(input.path().join("b.png"), "half").unwrap();
    assert_eq!(
        counts(input.path(), out.path(), &[]),
        "1 done, 0 skipped, 1 failed"
    );
    fs::write(input.path().join("b.png"), image(1)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(input.path(), &moved).unwrap();
    assert_eq!(
        counts(&moved, out.path(), &[]),
        "1 done, 1 skipped, 0 failed"
    );
    assert_eq!(names(out.path()), ["a.png", "b.png"]);
    fs::rename(&moved, input.path()).unwrap();
}
