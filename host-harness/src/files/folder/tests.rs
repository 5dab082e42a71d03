use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, mkfifoat};

use super::*;

#[test]
fn links_are_followed_as_long_as_they_stay_below() {
    let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/file"), "in").unwrap();
    fs::write(other.path().join("file"), "out").unwrap();
    fs::write(at("plain"), "").unwrap();
    for (link, to) in [
        ("in", "real"),
        ("back", "real/../real"),
        ("up", "../"),
        ("out", other.path().to_str().unwrap()),
        ("whole", at("real").to_str().unwrap()),
        ("lost", "nowhere"),
    ] {
        symlink(to, at(link)).unwrap();
    }
    let folder = Folder::open(place.path()).unwrap();
    let cases = [
        ("real", Ok(())),
        ("in", Ok(())),
        ("in/new/deep", Ok(())),
        ("back", Ok(())),
        ("", Ok(())),
        ("up", Err("leads out")),
        ("out", Err("leads out")),
        ("out/new", Err("leads out")),
        ("whole", Err("leads out")),
        ("lost", Err("leads nowhere")),
        ("lost/new", Err("leads nowhere")),
        ("plain", Err("Not a directory")),
    ];
    for (path, expected) in cases {
        let found = folder.make_below(Path::new(path)).map(drop);
        let found = found.map_err(|error| error.to_string());
        match expected {
            Ok(()) => found.unwrap(),
            Err(words) => assert!(found.unwrap_err().contains(words), "{path}"),
        }
    }
    assert!(!other.path().join("new").exists() && at("real/new/deep").is_dir());
    for (path, is_there) in [("in/file", true), ("out/file", false), ("lost", false)] {
        let file = folder.file_below(Path::new(path));
        assert_eq!(file.is_ok(), is_there, "{path}");
    }
    for (name, is_real) in [("real", true), ("in", false), ("plain", false)] {
        assert_eq!(folder.real(name).is_ok(), is_real, "{name}");
    }
}

#[test]
fn what_is_written_below_is_a_file_and_goes_through_no_link_that_leads_out() {
    type Write = fn(&Folder, &Path) -> io::Result<()>;
    let writes: [Write; 2] = [
        |folder, path| folder.create(path)?.write_all(b"new"),
        |folder, path| folder.put(path, b"new"),
    ];
    for write in writes {
        let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| place.path().join(name);
        let victim = other.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        fs::create_dir(at("real")).unwrap();
        fs::write(at("old"), "old and longer").unwrap();
        fs::write(at("aim"), "old and longer").unwrap();
        for (link, to) in [
            ("near", Path::new("aim")),
            ("fresh", Path::new("real/new")),
            ("in", Path::new("real")),
            ("out", &*victim),
            ("dangling", &*other.path().join("made")),
            ("away", other.path()),
        ] {
            symlink(to, at(link)).unwrap();
        }
        mkfifoat(CWD, at("fifo"), Mode::RWXU).unwrap();
        let folder = Folder::open(place.path()).unwrap();
        for path in ["old", "plain", "near", "fresh", "real/file", "in/other"] {
            write(&folder, Path::new(path)).unwrap();
            assert_eq!(fs::read_to_string(at(path)).unwrap(), "new", "{path}");
        }
        assert!(at("near").is_symlink() && at("fresh").is_symlink());
        for (path, words) in [
            ("out", "leads out"),
            ("dangling", "leads out"),
            ("away/victim", "leads out"),
            ("away/made", "leads out"),
            ("fifo", "no regular file"),
            ("real", "directory"),
        ] {
            let error = write(&folder, Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(words), "{path}: {error}");
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_lock_keeps_the_bytes_of_a_file_and_follows_no_link() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::write(at("kept"), "bytes").unwrap();
    symlink("kept", at("link")).unwrap();
    let folder = Folder::open(place.path()).unwrap();
    folder.lock_file("kept").unwrap();
    folder.lock_file("new").unwrap();
    folder.lock_file("link").unwrap_err();
    assert_eq!(fs::read(at("kept")).unwrap(), b"bytes");
}

#[test]
fn a_temporary_file_is_gone_unless_it_has_its_place() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    let dropped = folder.temporary(0o600).unwrap();
    drop(dropped);
    let mut kept = folder.temporary(0o600).unwrap();
    kept.file.write_all(b"one ").unwrap();
    let mut log = kept.rename(&folder, "log".as_ref()).unwrap();
    log.set_len(0).unwrap();
    log.write_all(b"two").unwrap();
    assert_eq!(folder.names().unwrap(), ["log"]);
    assert_eq!(fs::read(place.path().join("log")).unwrap(), b"two");
}
