//! Folders that are watched.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::{batch, folder, names, picture, results};

struct Watched {
    child: Child,
    lines: Receiver<String>,
}

/// A picture takes milliseconds; one that was missed never comes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Watched {
    fn start(input: &Path, out: &Path) -> Self {
        let mut command = batch(out);
        // As people name folders: from where they are.
        let parent = input.parent().unwrap();
        command.current_dir(parent).arg(input.file_name().unwrap());
        command.arg("--watch").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = said.lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    /// Waits until `count` more pictures are done.
    fn wait(&mut self, count: usize) {
        let mut seen = 0;
        while seen < count {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{seen} of {count}"));
            assert!(!line.contains("error"), "{line}");
            seen += usize::from(line.contains(" done /"));
        }
    }

    /// Ends it as Ctrl-C does; its exit code.
    fn end(mut self) -> Option<i32> {
        let mut kill = Command::new("kill");
        kill.args(["-s", "INT", &self.child.id().to_string()]);
        assert!(kill.status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

#[test]
fn pictures_that_come_to_a_watched_folder_are_taken_when_they_are_complete() {
    let input = folder(&["first.png"]);
    let (out, elsewhere) = (
        tempfile::tempdir().unwrap(),
        folder(&["moved.png", "tree/deep/x.png"]),
    );
    let at = input.path();
    let mut watched = Watched::start(at, out.path());
    watched.wait(1);
    fs::write(at.join("written.png"), picture(1)).unwrap();
    watched.wait(1);
    fs::rename(elsewhere.path().join("moved.png"), at.join("moved.png")).unwrap();
    fs::rename(elsewhere.path().join("tree"), at.join("tree")).unwrap();
    watched.wait(2);
    // Written slowly, in parts: half a picture is never taken, or it would be a failure.
    let whole = picture(2);
    let mut growing = File::create(at.join("growing.png")).unwrap();
    for part in whole.chunks(whole.len().div_ceil(5)) {
        growing.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(250));
    }
    drop(growing);
    watched.wait(1);
    // Changed: done again, under the name it has.
    fs::write(at.join("written.png"), picture(9)).unwrap();
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    let expected = [
        "first.png",
        "growing.png",
        "moved.png",
        "tree/deep/x.png",
        "written.png",
    ];
    assert_eq!(names(out.path()), expected);
}

#[test]
fn a_burst_of_folders_and_files_is_taken_whole() {
    let input = folder(&[]);
    // Within the folder that is watched: results are no new pictures.
    let out = input.path().join("out");
    let mut watched = Watched::start(input.path(), &out);
    fs::create_dir(input.path().join("start")).unwrap();
    fs::write(input.path().join("start/a.png"), picture(0)).unwrap();
    watched.wait(1);
    for n in 0..300 {
        let folder = input.path().join(format!("{}/{}", n % 7, n % 5));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{n}.png")), picture(n)).unwrap();
    }
    watched.wait(300);
    assert_eq!(watched.end(), Some(0));
    assert_eq!(results(&out).len(), 301);
}

#[test]
fn a_watched_folder_may_be_the_output_folder() {
    let input = folder(&["first.jpg"]);
    let mut watched = Watched::start(input.path(), input.path());
    watched.wait(1);
    for (number, name) in ["second.jpg", "third.png"].iter().enumerate() {
        fs::write(input.path().join(name), picture(number as u32)).unwrap();
        watched.wait(1);
    }
    assert_eq!(watched.end(), Some(0));
    let expected = [
        "first.jpg",
        "first.png",
        "second.jpg",
        "second.png",
        "third.png",
        "third.png.png",
    ];
    assert_eq!(names(input.path()), expected);
}
