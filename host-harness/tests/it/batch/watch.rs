//! Folders that are watched.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::{batch, folder, image, names, results};
use crate::support::patience;

struct Watched {
    child: Child,
    lines: Receiver<String>,
}

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

    /// Waits until `count` more images are done.
    fn wait(&mut self, count: usize) {
        let mut seen = 0;
        while seen < count {
            let line = self.lines.recv_timeout(patience());
            let line = line.unwrap_or_else(|_| panic!("{seen} of {count}"));
            assert!(!line.contains("error"), "{line}");
            seen += usize::from(line.contains(" done /"));
        }
    }

    /// Waits until it says `text`.
    fn hear(&mut self, text: &str) {
        while !self.lines.recv_timeout(patience()).unwrap().contains(text) {}
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
fn images_that_come_to_a_watched_folder_are_taken_when_they_are_complete() {
    let input = folder(&["first.png"]);
    let (out, elsewhere) = (
        tempfile::tempdir().unwrap(),
        folder(&["moved.png", "tree/deep/x.png"]),
    );
    let at = input.path();
    let mut watched = Watched::start(at, out.path());
    watched.wait(1);
    fs::write(at.join("written.png"), image(1)).unwrap();
    watched.wait(1);
    fs::rename(elsewhere.path().join("moved.png"), at.join("moved.png")).unwrap();
    fs::rename(elsewhere.path().join("tree"), at.join("tree")).unwrap();
    watched.wait(2);
    // Changed: done again, under the name it has.
    fs::write(at.join("written.png"), image(9)).unwrap();
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    let expected = ["first.png", "moved.png", "tree/deep/x.png", "written.png"];
    assert_eq!(names(out.path()), expected);
}

/// How long a file has to stand still before it is taken.
const SETTLED: Duration = Duration::from_millis(500);

/// Writes an image in parts for longer than a file has to stand still: half an image would be a failure. `false` where
/// the machine itself made a pause that long, after which half an image may be taken.
fn is_taken_whole(parts: usize) -> bool {
    let (input, out) = (folder(&["first.png"]), tempfile::tempdir().unwrap());
    let mut watched = Watched::start(input.path(), out.path());
    watched.wait(1);
    let whole = image(2);
    let mut growing = File::create(input.path().join("growing.png")).unwrap();
    let mut longest = Duration::ZERO;
    let mut last = Instant::now();
    for part in whole.chunks(whole.len().div_ceil(parts)) {
        growing.write_all(part).unwrap();
        longest = longest.max(last.elapsed());
        last = Instant::now();
        std::thread::sleep(SETTLED / 4);
    }
    drop(growing);
    if longest >= SETTLED {
        watched.end();
        return false;
    }
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    assert_eq!(names(out.path()), ["first.png", "growing.png"]);
    true
}

#[test]
fn an_image_that_is_still_written_to_is_left_alone() {
    assert!(
        (0..10).any(|_| is_taken_whole(10)),
        "no try without a long pause"
    );
}

#[test]
fn a_burst_of_folders_and_files_is_taken_whole() {
    let input = folder(&[]);
    // Within the folder that is watched: results are no new images.
    let out = input.path().join("out");
    let mut watched = Watched::start(input.path(), &out);
    fs::create_dir(input.path().join("start")).unwrap();
    fs::write(input.path().join("start/a.png"), image(0)).unwrap();
    watched.wait(1);
    for n in 0..300 {
        let folder = input.path().join(format!("{}/{}", n % 7, n % 5));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{n}.png")), image(n)).unwrap();
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
        fs::write(input.path().join(name), image(number as u32)).unwrap();
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

#[test]
fn a_watched_tree_is_watched_once_whatever_links_lead_into_it() {
    let input = folder(&["a/a.png", "b/b.png"]);
    let (elsewhere, out) = (folder(&["x/far.png"]), tempfile::tempdir().unwrap());
    let at = input.path();
    symlink("../b", at.join("a/b")).unwrap();
    symlink("../a", at.join("b/a")).unwrap();
    symlink("/", at.join("a/root")).unwrap();
    let mut watched = Watched::start(at, out.path());
    watched.wait(2);
    fs::write(at.join("b/later.png"), image(1)).unwrap();
    watched.wait(1);
    // A link that comes is looked into once, and what comes there is seen.
    symlink(elsewhere.path(), at.join("first")).unwrap();
    watched.wait(1);
    symlink(elsewhere.path().join("x"), at.join("second")).unwrap();
    symlink("/", at.join("root")).unwrap();
    symlink("..", at.join("a/up")).unwrap();
    fs::write(elsewhere.path().join("x/later.png"), image(2)).unwrap();
    watched.wait(1);
    // A folder that moves is seen at its new place.
    fs::rename(at.join("b"), at.join("c")).unwrap();
    watched.wait(2);
    fs::write(at.join("c/last.png"), image(3)).unwrap();
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    let expected = [
        "a/a.png",
        "b/b.png",
        "b/later.png",
        "c/b.png",
        "c/last.png",
        "c/later.png",
        "first/x/far.png",
        "first/x/later.png",
    ];
    assert_eq!(names(out.path()), expected);
}

#[test]
fn hidden_images_that_come_are_left_out() {
    let input = folder(&["a.png"]);
    let out = tempfile::tempdir().unwrap();
    let at = input.path();
    fs::create_dir(at.join("@eaDir")).unwrap();
    let mut watched = Watched::start(at, out.path());
    watched.wait(1);
    fs::create_dir(at.join(".new")).unwrap();
    for name in ["._b.png", ".new/c.png", "@eaDir/d.png"] {
        fs::write(at.join(name), image(1)).unwrap();
    }
    // Those above would come before or with this one.
    std::thread::sleep(SETTLED / 4);
    fs::write(at.join("e.png"), image(2)).unwrap();
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    assert_eq!(names(out.path()), ["a.png", "e.png"]);
}

#[test]
fn results_of_another_batch_that_come_are_left_out_and_named() {
    let (input, out) = (folder(&["a.png"]), tempfile::tempdir().unwrap());
    let mut watched = Watched::start(input.path(), out.path());
    watched.wait(1);
    let (source, elsewhere) = (folder(&["b.png"]), tempfile::tempdir().unwrap());
    let done = elsewhere.path().join("done");
    let made = batch(&done).arg(source.path()).status().unwrap();
    assert!(made.success());
    fs::rename(&done, input.path().join("done")).unwrap();
    watched.hear("done/b.png is left out: it is a result of the batch in ");
    fs::write(input.path().join("done/c.png"), image(2)).unwrap();
    watched.wait(1);
    assert_eq!(watched.end(), Some(0));
    assert_eq!(names(out.path()), ["a.png", "done/c.png"]);
}
