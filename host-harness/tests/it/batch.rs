//! `cutout batch`, as its users run it.

mod fleet;
mod hostile;
mod inputs;
#[cfg(feature = "wasm")]
mod interrupted;
mod resume;
mod sheet;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{ENGINES, cutout, difference, finish, fixture, read_mask, tiny};

/// Small images, by names below a folder, each a little different.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), names);
    folder
}

fn fill(folder: &Path, names: &[&str]) {
    for (number, name) in names.iter().enumerate() {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, image(number as u32)).unwrap();
    }
}

/// A PNG of 40 × 30 pixels, whatever name it will have.
fn image(number: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(40, 30, |x, y| {
        let inside = (10..30).contains(&x) && (8..24).contains(&y);
        image::Rgb(if inside {
            [220, (number * 7 % 200) as u8, (number / 29) as u8]
        } else {
            [20, 40, (x * 3 + y) as u8]
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn batch(out: &Path) -> Command {
    let mut command = cutout();
    command.args(["batch", "--model", &tiny(), "-o"]).arg(out);
    command
}

/// Every file below `folder` but for the folder's own state: name and bytes.
fn results(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == ".cutout" {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let names = results(folder).into_keys();
    names.map(|name| name.display().to_string()).collect()
}

fn report(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let mut records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    records.sort_by_key(|record| record["input"].to_string());
    records
}

#[test]
fn a_batch_gives_what_run_gives_for_every_image_whatever_is_asked_for() {
    let input = folder(&["a.png", "b c/d.png"]);
    let coffee = fixture("photos/coffee.png");
    let coffee = coffee.to_str().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&[], "png"),
        (&["--format", "webp"], "webp"),
        (&["--format", "jpg", "--jpeg-quality", "40"], "jpg"),
        (&["--format", "webp", "--webp-quality", "40"], "webp"),
        (&["--mask"], "png"),
        (&["--background", "#102030"], "png"),
        (&["--background", coffee, "--max-side", "20"], "png"),
        (&["--crop=3px"], "png"),
    ];
    for engine in ENGINES {
        for (flags, extension) in cases {
            let out = tempfile::tempdir().unwrap();
            let (done, said) = finish(
                batch(out.path())
                    .arg(input.path())
                    .args(flags)
                    .args(["--engine", engine]),
            );
            assert!(done.status.success(), "{flags:?}: {said}");
            for name in ["a", "b c/d"] {
                let alone = out.path().join(format!("alone.{extension}"));
                let mut run = cutout();
                run.arg("run")
                    .arg(input.path().join(format!("{name}.png")))
                    .args(["--model", &tiny(), "--engine", engine, "-o"])
                    .arg(&alone)
                    .args(flags);
                assert!(finish(&mut run).0.status.success());
                let made = out.path().join(format!("{name}.{extension}"));
                assert!(
                    fs::read(&made).unwrap() == fs::read(&alone).unwrap(),
                    "{engine} {flags:?} {name}"
                );
            }
        }
    }
}

#[cfg(feature = "wasm")]
#[test]
fn the_engines_masks_are_within_one_level_and_one_pass_gives_mask_and_cutout() {
    let input = fixture("photos");
    let mut masks = Vec::new();
    for engine in ENGINES {
        let out = tempfile::tempdir().unwrap();
        let (done, said) = finish(
            batch(out.path())
                .arg(&input)
                .args(["--also", "mask", "--engine", engine]),
        );
        assert!(done.status.success(), "{said}");
        let mask = read_mask(&out.path().join("chelsea.mask.png"));
        let alpha = image::open(out.path().join("chelsea.png")).unwrap();
        let alpha: Vec<u8> = alpha.into_rgba8().pixels().map(|p| p.0[3]).collect();
        assert_eq!(mask.2, alpha, "{engine}");
        masks.push(mask);
    }
    let (_, largest, _) = difference(&masks[0].2, &masks[1].2);
    assert!(largest <= 1, "{largest}");
}

#[test]
fn the_report_has_a_record_for_every_image_and_the_exit_code_tells_of_failures() {
    let input = folder(&["good.png"]);
    fs::write(input.path().join("bad.jpg"), "no image").unwrap();
    let cut = &image(5)[..300];
    fs::write(input.path().join("cut.png"), cut).unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("report.jsonl");
    let (done, said) = finish(
        batch(&out.path().join("out"))
            .arg(input.path())
            .args(["--also", "mask", "--report"])
            .arg(&file),
    );
    assert_eq!(done.status.code(), Some(1), "{said}");
    for (name, kind) in [
        ("bad.jpg", "unsupported-format"),
        ("cut.png", "undecodable"),
    ] {
        assert!(
            said.contains(&format!("error[{kind}]: ")) && said.contains(name),
            "{said}"
        );
    }
    let records = report(&file);
    let of = |index: usize, key: &str| records[index][key].clone();
    assert_eq!(records.len(), 3);
    assert_eq!(
        (of(0, "status"), of(0, "error")["kind"].clone()),
        ("failed".into(), "unsupported-format".into())
    );
    assert_eq!(of(1, "error")["kind"], "undecodable");
    assert_eq!(
        (of(2, "status"), of(2, "error")),
        ("done".into(), Value::Null)
    );
    let bytes = fs::read(of(2, "output").as_str().unwrap()).unwrap().len();
    assert_eq!(of(2, "output_bytes"), bytes);
    assert_eq!(of(2, "input_bytes"), image(0).len());
    assert_eq!((of(2, "width"), of(2, "height")), (40.into(), 30.into()));
    assert!(of(2, "mask").as_str().unwrap().ends_with("good.mask.png"));
    assert!((0.0..=1.0).contains(&of(2, "uncertainty").as_f64().unwrap()));
    assert!(of(2, "milliseconds").as_f64().unwrap() > 0.0);
    assert!(of(2, "stages_ms")["segment"].is_number() && of(2, "foreground").is_object());
}

#[test]
fn an_image_above_a_cap_costs_nobody_else_anything() {
    let input = folder(&["small.png", "tiny.png"]);
    let large = image::RgbImage::from_fn(4000, 4000, |x, y| image::Rgb([x as u8, y as u8, 9]));
    large.save(input.path().join("large.png")).unwrap();
    let cases: [(&[&str], &str); 2] = [
        (&["--max-memory", "48"], "out-of-memory"),
        (&["--max-pixels", "1"], "too-many-pixels"),
    ];
    for engine in ENGINES {
        let run = |out: &Path, flags: &[&str]| {
            let mut command = batch(out);
            command.arg(input.path()).args(["--engine", engine]);
            finish(command.args(flags))
        };
        for (flags, kind) in cases {
            let out = tempfile::tempdir().unwrap();
            let (done, said) = run(out.path(), flags);
            assert_eq!(done.status.code(), Some(1), "{engine}: {said}");
            assert!(said.contains(&format!("error[{kind}]")), "{engine}: {said}");
            assert!(said.contains("2 done, 0 skipped, 1 failed"), "{said}");
            assert_eq!(names(out.path()), ["small.png", "tiny.png"]);
        }
        let out = tempfile::tempdir().unwrap();
        let (done, said) = run(out.path(), &["--timeout", "0.0001"]);
        assert_eq!(done.status.code(), Some(1), "{engine}: {said}");
        assert!(said.contains("error[timeout]"), "{engine}: {said}");
    }
}

#[test]
fn the_first_failure_ends_a_batch_that_is_to_fail_fast() {
    let many: Vec<String> = (0..50).map(|n| format!("{n:02}.png")).collect();
    let input = folder(&many.iter().map(String::as_str).collect::<Vec<_>>());
    fs::write(input.path().join("00.png"), "").unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut command = batch(out.path());
    command
        .arg(input.path())
        .args(["--fail-fast", "--jobs", "1"]);
    let (done, said) = finish(&mut command);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(names(out.path()).len() < 10, "{said}");
    let (_, said) = finish(command.arg("gone.png").arg("--overwrite"));
    assert!(
        said.contains("gone.png") && said.contains("0 done"),
        "{said}"
    );
}

#[test]
fn quiet_is_quiet_and_the_shells_and_man_know_the_verbs() {
    let input = folder(&["a.png"]);
    let out = tempfile::tempdir().unwrap();
    let (done, said) = finish(batch(out.path()).arg(input.path()).arg("-q"));
    assert!(done.status.success() && said.is_empty(), "{said}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (done, _) = finish(cutout().args(["completions", shell]));
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(
            text.contains("batch") && text.contains("contact-sheet"),
            "{shell}"
        );
    }
    let (done, _) = finish(cutout().arg("man").arg(out.path().join("man")));
    assert!(done.status.success());
    let page = fs::read_to_string(out.path().join("man/cutout-batch.1")).unwrap();
    assert!(page.contains("contact\\-sheet"), "{page}");
}
