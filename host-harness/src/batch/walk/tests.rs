use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A folder with files, which are given by their paths, and links as `path -> target`; `{here}` is the folder.
fn tree(entries: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
    for entry in entries {
        let (name, target) = entry.split_once(" -> ").unwrap_or((entry, ""));
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if target.is_empty() {
            fs::write(path, name).unwrap();
        } else {
            symlink(target.replace("{here}", here), path).unwrap();
        }
    }
    folder
}

/// What a walk below `root` finds, and how much it leaves out.
fn walked(folder: &TempDir, root: &str, hidden: bool) -> (Vec<String>, usize) {
    let root = folder.path().join(root);
    let none = folder.path().join("none");
    let held = below(&root, &root, &none, &mut ByImageName { hidden });
    assert!(held.problems.is_empty(), "{:?}", held.problems);
    let names = held.files.iter().map(|path| {
        let below = path.strip_prefix(&root).unwrap();
        below.to_str().unwrap().to_owned()
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    (names, held.hidden)
}

#[test]
fn each_real_folder_is_read_once_however_many_links_lead_to_it() {
    let cases: [(&str, &[&str], &[&str]); 9] = [
        (
            "a link before its folder",
            &["in/z/x.png", "in/a -> z"],
            &["z/x.png"],
        ),
        (
            "links up and round",
            &[
                "in/a/x.png",
                "in/a/up -> ..",
                "in/a/here -> .",
                "in/root -> {here}/in",
            ],
            &["a/x.png"],
        ),
        (
            "links to what holds the source",
            &[
                "y.png",
                "in/x.png",
                "in/a/b.png",
                "in/a/parent -> {here}",
                "in/all -> /",
            ],
            &["a/b.png", "x.png"],
        ),
        (
            "two links to one folder elsewhere",
            &["far/x.png", "in/b -> ../far", "in/a -> {here}/far"],
            &["a/x.png"],
        ),
        (
            "a link into what another link leads to",
            &[
                "far/x.png",
                "far/sub/y.png",
                "in/a -> ../far/sub",
                "in/b -> ../far",
            ],
            &["a/y.png", "b/x.png"],
        ),
        (
            "links back from elsewhere",
            &[
                "far/x.png",
                "far/back -> {here}",
                "far/to -> {here}/in",
                "in/a -> ../far",
            ],
            &["a/x.png"],
        ),
        (
            "links to images",
            &[
                "far.png",
                "in/x.png",
                "in/y.png -> x.png",
                "in/z.png -> ../far.png",
            ],
            &["x.png", "y.png", "z.png"],
        ),
        (
            "a Wine prefix",
            &[
                "in/drive_c/users/me/x.png",
                "in/drive_c/users/me/Documents -> {here}",
                "in/dosdevices/c: -> ../drive_c",
                "in/dosdevices/z: -> /",
            ],
            &["drive_c/users/me/x.png"],
        ),
        (
            "packages of pnpm",
            &[
                "in/node_modules/.pnpm/foo@1/node_modules/foo/x.png",
                "in/node_modules/.pnpm/bar@1/node_modules/bar/y.png",
                "in/node_modules/.pnpm/bar@1/node_modules/foo -> ../../foo@1/node_modules/foo",
                "in/node_modules/bar -> .pnpm/bar@1/node_modules/bar",
                "in/node_modules/foo -> .pnpm/foo@1/node_modules/foo",
            ],
            &["node_modules/bar/y.png", "node_modules/foo/x.png"],
        ),
    ];
    for (case, entries, expected) in cases {
        assert_eq!(walked(&tree(entries), "in", false).0, expected, "{case}");
    }
}

#[test]
fn folders_that_link_to_each_other_give_each_image_once() {
    for count in [4, 9] {
        let mut entries = Vec::new();
        for a in 0..count {
            entries.push(format!("in/{a}/x.png"));
            let others = (0..count).filter(|b| *b != a);
            entries.extend(others.map(|b| format!("in/{a}/to{b} -> ../{b}")));
        }
        let entries: Vec<_> = entries.iter().map(String::as_str).collect();
        let expected: Vec<_> = (0..count).map(|a| format!("{a}/x.png")).collect();
        assert_eq!(walked(&tree(&entries), "in", false).0, expected);
    }
}

#[test]
fn hidden_files_and_folders_of_systems_are_left_out_and_counted() {
    let hidden = [
        ".hidden.png",
        ".thumbnails/t.png",
        "._a.png",
        ".AppleDouble/a.png",
        ".Trashes/501/t.png",
        "__MACOSX/._a.png",
        "@eaDir/a.png/SYNOPHOTO_THUMB_XL.jpg",
        "#recycle/r.png",
        "$RECYCLE.BIN/r.png",
        "$Recycle.Bin2/kept.png",
        "System Volume Information/s.png",
        "sub/lost+found/l.png",
        "links -> .thumbnails",
        ".link -> sub",
    ];
    let plain = ["a.png", "sub/b.png", ".notes.txt", "a.b/c.png"];
    let entries: Vec<_> = hidden
        .iter()
        .chain(&plain)
        .map(|e| format!("in/{e}"))
        .collect();
    let entries: Vec<_> = entries.iter().map(String::as_str).collect();
    let folder = tree(&entries);
    let (found, left_out) = walked(&folder, "in", false);
    let expected = [
        "$Recycle.Bin2/kept.png",
        "a.b/c.png",
        "a.png",
        "links/t.png",
        "sub/b.png",
    ];
    assert_eq!(found, expected);
    assert_eq!(left_out, 12);
    // Whatever is named is taken, hidden or not.
    assert_eq!(walked(&folder, "in/.thumbnails", false).0, ["t.png"]);
    let (found, left_out) = walked(&folder, "in", true);
    assert_eq!((found.len(), left_out), (15, 0), "{found:?}");
}

#[test]
fn the_output_folder_and_a_batchs_own_are_never_read() {
    let folder = tree(&["x.png", "out/y.png", "link -> out", ".cutout/z.png"]);
    let root = folder.path();
    let mut wanted = ByImageName { hidden: true };
    let held = below(root, root, &root.join("out"), &mut wanted);
    assert_eq!(held.files, [root.join("x.png")]);
    assert!(held.problems.is_empty());
}

#[test]
fn what_cannot_be_looked_at_is_a_problem_if_it_may_be_an_image() {
    let folder = tree(&[
        "gone.png -> nowhere",
        "gone.txt -> nowhere",
        ".gone.png -> nowhere",
    ]);
    let root = folder.path();
    let held = below(root, root, root, &mut ByImageName { hidden: false });
    let problems: Vec<_> = held.problems.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(problems, [root.join("gone.png")]);
    let missing = root.join("missing");
    let held = below(&missing, &missing, root, &mut ByImageName { hidden: false });
    assert_eq!(held.problems[0].0, missing);
}
