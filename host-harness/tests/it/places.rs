//! Where results may go: what is no plain new file is written to as it is.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{cache, cutout, finish, fixture, patience, tiny};

fn photo() -> PathBuf {
    fixture("photos/chelsea.png")
}

/// `cutout run` of the photo to `output`, by the native engine.
fn run(output: &Path) -> Command {
    let mut command = cutout();
    command.arg("run").arg(photo()).arg("-o").arg(output);
    command.args(["--engine", "native", "--model", &tiny()]);
    command
}

/// The bytes that every one of these outputs has to get.
fn expected() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let (done, said) = finish(&mut run(&path));
    assert!(done.status.success(), "{said}");
    fs::read(path).unwrap()
}

fn fifo(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    path
}

/// Reads a FIFO to its end, beside what writes to it.
fn reading(path: &Path) -> thread::JoinHandle<Vec<u8>> {
    let path = path.to_owned();
    thread::spawn(move || fs::read(path).unwrap())
}

#[test]
fn a_fifo_gets_the_image_and_stays_a_fifo() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path(), "f");
    let link = folder.path().join("l.png");
    symlink("f", &link).unwrap();
    let expected = expected();
    for output in [&fifo, &link] {
        let reader = reading(&fifo);
        let (done, said) = finish(&mut run(output));
        assert!(done.status.success(), "{said}");
        assert!(reader.join().unwrap() == expected, "{}", output.display());
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    }
}

#[test]
fn a_name_of_standard_output_is_standard_output() {
    let expected = expected();
    for name in ["-", "/proc/self/fd/1"] {
        let mut command = run(Path::new(name));
        let (done, said) = finish(command.arg("--json"));
        assert!(done.status.success(), "{name}: {said}");
        assert!(done.stdout == expected, "{name}");
        assert!(said.contains("\"output_bytes\""), "{name}: {said}");
    }
}

#[test]
fn a_shells_process_substitution_gets_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("bash");
    // The program's words end at the output's name, whose place the shell fills.
    shell
        .args([
            "-c",
            r#"out=$1; shift; "$@" -o >(cat > "$out.part" && mv "$out.part" "$out")"#,
        ])
        .arg("bash")
        .arg(folder.path().join("x.png"))
        .arg(env!("CARGO_BIN_EXE_cutout"))
        .args(["run", photo().to_str().unwrap(), "--engine", "native"])
        .args(["--model", &tiny()])
        .env("CUTOUT_CACHE", cache());
    let (done, said) = finish(&mut shell);
    assert!(done.status.success(), "{said}");
    let deadline = Instant::now() + patience();
    while !folder.path().join("x.png").exists() {
        assert!(Instant::now() < deadline, "nothing was written");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(fs::read(folder.path().join("x.png")).unwrap() == expected());
}

#[test]
fn a_links_target_is_written_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("real.png"), "old").unwrap();
    fs::set_permissions(at("real.png"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.png", at("l.png")).unwrap();
    symlink("new.png", at("dangling.png")).unwrap();
    let expected = expected();
    for (link, target) in [("l.png", "real.png"), ("dangling.png", "new.png")] {
        let (done, said) = finish(&mut run(&at(link)));
        assert!(done.status.success(), "{said}");
        assert!(at(link).is_symlink(), "{link}");
        assert!(fs::read(at(target)).unwrap() == expected, "{link}");
    }
    let mode = fs::metadata(at("real.png")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_file_in_a_folder_that_takes_no_new_ones_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Longer than any result: what is left of it would show.
    fs::write(at("a.png"), vec![7; 1 << 20]).unwrap();
    fs::copy(photo(), at("photo.png")).unwrap();
    fs::copy(tiny(), at("tiny.onnx")).unwrap();
    let mut command = cutout();
    // Nothing is forbidden to root, so somebody else is asked where the tests are root's.
    if chown(at("a.png"), Some(65534), Some(65534)).is_ok() {
        fs::copy(env!("CARGO_BIN_EXE_cutout"), at("cutout")).unwrap();
        command = Command::new(at("cutout"));
        command.uid(65534).gid(65534);
    }
    command.current_dir(folder.path());
    command.args(["run", "photo.png", "--engine", "native"]);
    command.args(["--model", "tiny.onnx", "-o", "a.png"]);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let (done, said) = finish(&mut command);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(done.status.success(), "{said}");
    assert!(fs::read(at("a.png")).unwrap() == expected());
}

#[test]
fn reports_and_contact_sheets_go_through_links_and_fifos_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let report = fifo(folder.path(), "report");
    symlink("pages.html", at("sheet.html")).unwrap();
    let reader = reading(&report);
    let mut command = cutout();
    command.arg("batch").arg(photo()).arg("-o").arg(at("out"));
    command.args(["--engine", "native", "--model", &tiny()]);
    command.arg("--report").arg(&report);
    command.arg("--contact-sheet").arg(at("sheet.html"));
    let (done, said) = finish(&mut command);
    assert!(done.status.success(), "{said}");
    let lines = String::from_utf8(reader.join().unwrap()).unwrap();
    assert!(lines.contains("\"status\":\"done\""), "{lines}");
    assert!(at("sheet.html").is_symlink());
    let page = fs::read_to_string(at("pages.html")).unwrap();
    assert!(page.contains("chelsea"), "{page}");
}
