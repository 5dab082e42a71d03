//! `cutout doctor`, and machines that forbid something.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{cutout, finish, fixture, tiny};

/// Exit code, and what was printed.
fn doctor(command: &mut Command) -> (Option<i32>, String) {
    let (done, said) = finish(command);
    let printed = String::from_utf8(done.stdout).unwrap();
    (done.status.code(), printed + &said)
}

#[test]
fn a_sound_machine_passes_with_a_line_for_each_check() {
    let (code, said) = doctor(cutout().arg("doctor"));
    assert_eq!(code, Some(0), "{said}");
    for what in [
        "program",
        "processor",
        "model",
        "engine native",
        "cache",
        "engine wasm",
        "agreement",
    ] {
        let line = said.lines().find(|line| line[6..].starts_with(what));
        assert!(
            line.is_some_and(|line| line.starts_with("ok")),
            "{what}: {said}"
        );
    }
}

#[test]
fn a_cache_that_others_may_write_to_fails_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = cutout();
    command.env("CUTOUT_CACHE", folder.path()).arg("doctor");
    let (code, said) = doctor(&mut command);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("FAIL  cache") && said.contains("chmod 700"),
        "{said}"
    );
    for engine in ["engine native", "engine wasm"] {
        assert!(said.contains(&format!("ok    {engine}")), "{said}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn with_host_images_made_ahead_no_cache_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    crate::bake::bake_ahead(&images);
    let (empty, file) = (folder.path().join("empty"), folder.path().join("file"));
    fs::write(&file, "in the way").unwrap();
    for cache in [&empty, &file] {
        let mut command = cutout();
        command.env("CUTOUT_CACHE", cache);
        command.env("CUTOUT_HOST_IMAGES", &images);
        let (code, said) = doctor(command.args(["doctor", "--model", &tiny()]));
        assert_eq!(code, Some(0), "{said}");
        let line = said.lines().find(|line| line.starts_with("ok    cache"));
        let words = format!("made ahead in {}; model mapped", images.display());
        assert!(line.is_some_and(|line| line.contains(&words)), "{said}");
        assert!(!empty.exists());
    }
    fs::set_permissions(&images, fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = cutout();
    command.env("CUTOUT_HOST_IMAGES", &images);
    let (code, said) = doctor(command.args(["doctor", "--model", &tiny()]));
    assert_eq!(code, Some(0), "{said}");
    let line = said.lines().find(|line| line.starts_with("ok    cache"));
    assert!(
        line.is_some_and(|line| line.contains("are not used")),
        "{said}"
    );
}

#[test]
fn without_a_cache_the_sandbox_works_and_says_what_it_costs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let output = folder.path().join("x.png");
    let mut command = cutout();
    command
        .env("CUTOUT_CACHE", file.join("cache"))
        .arg("run")
        .arg(fixture("photos/coffee.png"))
        .arg("-o")
        .arg(&output);
    let (done, said) = finish(command.args(["--model", &tiny()]));
    assert!(done.status.success(), "{said}");
    assert!(
        said.contains("every start prepares the model anew"),
        "{said}"
    );
    assert!(image::open(&output).is_ok());
}

#[test]
fn a_limited_address_space_is_named_with_two_ways_out() {
    let script = "ulimit -v 1500000; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    let program = cutout();
    command.args(["-c", script]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let (code, said) = doctor(command.args(["doctor", "--model", &tiny()]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAIL  engine wasm"), "{said}");
    assert!(
        said.contains("ulimit -v") && said.contains("--engine native"),
        "{said}"
    );
}
