//! Manifests of other batches above the images.

use super::*;

#[test]
fn a_manifest_above_the_images_is_not_waited_for_and_not_read_without_end() {
    let top = folder(&["mine/in/a.png"]);
    let at = |name: &str| top.path().join(name);
    fs::create_dir(at(".cutout")).unwrap();
    let manifest = at(".cutout/manifest.jsonl");
    type Make = fn(&Path);
    let cases: [(&str, Make); 4] = [
        ("no regular file", fifo),
        ("it is a link", |path| symlink("/dev/zero", path).unwrap()),
        ("above 512 MiB", |path| {
            File::create(path).unwrap().set_len(1 << 40).unwrap();
        }),
        // Zeros, in one line without an end.
        ("", |path| {
            File::create(path).unwrap().set_len(1 << 28).unwrap();
        }),
    ];
    for (words, make) in cases {
        make(&manifest);
        let out = tempfile::tempdir().unwrap();
        let (code, said) = bounded(&native(out.path(), &at("mine/in")));
        assert_eq!((code, names(out.path()).len()), (0, 1), "{said}");
        let told = said.contains("manifest.jsonl is not used") && said.contains(words);
        assert_eq!(told, !words.is_empty(), "{words}: {said}");
        fs::remove_file(&manifest).unwrap();
    }
}

#[test]
fn manifests_above_the_images_are_read_up_to_a_limit_for_all_and_each_file_once() {
    for is_one in [true, false] {
        let top = folder(&["mine/in/a.png"]);
        let [near, far] = ["mine", "."].map(|name| top.path().join(name).join(".cutout"));
        let files = [&near, &far].map(|folder| {
            fs::create_dir(folder).unwrap();
            folder.join("manifest.jsonl")
        });
        let [near, far] = &files;
        File::create(near).unwrap().set_len(300 << 20).unwrap();
        if is_one {
            fs::hard_link(near, far).unwrap();
        } else {
            File::create(far).unwrap().set_len(300 << 20).unwrap();
        }
        let out = tempfile::tempdir().unwrap();
        let (code, said) = bounded(&native(out.path(), &top.path().join("mine/in")));
        assert_eq!((code, names(out.path()).len()), (0, 1), "{said}");
        let told = said.contains("above 512 MiB; results of that batch are taken for images");
        assert_eq!(told, !is_one, "{said}");
    }
}

#[test]
fn images_that_a_manifest_above_them_hides_are_counted_by_its_folder() {
    let top = folder(&["mine/in/a.png", "mine/in/b.png", "mine/in/c.png"]);
    let at = |name: &str| top.path().join(name);
    fs::create_dir(at(".cutout")).unwrap();
    let lines = begun("mine/in/a.png", &image(0)) + &begun("mine/in/b.png", &image(1));
    fs::write(at(".cutout/manifest.jsonl"), lines).unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("report.jsonl");
    let mut command = batch(&out.path().join("out"));
    command.arg(at("mine/in")).arg("--report").arg(&file);
    let (done, said) = finish(&mut command);
    assert!(done.status.success(), "{said}");
    let told = format!("results of the batch in {}: 2\n", top.path().display());
    assert!(said.contains(&told), "{said}");
    let records = report(&file);
    let whole = records.iter().find(|record| record["left_out"] == 2);
    assert_eq!(whole.unwrap()["batch"], top.path().to_str().unwrap());
    assert_eq!(records.len(), 2);
}

#[test]
fn a_manifest_that_others_may_have_written_hides_nothing() {
    let top = folder(&["mine/in/a.png"]);
    let at = |name: &str| top.path().join(name);
    let manifest = at(".cutout/manifest.jsonl");
    fs::create_dir(at(".cutout")).unwrap();
    fs::write(&manifest, begun("mine/in/a.png", &image(0))).unwrap();
    let taken = || {
        let out = tempfile::tempdir().unwrap();
        let (_, said) = finish(batch(out.path()).arg(at("mine/in")));
        let taken = names(out.path()).len() == 1;
        assert_eq!(said.contains("manifest.jsonl is not used"), taken, "{said}");
        taken
    };
    assert!(!taken());
    for (path, open, closed) in [(&manifest, 0o666, 0o664), (&at(".cutout"), 0o777, 0o775)] {
        let set = |mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(open);
        assert!(taken(), "{}", path.display());
        set(closed);
        assert!(!taken(), "{}", path.display());
    }
    if chown(&manifest, Some(65534), Some(65534)).is_err() {
        println!("skip: only root may give files away");
        return;
    }
    assert!(taken());
    // Options of the images' owner are trusted, whoever asks.
    chown(at("mine/in/a.png"), Some(65534), None).unwrap();
    assert!(!taken());
}
