//! `cutout bake`.

use std::fs;
#[cfg(target_arch = "x86_64")]
use std::os::unix::fs::PermissionsExt;
#[cfg(target_arch = "x86_64")]
use std::path::Path;
#[cfg(target_arch = "x86_64")]
use std::process::Command;

use crate::support::{cutout, finish, fixture, root, tiny};

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
fn what_a_worker_does_not_have_is_refused_with_the_way_out() {
    for (flags, way_out) in [
        (["--runtime", "tract"], "leave --runtime out"),
        (["--host-images", "never"], "leave --world out"),
    ] {
        let mut command = cutout();
        command.args(["bake", "-o", "never.wasm", "--world", "worker"]);
        let (done, said) = finish(command.args(flags));
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(way_out), "{said}");
    }
}

/// `cutout run` with host images made ahead: the result, and what was said.
#[cfg(target_arch = "x86_64")]
fn run_ahead(images: &Path, cache: &Path) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.png");
    let mut run = cutout();
    run.arg("run").arg(fixture("photos/coffee.png")).arg("-o");
    run.arg(&out).args(["--model", &tiny()]);
    run.env("CUTOUT_CACHE", cache)
        .env("CUTOUT_HOST_IMAGES", images);
    let (done, said) = finish(&mut run);
    assert!(done.status.success(), "{said}");
    (fs::read(out).unwrap(), said)
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_start_from_host_images_made_ahead_compiles_nothing_and_one_that_cannot_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (images, cache) = (folder.path().join("images"), folder.path().join("cache"));
    let said = bake_ahead(&images);
    let place = |level: &str| {
        let line = said.lines().find(|line| line.ends_with(level)).unwrap();
        let path = line.split("wrote ").nth(1).unwrap();
        images.join(path.split(" for ").next().unwrap())
    };
    let (v3, v2) = (place("x86-64-v3"), place("x86-64-v2"));

    let (first, said) = run_ahead(&images, &cache);
    assert!(said.is_empty() && !cache.exists(), "{said}");
    fs::write(&v3, "damaged").unwrap();
    let (second, said) = run_ahead(&images, &cache);
    assert!(said.contains("is damaged") && !cache.exists(), "{said}");
    assert!(first == second);

    let spoil: [(&[&str], &dyn Fn()); 3] = [
        (&["nobody else may write"], &|| mode(&images, 0o777)),
        (
            &[
                "is damaged",
                "others may write to it",
                "none of them is for",
            ],
            &|| mode(&v2, 0o666),
        ),
        (&["is damaged", "none of them is for"], &|| {
            fs::remove_file(&v2).unwrap();
        }),
    ];
    for (words, spoil) in spoil {
        mode(&images, 0o755);
        spoil();
        let (image, said) = run_ahead(&images, &cache);
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
        assert!(cache.exists() && image == first, "{words:?}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn host_images_are_not_made_where_none_would_be_loaded_from() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    mode(&images, 0o775);
    let (done, said) = finish(&mut ahead(&images, "022"));
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("`chmod 755` it"), "{said}");
    assert!(fs::read_dir(&images).unwrap().next().is_none());
}

/// What `cutout bake` says that makes host images, with a umask that leaves them to the user's group, too.
#[cfg(target_arch = "x86_64")]
pub(crate) fn bake_ahead(images: &Path) -> String {
    let (done, said) = finish(&mut ahead(images, "002"));
    assert!(done.status.success(), "{said}");
    said
}

/// `cutout bake` that makes host images of the tiny model, with a umask.
#[cfg(target_arch = "x86_64")]
fn ahead(images: &Path, umask: &str) -> Command {
    let program = cutout();
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask $0; exec \"$@\"", umask]);
    shell.arg(program.get_program());
    shell.args(["bake", "--model", &tiny(), "-o"]);
    shell.arg(images.with_extension("wasm"));
    shell.arg("--host-images").arg(images);
    shell
}

#[cfg(target_arch = "x86_64")]
fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
