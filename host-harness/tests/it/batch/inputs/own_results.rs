//! Results of batches among the inputs, and files that are none where results go.

use super::*;

#[test]
fn results_are_never_taken_as_images_wherever_they_stand() {
    let input = folder(&["a.png", "b.jpg"]);
    let at = input.path();
    // Beside the originals, twice, then below them in two folders.
    let beside = ["a.png", "a.png.png", "b.jpg", "b.png"];
    for _ in 0..2 {
        let (done, said) = finish(batch(at).arg(at));
        assert!(done.status.success(), "{said}");
        assert_eq!(names(at), beside);
    }
    for out in ["x", "y"] {
        let (done, said) = finish(batch(&at.join(out)).arg(at));
        assert!(done.status.success(), "{said}");
        assert_eq!(names(&at.join(out)), ["a.png", "b.png"], "{said}");
    }
    assert!(fs::read(at.join("a.png")).unwrap() == image(0));
}

#[test]
fn results_that_are_named_matched_or_listed_are_left_out_too() {
    let input = folder(&["a.jpg", "b/c.gif"]);
    let raw = OsStr::from_bytes(b"raw\xff.bmp");
    fs::write(input.path().join(raw), image(7)).unwrap();
    let at = input.path();
    let list = |at: &Path| {
        let mut find = std::process::Command::new("find");
        find.current_dir(at)
            .args([".", "-type", "f", "-not", "-name", "*.jsonl", "-print0"]);
        find.output().unwrap().stdout
    };
    for round in 0..3 {
        let expected = if round == 0 {
            "3 done, 0 skipped, 0 failed"
        } else {
            "0 done, 3 skipped, 0 failed"
        };
        for (arguments, out) in [(["**/*.*"], "."), (["-"], "x/y")] {
            let mut command = batch(Path::new(out));
            command
                .current_dir(at)
                .args(arguments)
                .args(["--also", "mask"]);
            let mut child = command
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let names = list(at);
            // The pattern's run never reads its standard input.
            let _ = child.stdin.take().unwrap().write_all(&names);
            let done = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(said.contains(expected), "{round} {arguments:?}: {said}");
        }
    }
    // An output folder without a mask forgets no mask that it made.
    for _ in 0..2 {
        let (_, said) = finish(batch(Path::new(".")).current_dir(at).arg("."));
        assert!(
            said.contains(", 0 failed") && !said.contains("mask.png.png"),
            "{said}"
        );
    }
    assert_eq!(results(at).len(), 3 + 2 * 6);
}

#[test]
fn nothing_that_is_not_ours_is_written_over() {
    let input = folder(&["a.jpg", "report.gif"]);
    let out = folder(&["a.png", "sheet.png"]);
    let (at, to) = (input.path(), out.path());
    let foreign = results(to);
    let run = |flags: &[&str]| finish(batch(to).current_dir(at).arg(".").args(flags));
    let (done, said) = run(&[]);
    assert!(done.status.success(), "{said}");
    assert!(
        said.contains("a.jpg became") && names(to).contains(&"a.jpg.png".into()),
        "{said}"
    );
    let sheet = to.join("sheet.png");
    let refused = [
        (["--report", "a.jpg"], 2, "that is an image"),
        (["--report", "report.gif"], 2, "that is an image"),
        (
            ["--contact-sheet", sheet.to_str().unwrap()],
            1,
            "no contact sheet of this batch",
        ),
    ];
    for (flags, code, words) in refused {
        let (done, said) = run(&flags);
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    }
    // Its own sheet is written again, and is no image to take.
    for _ in 0..2 {
        let (done, said) = run(&["--contact-sheet", "sheet.png"]);
        assert!(
            done.status.success() && said.contains(" 0 failed"),
            "{said}"
        );
    }
    assert_eq!(names(at), ["a.jpg", "report.gif", "sheet.png"]);
    assert!(
        foreign
            .iter()
            .all(|(name, bytes)| results(to)[name] == *bytes)
    );
}
