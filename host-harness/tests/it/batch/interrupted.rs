//! Batches that do not come to their end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Instant;

use super::{batch, folder, names, results};
use crate::support::{cache, cutout, finish, patience, tiny};
use tempfile::TempDir;

const PICTURES: usize = 120;

fn many() -> TempDir {
    let names: Vec<String> = (0..PICTURES)
        .map(|n| format!("{}/{n:03}.png", n % 3))
        .collect();
    folder(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    kill.args(["-s", name, &child.id().to_string()]);
    assert!(kill.status().unwrap().success());
}

/// Reads what `child` says until `lines` lines are about images.
fn images(said: &mut BufReader<ChildStderr>, lines: usize) {
    let mut seen = 0;
    let mut line = String::new();
    while seen < lines && said.read_line(&mut line).unwrap() > 0 {
        seen += usize::from(line.contains(" done /") || line.contains(" skipped /"));
        line.clear();
    }
}

fn stderr(child: &mut Child) -> BufReader<ChildStderr> {
    BufReader::new(child.stderr.take().unwrap())
}

/// Waits until `is` holds, and ends `child` if that takes too long.
fn wait(child: &mut Child, is: impl Fn(&mut Child) -> bool) {
    let begun = Instant::now();
    while !is(child) {
        if begun.elapsed() > patience() {
            child.kill().unwrap();
            panic!("it waits for ever");
        }
        thread::yield_now();
    }
}

#[test]
fn killed_at_20_moments_and_resumed_the_results_are_those_of_an_undisturbed_run() {
    let input = many();
    let out = tempfile::tempdir().unwrap();
    let (whole, broken) = (out.path().join("whole"), out.path().join("broken"));
    let flags = ["--also", "mask"];
    assert!(
        finish(batch(&whole).arg(input.path()).args(flags))
            .0
            .status
            .success()
    );

    let mut random = fastrand::Rng::with_seed(6);
    let mut killed = 0;
    for round in 1..=20 {
        let mut command = batch(&broken);
        command.arg(input.path()).args(flags).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A few more than are done by now, so that the kill meets images in the making.
        let mut said = stderr(&mut child);
        images(&mut said, round * 4 + random.usize(0..6));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for (name, bytes) in results(&broken) {
            assert!(
                results(&whole).get(&name) == Some(&bytes),
                "{}",
                name.display()
            );
        }
    }
    assert!(
        killed >= 15,
        "{killed} of 20 were running when they were killed"
    );
    let (done, said) = finish(batch(&broken).arg(input.path()).args(flags));
    assert!(done.status.success(), "{said}");
    assert!(results(&whole) == results(&broken));
    let state = fs::read_dir(broken.join(".cutout")).unwrap();
    let mut left: Vec<_> = state.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "manifest.jsonl"]);
}

#[test]
fn a_killed_batch_beside_its_originals_goes_on_without_taking_its_results_for_images() {
    let input = many();
    for round in 1..=5 {
        let mut command = batch(input.path());
        command
            .arg(input.path())
            .args(["--format", "webp"])
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = stderr(&mut child);
        images(&mut said, round * 15);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for _ in 0..2 {
        let mut command = batch(input.path());
        let (done, said) = finish(command.arg(input.path()).args(["--format", "webp"]));
        assert!(done.status.success(), "{said}");
        assert_eq!(names(input.path()).len(), 2 * PICTURES, "{said}");
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_reader_of_the_report() {
    let input = folder(&["a.png"]);
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    let made = Command::new("mkfifo").arg(at("report")).status();
    assert!(made.unwrap().success());
    let mut command = batch(&at("out"));
    command.arg(input.path()).arg("--report").arg(at("report"));
    let mut child = command.spawn().unwrap();
    wait(&mut child, |_| at("out/.cutout/temporary").exists());
    signal(&child, "TERM");
    wait(&mut child, |child| child.try_wait().unwrap().is_some());
}

#[test]
fn sigint_finishes_what_was_begun_and_says_what_is_left() {
    let input = many();
    let out = tempfile::tempdir().unwrap();
    let mut command = batch(out.path());
    command.arg(input.path()).args(["--jobs", "1"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = stderr(&mut child);
    images(&mut said, 1);
    signal(&child, "INT");
    let rest: Vec<String> = said.lines().map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let last = rest.last().unwrap();
    assert!(last.contains("left, the same command goes on"), "{last}");
    assert!(names(out.path()).len() < PICTURES, "{last}");
    assert!(
        finish(batch(out.path()).arg(input.path()))
            .0
            .status
            .success()
    );
    assert_eq!(names(out.path()).len(), PICTURES);
}

#[test]
fn two_batches_do_not_write_to_one_folder() {
    let input = many();
    let out = tempfile::tempdir().unwrap();
    let mut command = batch(out.path());
    let mut first = command
        .arg(input.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said_by_first = stderr(&mut first);
    images(&mut said_by_first, 1);
    let (second, said) = finish(batch(out.path()).arg(input.path()));
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("another batch"), "{said}");
    first.kill().unwrap();
    first.wait().unwrap();
}

/// A shell script with a file system of 1 MiB at `$1`, in a name space of its own; `None`, visibly, where that is not
/// allowed.
fn with_small_disk(at: &Path, script: &str) -> Option<Command> {
    let mount = "mount -t tmpfs -o size=1m tmpfs \"$1\"";
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-euc"]);
        command.arg(script).arg("sh").arg(at);
        command
    };
    let allowed = shell(mount)
        .output()
        .is_ok_and(|done| done.status.success());
    if !allowed {
        println!("skip: this user may not mount a file system");
        return None;
    }
    Some(shell(&format!("{mount}\n{script}")))
}

#[test]
fn a_full_disk_is_said_clearly_and_loses_nothing() {
    let input = tempfile::tempdir().unwrap();
    for n in 0..20 {
        // In noise there is a subject for rembg's recipe only, so that results are large.
        let noise = image::RgbImage::from_fn(200, 200, |x, y| {
            let value = (x * 7919 + y * 104_729 + n).wrapping_mul(2_654_435_761);
            image::Rgb([(value >> 24) as u8, (value >> 16) as u8, (value >> 8) as u8])
        });
        noise
            .save(input.path().join(format!("{n:02}.png")))
            .unwrap();
    }
    let (disk, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // What is on the small disk is gone with the name space: the script keeps a copy of it.
    let script = r#"
        code=0
        "$2" batch "$3" -o "$1/out" --model "$4" --compat rembg --background red || code=$?
        cp -r "$1/out" "$5"
        exit $code"#;
    let Some(mut command) = with_small_disk(disk.path(), script) else {
        return;
    };
    command.arg(cutout().get_program()).arg(input.path());
    command.arg(tiny()).arg(saved.path());
    let (done, said) = finish(command.env("CUTOUT_CACHE", cache()));
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("error[io]") && said.contains("make room and run the same command"),
        "{said}"
    );
    let out = saved.path().join("out");
    let partly = results(&out);
    assert!(!partly.is_empty() && partly.len() < 20, "{said}");
    // With room, the same command completes the set, and what was there is as it was.
    let (done, said) =
        finish(
            batch(&out)
                .arg(input.path())
                .args(["--compat", "rembg", "--background", "red"]),
        );
    assert!(done.status.success(), "{said}");
    assert!(
        said.contains(&format!("{} skipped", partly.len())),
        "{said}"
    );
    let whole = results(&out);
    assert_eq!(whole.len(), 20);
    assert!(partly.iter().all(|(name, bytes)| whole[name] == *bytes));
}
