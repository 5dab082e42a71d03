//! What a batch takes, and what it calls the results.

mod own_results;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use super::{batch, folder, image, names, results};
use crate::support::finish;

/// Adds files with odd names, one that may only be read, and links; the longest name.
fn add_odd_files(at: &Path) -> String {
    let long = format!("{}.png", "n".repeat(251));
    let raw = OsStr::from_bytes(b"raw\xff\xfe.png");
    fs::write(at.join(&long), image(3)).unwrap();
    fs::write(at.join(raw), image(4)).unwrap();
    let read_only = at.join("deep/read only.png");
    fs::set_permissions(&read_only, fs::Permissions::from_mode(0o444)).unwrap();
    symlink("..", at.join("deep/loop")).unwrap();
    symlink(at.join("same.png"), at.join("linked.png")).unwrap();
    symlink(at.join("nowhere"), at.join("dangling.png")).unwrap();
    long
}

#[test]
fn trees_links_and_odd_names_come_out_as_they_are_and_originals_stay() {
    let input = folder(&[
        "same.jpg",
        "same.png",
        "deep/er/Ünïcode 名前.png",
        "deep/read only.png",
        "notes.txt",
    ]);
    let at = input.path();
    let long = add_odd_files(at);
    let before = results(at);

    let out = at.join("results");
    for round in 0..2 {
        let (done, said) = finish(batch(&out).arg(at));
        // The dangling link is the one failure.
        assert_eq!(done.status.code(), Some(1), "{said}");
        let count = if round == 0 {
            "7 done, 0 skipped"
        } else {
            "0 done, 7 skipped"
        };
        assert!(said.contains(&format!("{count}, 1 failed")), "{said}");
        assert!(
            said.contains("dangling.png") && said.contains("same.jpg.png"),
            "{said}"
        );
    }
    let mut made = results(&out);
    assert!(
        made.remove(Path::new(OsStr::from_bytes(b"raw\xff\xfe.png")))
            .is_some()
    );
    assert!(made.remove(Path::new(&long)).is_some());
    let made: Vec<_> = made.keys().map(|name| name.display().to_string()).collect();
    let expected = [
        "deep/er/Ünïcode 名前.png",
        "deep/read only.png",
        "linked.png",
        "same.jpg.png",
        "same.png.png",
    ];
    assert_eq!(made, expected);
    fs::remove_dir_all(&out).unwrap();
    assert!(results(at) == before, "an original was touched");
}

#[test]
fn files_patterns_and_lists_keep_the_tree_below_what_they_share() {
    let input = folder(&["p/a.png", "p/q/b.png", "p/q/c.gif"]);
    let at = input.path();
    let listed = at.join("list.txt");
    fs::write(&listed, "p/a.png\r\n\np/q/b.png\n").unwrap();
    let nul = b"p/q/b.png\0p/q/c.gif\0";
    let utf16: Vec<u8> = "\u{feff}p/a.png\r\np/q/b.png\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(&[&str], &[u8], &[&str]); 8] = [
        (&["p/q/b.png"], b"", &["b.png"]),
        (&["p/a.png", "p/q/b.png"], b"", &["a.png", "q/b.png"]),
        (&["p/**/*.png"], b"", &["a.png", "q/b.png"]),
        (&["@list.txt"], b"", &["a.png", "q/b.png"]),
        (&["-"], nul, &["b.png", "c.png"]),
        (&["-"], b"p\n", &["a.png", "q/b.png", "q/c.png"]),
        (&["-"], b"\xef\xbb\xbfp/a.png\n", &["a.png"]),
        (&["-"], &utf16, &["a.png", "q/b.png"]),
    ];
    for (arguments, said_to_it, expected) in cases {
        let out = tempfile::tempdir().unwrap();
        let mut command = batch(out.path());
        command
            .current_dir(at)
            .args(arguments)
            .stdin(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut list = child.stdin.take().unwrap();
        list.write_all(said_to_it).unwrap();
        drop(list);
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{arguments:?}");
        assert_eq!(names(out.path()), expected, "{arguments:?}");
    }
}

#[test]
fn links_between_folders_give_each_image_once_however_it_was_asked_for() {
    let input = folder(&["a/a.png", "b/b.png", "c/c.png", "d/d.png", "z/.h/h.png"]);
    let at = input.path();
    for from in ["a", "b", "c", "d"] {
        for to in ["a", "b", "c", "d"].iter().filter(|to| **to != from) {
            symlink(format!("../{to}"), at.join(from).join(to)).unwrap();
        }
    }
    symlink("/", at.join("a/root")).unwrap();
    symlink("a", at.join("link")).unwrap();
    let all: &[&str] = &["a/a.png", "b/b.png", "c/c.png", "d/d.png"];
    let cases: [(&str, &[&str]); 6] = [
        (".", all),
        ("**/*.png", all),
        ("?/*.png", all),
        // The link is what was asked for, whatever real folder there is.
        ("l*/*.png", &["a.png"]),
        ("l*/**/a.png", &["a.png"]),
        ("*/.h/*.png", &["h.png"]),
    ];
    for (argument, expected) in cases {
        let out = tempfile::tempdir().unwrap();
        let (done, said) = finish(batch(out.path()).current_dir(at).arg(argument));
        assert!(done.status.success(), "{argument}: {said}");
        assert_eq!(names(out.path()), expected, "{argument}");
    }
}

#[test]
fn hidden_images_are_taken_where_they_are_asked_for() {
    let input = folder(&["a.png", ".b.png", "@eaDir/c.png", ".d/.e.png", "f/._g.png"]);
    let at = input.path();
    fs::write(at.join("list.txt"), ".b.png\n@eaDir/c.png\n").unwrap();
    let left_out = "hidden files and folders left out: ";
    let cases: [(&[&str], &[&str], &str); 8] = [
        (&["."], &["a.png"], "left out: 4"),
        (
            &[".", "--hidden"],
            &[".b.png", ".d/.e.png", "@eaDir/c.png", "a.png", "f/._g.png"],
            "",
        ),
        (&["**/*.png"], &["a.png"], "left out: 4"),
        (&["**/*.png", "a.png", "."], &["a.png"], "left out: 8"),
        (&[".*.png"], &[".b.png"], ""),
        (&["@eaDir"], &["c.png"], ""),
        (&[".b.png"], &[".b.png"], ""),
        (&["@list.txt"], &[".b.png", "@eaDir/c.png"], ""),
    ];
    for (arguments, expected, words) in cases {
        let out = tempfile::tempdir().unwrap();
        let (done, said) = finish(batch(out.path()).current_dir(at).args(arguments));
        assert!(done.status.success(), "{arguments:?}: {said}");
        assert_eq!(names(out.path()), expected, "{arguments:?}");
        let times = said.matches(left_out).count();
        assert_eq!(
            times,
            usize::from(!words.is_empty()),
            "{arguments:?}: {said}"
        );
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let out = tempfile::tempdir().unwrap();
    let (done, said) = finish(batch(out.path()).current_dir(at).arg("f/*.png"));
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("what is hidden; --hidden takes that"),
        "{said}"
    );
}

#[test]
fn the_exit_code_and_the_words_say_what_was_wrong_with_the_inputs() {
    let input = folder(&["a.png"]);
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let here = input.path().to_str().unwrap();
    let cases: [(&[&str], i32, &str); 7] = [
        (&[empty], 3, "no image was found"),
        (&["gone.png"], 1, "error[io]: gone.png"),
        (&["none*.png"], 1, "nothing matches"),
        (&["@gone.txt"], 1, "gone.txt"),
        (&[], 2, "INPUTS"),
        (&[here, "--contact-sheet", "a.txt"], 2, ".html or .png"),
        (&["a.png", "--watch"], 2, "--watch needs a folder"),
    ];
    for (arguments, code, words) in cases {
        let out = tempfile::tempdir().unwrap();
        let mut command = batch(&out.path().join("out"));
        let (done, said) = finish(command.current_dir(here).args(arguments));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!out.path().join("out").exists(), "{arguments:?}");
    }
}

#[test]
fn a_file_that_vanishes_or_is_no_file_is_one_failure() {
    let names: Vec<String> = (0..120).map(|n| format!("{n:03}.png")).collect();
    let input = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let at = input.path();
    let fifo = at.join("fifo.png");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let out = tempfile::tempdir().unwrap();
    let mut command = batch(out.path());
    // A shell's `*` names the files one by one, so all of them are known before the first is read.
    command.args(["--jobs", "1"]).arg(&fifo);
    command.args(names.iter().map(|name| at.join(name)));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    fs::remove_file(at.join("119.png")).unwrap();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{line}");
    assert!(line.contains("119.png: cannot read it"), "{line}");
    assert!(line.contains("fifo.png: it is no regular file"), "{line}");
    assert!(line.contains("119 done, 0 skipped, 2 failed"), "{line}");
}
