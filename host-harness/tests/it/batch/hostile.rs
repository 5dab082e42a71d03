//! Folders that somebody else has prepared: nothing outside of the output folder is touched, and nothing is waited for.

mod above;

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use super::{batch, folder, image, names, report, results};
use crate::support::finish;
use tempfile::TempDir;

/// Runs `command`, in 8 GB of address space, until it ends by itself.
fn bounded(command: &Command) -> (i32, String) {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"ulimit -v 8000000; exec timeout 100 "$@""#, "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.envs(
        command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    let (done, said) = finish(&mut shell);
    let code = done.status.code().unwrap();
    assert!(code < 124, "it hung or ran out of memory: {said}");
    (code, said)
}

/// `cutout batch` by the native engine, whose address space is small.
fn native(out: &Path, input: &Path) -> Command {
    let mut command = batch(out);
    command.args(["--engine", "native"]).arg(input);
    command
}

/// An output folder with a folder `.cutout`.
fn with_state() -> TempDir {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join(".cutout")).unwrap();
    out
}

/// The line of a manifest by which `path` is a result of those bytes.
fn begun(path: &str, bytes: &[u8]) -> String {
    let digest = blake3::hash(bytes).to_hex();
    let length = bytes.len();
    format!(r#"{{"begun":[{{"path":"{path}","bytes":{length},"digest":"{digest}"}}]}}"#) + "\n"
}

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[test]
fn links_in_the_folder_of_the_batch_are_refused_and_what_they_lead_to_is_kept() {
    let input = folder(&["a.png"]);
    for name in ["lock", "manifest.jsonl", "temporary", ""] {
        let victim = folder(&["kept.png", "temporary/kept.png"]);
        let before = results(victim.path());
        let out = with_state();
        let link = out.path().join(".cutout").join(name);
        let target = match name {
            "lock" | "manifest.jsonl" => victim.path().join("kept.png"),
            _ => victim.path().to_owned(),
        };
        if name.is_empty() {
            fs::remove_dir(out.path().join(".cutout")).unwrap();
            symlink(target, out.path().join(".cutout")).unwrap();
        } else {
            symlink(target, link).unwrap();
        }
        let (done, said) = finish(batch(out.path()).arg(input.path()));
        assert!(results(victim.path()) == before, "{name}: {said}");
        // A link in the place of what the batch clears away is cleared away.
        let code = if name == "temporary" { 0 } else { 1 };
        assert_eq!(done.status.code(), Some(code), "{name}: {said}");
        assert_eq!(said.contains("it is a link"), code == 1, "{name}: {said}");
    }
}

#[test]
fn what_is_no_file_in_the_folder_of_the_batch_is_refused_without_waiting() {
    let input = folder(&["a.png"]);
    for name in ["lock", "manifest.jsonl"] {
        let out = with_state();
        fifo(&out.path().join(".cutout").join(name));
        let (code, said) = bounded(&native(out.path(), input.path()));
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.contains("no regular file"), "{name}: {said}");
    }
}

#[test]
fn a_linked_folder_and_a_made_up_manifest_lead_to_no_file_outside() {
    let input = folder(&["sub/a.png", "sub/b.png", "near/c.png"]);
    let victim = folder(&["a.png"]);
    let before = results(victim.path());
    for flags in [&[][..], &["--overwrite"]] {
        let out = with_state();
        let at = |name: &str| out.path().join(name);
        symlink(victim.path(), at("sub")).unwrap();
        fs::create_dir(at("real")).unwrap();
        symlink("real", at("near")).unwrap();
        let lines = begun("sub/a.png", &image(0)) + &begun("sub/b.png", b"x");
        fs::write(at(".cutout/manifest.jsonl"), lines).unwrap();
        let (done, said) = finish(batch(out.path()).arg(input.path()).args(flags));
        assert!(results(victim.path()) == before, "{flags:?}: {said}");
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains("leads out of the folder"), "{said}");
        // A link that stays below is a place like any other.
        assert!(said.contains("1 done, 0 skipped, 2 failed"), "{said}");
        assert_eq!(names(&at("real")), ["c.png"]);
    }
}

#[test]
fn a_file_that_a_made_up_manifest_names_is_replaced_when_it_is_asked_for_alone() {
    let input = folder(&["a.jpg", "b.jpg", "c.jpg"]);
    let files = ["a.png", "b.png", "c.png"];
    // Of another size, of the same size, and to the byte what the manifest says.
    let mine = [&b"precious"[..], b"precious", b"precious"];
    let named = [&b"x"[..], b"previous", b"precious"];
    for (flags, replaced) in [
        (&[][..], [false, false, true]),
        (&["--overwrite"][..], [true; 3]),
    ] {
        let out = with_state();
        let mut lines = String::new();
        for ((name, mine), named) in files.iter().zip(mine).zip(named) {
            fs::write(out.path().join(name), mine).unwrap();
            lines += &begun(name, named);
        }
        fs::write(out.path().join(".cutout/manifest.jsonl"), lines).unwrap();
        let (_, said) = finish(batch(out.path()).arg(input.path()).args(flags));
        let made = results(out.path());
        for ((name, mine), replaced) in files.iter().zip(mine).zip(replaced) {
            assert_eq!(made[Path::new(name)] != mine, replaced, "{name}: {said}");
        }
        let is_kept = !replaced[0];
        assert_eq!(made.contains_key(Path::new("a.jpg.png")), is_kept, "{said}");
        assert_eq!(said.contains("b.png: it was changed"), is_kept, "{said}");
    }
}

#[test]
fn a_sheet_shows_thumbnails_of_the_batch_and_no_other_file_that_a_made_up_manifest_names() {
    const LARGE: u64 = 1 << 20;
    let input = folder(&["a.png"]);
    let out = tempfile::tempdir().unwrap();
    let at = |name: &str| out.path().join(name);
    let run = |sheet: &str| {
        let mut command = native(&at("out"), input.path());
        finish(command.arg("--contact-sheet").arg(at(sheet)))
    };
    let (done, said) = run("s.html");
    assert!(done.status.success(), "{said}");
    let page = fs::read(at("s.html")).unwrap();
    let manifest = at("out/.cutout/manifest.jsonl");
    let known = fs::read_to_string(&manifest).unwrap();
    let lines = known
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    let is_done = |line: &&serde_json::Value| line.get("done").is_some();
    let thumbnails = &lines.iter().find(is_done).unwrap()["done"]["thumbnails"];
    let own = thumbnails[0]["path"].as_str().unwrap();
    // A file that is no thumbnail, and one in a thumbnail's place that is none by its size.
    for path in ["zeros", own] {
        let file = File::create(at("out").join(path)).unwrap();
        file.set_len(LARGE).unwrap();
        let digest = blake3::hash(&vec![0; LARGE as usize]).to_hex();
        let made = serde_json::json!({"path": path, "bytes": LARGE, "digest": *digest});
        let mut lines = lines.clone();
        for line in lines.iter_mut().filter(|line| is_done(&&**line)) {
            line["done"]["thumbnails"][0] = made.clone();
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(&manifest, text).unwrap();
        let (done, said) = run("s.html");
        assert!(done.status.success(), "{path}: {said}");
        assert!(said.contains("1 done, 0 skipped"), "{path}: {said}");
        assert!(fs::read(at("s.html")).unwrap() == page, "{path}");
    }
}

#[test]
fn reports_and_sheets_in_the_output_folder_go_through_no_link_that_leads_out_and_wait_for_nothing()
{
    let (input, empty) = (folder(&["a.png"]), tempfile::tempdir().unwrap());
    let missing = empty.path().join("missing.png");
    type Make = fn(&Path, &Path);
    let cases: [(&str, Make); 4] = [
        ("leads out", |path, _| symlink("../victim", path).unwrap()),
        ("leads out", |path, victim| symlink(victim, path).unwrap()),
        ("leads out", |path, _| symlink("../made", path).unwrap()),
        ("no regular file", |path, _| fifo(path)),
    ];
    for (words, make) in cases {
        for (flag, name) in [("--report", "r.jsonl"), ("--contact-sheet", "s.html")] {
            // Also where no image is found, and no manifest written.
            for images in [input.path(), &missing] {
                let top = tempfile::tempdir().unwrap();
                let at = |name: &str| top.path().join(name);
                fs::create_dir(at("out")).unwrap();
                fs::write(at("victim"), "kept").unwrap();
                make(&at("out").join(name), &at("victim"));
                let mut command = native(&at("out"), images);
                let (code, said) = bounded(command.arg(flag).arg(at("out").join(name)));
                assert_eq!(code, 1, "{flag}: {said}");
                let is_written = flag == "--report" || images != missing;
                assert_eq!(said.contains(words), is_written, "{flag}: {said}");
                assert_eq!(fs::read(at("victim")).unwrap(), b"kept", "{flag}: {said}");
                assert!(!at("made").exists(), "{flag}: {said}");
            }
        }
    }
}

#[test]
fn an_output_folder_that_others_may_have_filled_is_refused_with_the_way_out() {
    let input = folder(&["a.png"]);
    let out = tempfile::tempdir().unwrap();
    let run = || finish(batch(out.path()).arg(input.path()));
    assert!(run().0.status.success());
    for name in [".cutout", ".cutout/manifest.jsonl"] {
        let path = out.path().join(name);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set(mode | 0o002);
        let (done, said) = run();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains("chmod -R o-w"), "{said}");
        set(mode);
        assert!(run().0.status.success(), "{said}");
    }
    if chown(out.path().join(".cutout"), Some(65534), None).is_err() {
        println!("skip: only root may give files away");
        return;
    }
    let (done, said) = run();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("belongs to another user"), "{said}");
}

#[test]
fn a_second_batch_is_refused_before_it_reads_the_manifest() {
    let input = folder(&["a.png"]);
    let out = with_state();
    // Reading it would be an error of another kind.
    fifo(&out.path().join(".cutout/manifest.jsonl"));
    let lock = File::create(out.path().join(".cutout/lock")).unwrap();
    lock.lock().unwrap();
    let (code, said) = bounded(&native(out.path(), input.path()));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("another batch"), "{said}");
}
