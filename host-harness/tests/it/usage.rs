//! Wrong usage and common mistakes, and what answers them.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{cutout, finish, fixture, tiny};

#[test]
fn wrong_usage_ends_with_2_and_names_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    fs::copy(fixture("photos/chelsea.png"), &photo).unwrap();
    let photo = photo.to_str().unwrap();
    let tiny = tiny();
    let cases: [(&[&str], &str); 15] = [
        (&["run", photo, "-o", photo], "is the input itself"),
        (&["run", photo, "-o", "cutout.gif"], ".png"),
        (
            &["run", photo, "-o", "x.jpg", "--format", "png"],
            "--format",
        ),
        (
            &["run", photo, "-o", "x.jpg", "--jpeg-quality", "0"],
            "--jpeg-quality",
        ),
        (
            &["run", photo, "-o", "x.jpg", "--jpeg-quality", "101"],
            "expected 1 to 100",
        ),
        (
            &["run", photo, "-o", "x.webp", "--webp-quality", "0"],
            "1 to 100, or lossless",
        ),
        (
            &["run", photo, "-o", "x.webp", "--webp-quality", "101"],
            "1 to 100, or lossless",
        ),
        (
            &["run", photo, "-o", "x.png", "--png", "tiny"],
            "fast or small",
        ),
        (&["run", photo, "-o", "x.png", "--crop=51%"], "--crop"),
        (
            &["run", photo, "-o", "x.png", "--max-side", "0"],
            "--max-side",
        ),
        (
            &["run", photo, "-o", "x.png", "--background", "nocolour"],
            "no colour as in CSS",
        ),
        (&["run", photo, "-o", "cutout"], ".png"),
        (
            &["run", photo, "-o", "x.png", "--model", "u3net"],
            "known are cutnet",
        ),
        (
            &[
                "run",
                photo,
                "-o",
                "x.png",
                "--model",
                &tiny,
                "--timeout",
                "0",
            ],
            "--timeout",
        ),
        (&["run", photo], "--output"),
    ];
    let before = fs::read(photo).unwrap();
    for (arguments, remedy) in cases {
        let (done, said) = finish(cutout().current_dir(&folder).args(arguments));
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(remedy), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read(photo).unwrap(), before, "the original survives");
}

#[test]
fn a_user_s_mistake_is_answered_with_its_cause_and_what_works() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        fixture("photos/chelsea.png"),
        folder.path().join("photo.png"),
    )
    .unwrap();
    fs::create_dir(folder.path().join("photos")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let cases: [(&[&str], i32, &str); 22] = [
        (
            &["run", "photo.png", "-o", "x.png", "--webp-quality", "80"],
            2,
            "--webp-quality has no effect on png",
        ),
        (
            &["run", "photo.png", "-o", "x.webp", "--jpeg-quality", "80"],
            2,
            "name the output *.jpg, give --format jpg",
        ),
        (
            &["batch", "photos", "-o", "out", "--webp-quality", "80"],
            2,
            "give --format webp",
        ),
        (
            &["batch", "inbox", "-o", "out", "--watch"],
            2,
            "create it with mkdir inbox",
        ),
        (
            &["run", "photos", "-o", "x.png"],
            2,
            "cutout batch photos -o FOLDER",
        ),
        (
            &["run", "photo.png", "-o", "missing/x.png"],
            1,
            "the folder missing does not exist; create it",
        ),
        (
            &["batch", "photo.png", "-o", "out.png"],
            2,
            "cutout run IMAGE -o out.png",
        ),
        (
            &["batch", "photo.png", "-o", "file"],
            2,
            "cutout run IMAGE -o file",
        ),
        (
            &["run", "photo.png", "-o", "x.png", "--crop", "5%"],
            2,
            "--crop=5%",
        ),
        (&["serve", "--addr", "7000"], 2, "--addr 127.0.0.1:7000"),
        (&["serve", "--port", "8080"], 2, "--addr 127.0.0.1:8080"),
        (
            &["serve", "--host", "0.0.0.0"],
            2,
            "--addr says where to listen",
        ),
        (&["remove", "photo"], 2, "cutout run IMAGE -o cutout.png"),
        (
            &["run", "photo.png", "-o", "x.png", "--max-pixels", "0.0001"],
            2,
            "a number from 0.001 to 1000",
        ),
        (
            &["run", "photo.png", "-o", "x.png", "--max-pixels", "0.01"],
            1,
            "too-many-pixels",
        ),
        (
            // cutnet would fit.
            &[
                "run",
                "photo.png",
                "-o",
                "x.png",
                "--max-memory",
                "16",
                "--model",
                "u2netp",
            ],
            1,
            "raise --max-memory",
        ),
        (&["run", "photo.png"], 2, "--output"),
        (&["photo.png"], 2, "cutout run 'photo.png' -o cutout.png"),
        (
            &["run", "photo.png", "x.png"],
            2,
            "cutout run IMAGE -o 'x.png'",
        ),
        (
            &["run", "https://example.org/a.png", "-o", "x.png"],
            2,
            "curl -fLO",
        ),
        (
            &["run", "photo.png", "-o", "x.png", "--background", "no.png"],
            2,
            "no file of that name",
        ),
        (
            &[
                "run",
                "photo.png",
                "-o",
                "x.png",
                "--mask",
                "--background=red",
            ],
            2,
            "cannot be used with",
        ),
    ];
    for (arguments, code, remedy) in cases {
        let (done, said) = finish(cutout().current_dir(&folder).args(arguments));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(remedy), "{arguments:?}: {said}");
        let is_in_style = said.lines().any(|line| line.starts_with("cutout: error["));
        assert!(is_in_style, "{arguments:?}: {said}");
    }
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        3,
        "nothing was written"
    );
}

#[test]
fn neither_an_image_nor_a_component_is_written_to_a_terminal() {
    let photo = fixture("photos/chelsea.png");
    let cases = [
        (format!("run '{}'", photo.display()), "cutout.png"),
        ("bake".to_owned(), "cutout.wasm"),
    ];
    for (arguments, name) in cases {
        let program = env!("CARGO_BIN_EXE_cutout");
        let command = format!("{program} {arguments} -o - --model '{}'", tiny());
        // `script` gives the command a terminal.
        let mut script = Command::new("script");
        script
            .args(["-qec", &command, "/dev/null"])
            .stdin(Stdio::null());
        let (done, _) = finish(&mut script);
        let said = String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.status.code(), Some(2), "{said}");
        let way_out = format!("redirect: -o - > {name}");
        assert!(said.contains(&way_out), "{said}");
    }
}
