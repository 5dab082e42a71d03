use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::thread;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use tempfile::TempDir;

use super::*;
use crate::files::{Place, is_same, place_below};

fn folder_with(files: &[(&str, &str, u32)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, mode) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
    }
    folder
}

fn node(path: &Path, kind: FileType, device: u64) -> rustix::io::Result<()> {
    mknodat(CWD, path, kind, Mode::from_raw_mode(0o600), device)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_keeps_its_mode_and_nothing_is_left_beside_it() {
    for kept in [0o600, 0o640, 0o664, 0o755, 0o444] {
        let folder = folder_with(&[("a.png", "old and longer", kept)]);
        let path = folder.path().join("a.png");
        write_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), kept);
        assert_eq!(names(&folder), ["a.png"]);
    }
}

#[test]
fn a_link_of_somebody_else_is_followed_to_what_is_theirs_alone() {
    let folder = folder_with(&[("mine.png", "mine", 0o600), ("theirs.png", "theirs", 0o600)]);
    let at = |name: &str| folder.path().join(name);
    let give = |name: &str| std::os::unix::fs::lchown(at(name), Some(65534), None);
    if give("theirs.png").is_err() {
        println!("skip: only root may give files away");
        return;
    }
    for (link, to, is_followed) in [
        ("a.png", "mine.png", false),
        ("b.png", "nowhere.png", false),
        ("c.png", "theirs.png", true),
    ] {
        symlink(to, at(link)).unwrap();
        write_file(&at(link), b"new").unwrap();
        create(&at(link)).unwrap();
        fs::write(at(to), "old").unwrap();
        give(link).unwrap();
        assert_eq!(write_file(&at(link), b"new").is_ok(), is_followed, "{link}");
        assert_eq!(create(&at(link)).is_ok(), is_followed, "{link}");
        let kept = fs::read(at(to)).unwrap() == b"old";
        assert_eq!(kept, !is_followed, "{link}");
        if to == "nowhere.png" {
            fs::remove_file(at(to)).unwrap();
            write_file(&at(link), b"new").unwrap_err();
            assert!(!at(to).exists());
        }
    }
}

#[test]
fn a_files_owner_is_kept_where_the_process_may_give_files_away() {
    let folder = folder_with(&[("a.png", "old", 0o600)]);
    let path = folder.path().join("a.png");
    if std::os::unix::fs::chown(&path, Some(65534), Some(65534)).is_err() {
        println!("skip: only root may give files away");
        return;
    }
    write_file(&path, b"new").unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (65534, 65534));
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn what_links_lead_to_is_written_and_the_links_stay() {
    let folder = folder_with(&[("real.png", "old", 0o640)]);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    let links = [
        ("plain", "real.png", "real.png"),
        ("sub/up", "../real.png", "real.png"),
        ("twice", "sub/up", "real.png"),
        ("dangling", "new.png", "new.png"),
        ("far", "sub/new.png", "sub/new.png"),
    ];
    for (link, to, written) in links {
        symlink(to, at(link)).unwrap();
        for text in [link, "again"] {
            write_file(&at(link), text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(at(written)).unwrap(), text, "{link}");
        }
        assert_eq!(fs::read_link(at(link)).unwrap(), Path::new(to), "{link}");
    }
    assert_eq!(mode(&at("real.png")), 0o640);
}

#[test]
fn links_that_end_nowhere_are_errors_that_say_where() {
    let folder = folder_with(&[]);
    let at = |name: &str| folder.path().join(name);
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    symlink("gone/x.png", at("lost")).unwrap();
    let cases = [
        ("a", "in a circle"),
        ("lost", "gone does not exist; create it"),
        ("none/x.png", "none does not exist; create it"),
    ];
    for (name, words) in cases {
        let error = write_file(&at(name), b"new").unwrap_err().to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
    assert_eq!(names(&folder), ["a", "b", "lost"]);
}

#[test]
fn a_fifo_is_written_to_by_its_name_and_by_a_link() {
    let folder = folder_with(&[]);
    let fifo = folder.path().join("fifo");
    let link = folder.path().join("link.png");
    node(&fifo, FileType::Fifo, 0).unwrap();
    symlink("fifo", &link).unwrap();
    for path in [&fifo, &link] {
        assert!(is_in_place(path));
        let reader = thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write_file(path, b"new").unwrap();
        assert_eq!(reader.join().unwrap(), b"new");
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    }
    assert_eq!(names(&folder), ["fifo", "link.png"]);
}

#[test]
fn a_device_is_written_to_and_stays() {
    let folder = folder_with(&[]);
    let null = folder.path().join("null");
    if node(&null, FileType::CharacterDevice, makedev(1, 3)).is_err() {
        println!("skip: only root may make devices");
        return;
    }
    let link = folder.path().join("null.png");
    symlink(&null, &link).unwrap();
    for path in [&null, &link] {
        write_file(path, b"new").unwrap();
        create(path).unwrap().write_all(b"new").unwrap();
    }
    let kind = fs::symlink_metadata(&null).unwrap().file_type();
    assert!(kind.is_char_device() && link.is_symlink());
    assert_eq!(names(&folder), ["null", "null.png"]);
}

#[test]
fn a_descriptor_is_written_to_behind_what_it_has() {
    let folder = folder_with(&[("log", "old ", 0o600)]);
    let path = folder.path().join("log");
    let log = OpenOptions::new().append(true).open(&path).unwrap();
    let link = folder.path().join("link.png");
    let descriptor = format!("/proc/self/fd/{}", log.as_raw_fd());
    symlink(&descriptor, &link).unwrap();
    write_file(Path::new(&descriptor), b"new ").unwrap();
    write_file(&link, b"by a link ").unwrap();
    create(&link).unwrap().write_all(b"in parts").unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "old new by a link in parts"
    );
    assert_eq!(names(&folder), ["link.png", "log"]);
}

#[test]
fn a_socket_and_a_folder_are_refused_and_stay() {
    let folder = folder_with(&[]);
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let error = write_file(&socket, b"new").unwrap_err().to_string();
    assert!(error.contains("it is a socket"), "{error}");
    assert!(
        fs::symlink_metadata(&socket)
            .unwrap()
            .file_type()
            .is_socket()
    );
    write_file(folder.path(), b"new").unwrap_err();
    assert_eq!(names(&folder), ["socket"]);
}

#[test]
fn places_are_told_apart_without_opening_them() {
    let folder = folder_with(&[("a.png", "a", 0o600), ("b.png", "b", 0o600)]);
    let at = |name: &str| folder.path().join(name);
    node(&at("fifo"), FileType::Fifo, 0).unwrap();
    symlink("a.png", at("link")).unwrap();
    fs::hard_link(at("a.png"), at("hard")).unwrap();
    let cases = [
        ("a.png", "a.png", true),
        ("a.png", "link", true),
        ("a.png", "hard", true),
        ("a.png", "b.png", false),
        // Would wait for ever if it were opened.
        ("a.png", "fifo", false),
        ("fifo", "fifo", true),
        ("new", "new", true),
        ("new", "other", false),
    ];
    for (a, b, same) in cases {
        let places = [Place::File(at(a)), Place::File(at(b))];
        assert_eq!(is_same(&places[0], &places[1]), same, "{a} {b}");
    }
}

#[test]
fn standard_output_is_one_place_by_all_its_names() {
    for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        assert_eq!(Place::of_output(Path::new(name)), Place::Stream, "{name}");
    }
    let file = Path::new("stdout");
    assert_eq!(Place::of_output(file), Place::File(file.to_owned()));
}

#[test]
fn a_path_is_below_a_folder_by_whatever_name_the_folder_has() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    fs::create_dir_all(at("out/sub")).unwrap();
    fs::create_dir(at("other")).unwrap();
    for (link, to) in [
        ("link", "out"),
        ("deep", "out/sub"),
        ("out/away", "../other"),
    ] {
        symlink(to, at(link)).unwrap();
    }
    let cases = [
        ("out/r", Some("r")),
        ("out/none/r", Some("none/r")),
        ("link/sub/r", Some("sub/r")),
        ("deep/r", Some("sub/r")),
        ("out/sub/../r", Some("r")),
        ("out/away/r", Some("away/r")),
        ("out/away/../r", Some("away/../r")),
        ("out/../r", None),
        ("other/r", None),
        ("r", None),
        ("none/r", None),
        ("out", None),
    ];
    for (path, expected) in cases {
        for out in ["out", "link"] {
            let found = place_below(&at(out), &at(path));
            assert_eq!(
                found.as_deref(),
                expected.map(Path::new),
                "{path} below {out}"
            );
        }
    }
}
