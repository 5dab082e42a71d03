//! `cutout run` and `cutout bake`, as a person calls them.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{ENGINES, cutout, finish, fixture, read_mask, root, tiny};

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
            "1..=100",
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
            "neither a colour",
        ),
        (&["run", photo, "-o", "cutout"], ".png"),
        (
            &["run", photo, "-o", "x.png", "--model", "u3net"],
            "known are u2netp",
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
    let cases: [(&[&str], i32, &str); 12] = [
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
        (
            &["run", "photo.png", "-o", "x.png", "--max-memory", "16"],
            1,
            "raise --max-memory",
        ),
        (&["run", "photo.png"], 2, "--output"),
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
fn a_failed_run_leaves_what_stood_at_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("cutout.png");
    fs::write(&output, "precious").unwrap();
    let broken = folder.path().join("broken.png");
    fs::write(&broken, "no picture").unwrap();
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
fn baking_twice_gives_the_same_bytes_for_each_world_and_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let bake = |name: &str, flags: &[&str]| {
        let output = folder.path().join(name);
        let mut command = cutout();
        command.arg("bake").arg("-o").arg(&output);
        let (done, said) = finish(command.args(["--model", &tiny()]).args(flags));
        assert!(done.status.success(), "{said}");
        fs::read(output).unwrap()
    };
    let twice = |flags: [&str; 2]| {
        let baked = bake("a.wasm", &flags);
        assert!(baked == bake("b.wasm", &flags), "{flags:?}");
        baked
    };
    let actor = twice(["--world", "actor"]);
    assert!(actor != twice(["--world", "worker"]));
    if cfg!(feature = "tract") {
        assert!(actor != twice(["--runtime", "tract"]));
    }
}

#[test]
fn the_host_image_of_bake_is_the_one_that_run_maps() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let image = folder.path().join("tiny.cwasm");
    let mut run = cutout();
    run.arg("run").arg(fixture("photos/coffee.png")).arg("-o");
    run.arg(folder.path().join("x.png"))
        .env("CUTOUT_CACHE", &cache);
    let mut bake = cutout();
    bake.arg("bake")
        .arg("-o")
        .arg(folder.path().join("tiny.wasm"));
    bake.arg("--host-image").arg(&image);
    for mut command in [run, bake] {
        let (done, said) = finish(command.args(["--model", &tiny()]));
        assert!(done.status.success(), "{said}");
    }
    let files = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mapped = files
        .into_iter()
        .find(|path| path.extension() == Some("cwasm".as_ref()));
    let mapped = fs::read(mapped.unwrap()).unwrap();
    // Behind it stands its digest.
    assert!(mapped[..mapped.len() - 32] == fs::read(image).unwrap());
}

#[test]
fn bake_overwrites_neither_its_model_nor_one_result_with_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("my.onnx");
    fs::copy(tiny(), &model).unwrap();
    let other = folder.path().join("x.wasm");
    let again = folder
        .path()
        .join("../")
        .join(folder.path().file_name().unwrap())
        .join("x.wasm");
    let known = folder.path().join("u2netp.onnx");
    fs::copy(root().join("models/u2netp.onnx"), &known).unwrap();
    let mine = model.to_str().unwrap();
    for (name, output, image) in [
        (mine, &model, &other),
        (mine, &other, &model),
        (mine, &other, &other),
        (mine, &other, &again),
        ("u2netp", &known, &other),
    ] {
        let mut command = cutout();
        command
            .env("CUTOUT_MODELS", folder.path())
            .args(["bake", "--model", name]);
        command.arg("-o").arg(output).arg("--host-image").arg(image);
        let (done, said) = finish(&mut command);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains("another"), "{said}");
        assert!(!other.exists());
        assert!(fs::read(&model).unwrap() == fs::read(tiny()).unwrap());
    }
}

#[test]
fn a_worker_with_another_runtime_is_refused_with_the_way_out() {
    let mut command = cutout();
    command.args(["bake", "-o", "never.wasm", "--world", "worker"]);
    let (done, said) = finish(command.args(["--runtime", "tract"]));
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("leave --runtime out"), "{said}");
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
    fs::copy(fixture("tiny/tiny.onnx"), folder.path().join("u2netp.onnx")).unwrap();
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
