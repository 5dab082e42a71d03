//! `cutout run`, as a person calls it.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{ENGINES, cutout, finish, fixture, read_mask, tiny};

#[test]
fn a_photo_becomes_a_cut_out_of_its_size() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ENGINES {
        for (photo, width, height) in [("chelsea.png", 451, 300), ("rocket.jpg", 640, 427)] {
            let output = folder.path().join(format!("{engine}.png"));
            let (done, said) = finish(
                cutout()
                    .arg("run")
                    .arg(fixture("photos").join(photo))
                    .arg("-o")
                    .arg(&output)
                    .args(["--engine", engine, "--model", &tiny()]),
            );
            assert!(done.status.success(), "{engine} {photo}: {said}");
            let image = image::open(&output).unwrap();
            assert_eq!(
                (image.width(), image.height()),
                (width, height),
                "{engine} {photo}"
            );
            assert_eq!(image.color(), image::ColorType::Rgba8, "{engine} {photo}");
        }
    }
}

#[test]
fn standard_streams_carry_the_same_bytes_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let photo = fixture("photos/coffee.png");
    let output = folder.path().join("file.png");
    let (done, said) = finish(
        cutout()
            .arg("run")
            .arg(&photo)
            .arg("-o")
            .arg(&output)
            .args(["--model", &tiny()]),
    );
    assert!(done.status.success(), "{said}");

    let mut child = cutout()
        .args(["run", "-", "-o", "-", "--model", &tiny()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(&photo).unwrap())
        .unwrap();
    let streamed = child.wait_with_output().unwrap();
    assert!(streamed.status.success());
    assert_eq!(streamed.stdout, fs::read(&output).unwrap());
}

#[test]
fn the_report_says_what_ran_and_how_long_each_stage_took() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("mask.png");
    for engine in ENGINES {
        let (done, said) = finish(
            cutout()
                .arg("run")
                .arg(fixture("photos/coffee.png"))
                .arg("-o")
                .arg(&output)
                .args(["--mask", "--json", "--engine", engine, "--model", &tiny()]),
        );
        assert!(done.status.success(), "{engine}: {said}");
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(report["engine"], engine);
        assert_eq!(report["model"], "tiny");
        assert_eq!(
            (&report["width"], &report["height"]),
            (&600.into(), &400.into())
        );
        assert_eq!(report["output_bytes"], fs::metadata(&output).unwrap().len());
        for stage in [
            "decode",
            "preprocess",
            "segment",
            "matte",
            "colour",
            "encode",
        ] {
            assert!(
                report["stages_ms"][stage].is_number(),
                "{engine}: {stage} in {report}"
            );
        }
        assert!(
            report["foreground"]["width"].as_u64().unwrap() > 0,
            "{engine}: {report}"
        );
        assert_eq!(read_mask(&output).0, 600);
    }
}

#[test]
fn a_failed_run_leaves_what_stood_at_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("cutout.png");
    fs::write(&output, "precious").unwrap();
    let broken = folder.path().join("broken.png");
    fs::write(&broken, "no image").unwrap();
    let (done, said) = finish(
        cutout()
            .arg("run")
            .arg(&broken)
            .arg("-o")
            .arg(&output)
            .args(["--model", &tiny()]),
    );
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("error[unsupported-format]") && said.contains("broken.png"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&output).unwrap(), "precious");
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        2,
        "no temporary file is left"
    );
}

#[test]
fn an_unusable_model_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ENGINES {
        for (model, reason) in [
            ("damaged.onnx", "complete"),
            ("foreign.onnx", "family"),
            ("unknown.onnx", "Nonesuch"),
        ] {
            let (done, said) = finish(
                cutout()
                    .arg("run")
                    .arg(fixture("photos/chelsea.png"))
                    .arg("-o")
                    .arg(folder.path().join("x.png"))
                    .args(["--engine", engine, "--model"])
                    .arg(fixture("tiny").join(model)),
            );
            assert_eq!(done.status.code(), Some(1), "{engine} {model}: {said}");
            assert!(
                said.contains("error[model]") && said.contains(reason),
                "{engine} {model}: {said}"
            );
        }
    }
}

#[test]
fn a_model_that_net_lacks_an_operator_for_runs_with_tract() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.png");
    for engine in ENGINES {
        let run = |runtime: &str| {
            finish(
                cutout()
                    .arg("run")
                    .arg(fixture("photos/chelsea.png"))
                    .arg("-o")
                    .arg(&output)
                    .args(["--engine", engine, "--runtime", runtime, "--model"])
                    .arg(fixture("tiny/unsupported.onnx")),
            )
        };
        let (done, said) = run("net");
        assert_eq!(done.status.code(), Some(1), "{engine}: {said}");
        assert!(
            said.contains("Erf") && said.contains("--runtime tract"),
            "{engine}: {said}"
        );
        let (done, said) = run("tract");
        if cfg!(feature = "tract") {
            assert!(done.status.success(), "{engine}: {said}");
        } else {
            assert_eq!(done.status.code(), Some(2), "{engine}: {said}");
            assert!(said.contains("--features tract"), "{engine}: {said}");
        }
    }
}

#[test]
fn a_known_model_with_another_checksum_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(fixture("tiny/tiny.onnx"), folder.path().join("cutnet.onnx")).unwrap();
    let output = folder.path().join("x.png");
    let (done, said) = finish(
        cutout()
            .env("CUTOUT_MODELS", folder.path())
            .arg("run")
            .arg(fixture("photos/chelsea.png"))
            .arg("-o")
            .arg(&output),
    );
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("error[model]") && said.contains("checksum differs"),
        "{said}"
    );
    assert!(!output.exists());
}
