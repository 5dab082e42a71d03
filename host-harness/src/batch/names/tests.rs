use proptest::prelude::*;

use super::*;

fn input(relative: &str) -> Input {
    Input {
        path: Path::new("/none").join(relative),
        relative: relative.into(),
    }
}

fn names(out: &str, mask: bool) -> Names<'static> {
    Names::new(
        Path::new(out),
        "png",
        mask,
        false,
        &|_, _| false,
        HashMap::new(),
    )
}

fn mains(relatives: &[&str], mask: bool) -> Vec<String> {
    let inputs: Vec<Input> = relatives.iter().map(|r| input(r)).collect();
    let names = names("/nowhere", mask).all(&inputs);
    names
        .iter()
        .map(|name| name.main.display().to_string())
        .collect()
}

#[test]
fn whoever_is_alone_gets_the_plain_name_and_the_others_names_that_say_so() {
    let cases: [(&[&str], bool, &[&str]); 10] = [
        (&["a/b.jpg", "b.jpg"], false, &["a/b.png", "b.png"]),
        (&["a.jpg", "a.png"], false, &["a.jpg.png", "a.png.png"]),
        (
            &["a.jpg", "a.jpg.webp", "a.png"],
            false,
            &["a.jpg-2.png", "a.jpg.png", "a.png.png"],
        ),
        (&["x.jpg", "x.jpg"], false, &["x.jpg.png", "x.jpg-2.png"]),
        (
            &["a.jpg", "a.mask.jpg"],
            true,
            &["a.jpg.png", "a.mask.jpg.png"],
        ),
        (
            &["IMG_1.PNG", "img_1.jpg"],
            false,
            &["IMG_1.PNG.png", "img_1.jpg.png"],
        ),
        (&["A.jpg", "a.jpg"], false, &["A.jpg.png", "a.jpg-2.png"]),
        (
            &["e\u{301}.jpg", "\u{e9}.gif"],
            false,
            &["e\u{301}.jpg.png", "\u{e9}.gif.png"],
        ),
        (
            &["A/x.jpg", "a/X.png", "a/y.png"],
            false,
            &["A/x.jpg.png", "a/X.png.png", "a/y.png"],
        ),
        // A folder, too, has its name alone.
        (
            &["X.PNG/a.jpg", "x.jpg"],
            false,
            &["X.PNG/a.png", "x.jpg.png"],
        ),
    ];
    for (relatives, mask, expected) in cases {
        assert_eq!(mains(relatives, mask), expected, "{relatives:?}");
    }
}

#[test]
fn a_name_that_would_be_too_long_is_cut_between_characters() {
    let long = "é".repeat(125) + ".jpg";
    let name = &mains(&[&long], true)[0];
    assert_eq!(name, &("é".repeat(125) + ".png"));
    let clash = [
        format!("{}.jpg", "é".repeat(125)),
        format!("{}.gif", "é".repeat(125)),
    ];
    let names = mains(&[&clash[0], &clash[1]], true);
    assert_ne!(names[0], names[1]);
    assert!(
        names
            .iter()
            .all(|name| name.len() <= 255 && name.contains('~')),
        "{names:?}"
    );
}

#[test]
fn an_image_that_comes_again_keeps_its_name() {
    let mut names = names("/nowhere", false);
    let first = names.one(&input("a.jpg"));
    let second = names.one(&input("a.gif"));
    assert_eq!(first.main, Path::new("a.png"));
    assert_eq!(
        (second.main.to_str(), second.moved),
        (Some("a.gif.png"), true)
    );
    assert_eq!(names.one(&input("a.jpg")), first);
}

#[test]
fn a_name_that_was_had_is_kept_and_what_is_not_ours_is_not_taken() {
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("a.png"), "ours").unwrap();
    std::fs::write(out.path().join("b.png"), "somebody's").unwrap();
    std::fs::create_dir(out.path().join("c.png")).unwrap();
    let is_ours = |path: &Path, _: &Metadata| path == Path::new("a.png");
    let owners = HashMap::from([("a.jpg".into(), "a.png".into())]);
    let mut names = Names::new(out.path(), "png", false, false, &is_ours, owners);
    std::os::unix::fs::symlink(".", out.path().join("here")).unwrap();
    names.reserve(&out.path().join("here/Sheet.PNG"));
    let inputs = [
        "a.gif",
        "a.jpg",
        "b.jpg",
        "c.jpg",
        "d.jpg",
        "d.png/x.jpg",
        "sheet.jpg",
    ]
    .map(input);
    let given = names.all(&inputs);
    let given: Vec<_> = given
        .iter()
        .map(|name| name.main.to_str().unwrap())
        .collect();
    let expected = [
        "a.gif.png",
        "a.png",
        "b.jpg.png",
        "c.jpg.png",
        "d.jpg.png",
        "d.png/x.png",
        "sheet.jpg.png",
    ];
    assert_eq!(given, expected);
}

#[test]
fn safe_names_are_free_of_what_shares_forbid_and_collide_with_none() {
    let relatives = [
        "a:b/x.jpg",
        "a?b/x.gif",
        "aux.jpg",
        "what?.jpg",
        "what_.jpg",
    ];
    let inputs = relatives.map(input);
    // Made without, somewhere else.
    let owners = HashMap::from([
        ("aux.jpg".into(), "aux.png".into()),
        ("what_.jpg".into(), "what_.png".into()),
    ]);
    let out = Path::new("/nowhere");
    let mut names = Names::new(out, "png", true, true, &|_, _| false, owners);
    let given = names.all(&inputs);
    let mains: Vec<_> = given
        .iter()
        .map(|name| name.main.to_str().unwrap())
        .collect();
    let expected = [
        "a_b/x.jpg.png",
        "a_b/x.gif.png",
        "aux_.png",
        "what_.jpg.png",
        "what_.png",
    ];
    assert_eq!(mains, expected);
    let moved: Vec<_> = given.iter().map(|name| name.moved).collect();
    assert_eq!(moved, [true, true, false, true, false]);
    assert_eq!(names.one(&inputs[2]).mask, Some("aux_.mask.png".into()));
}

proptest! {
    #[test]
    fn no_two_images_share_a_name(relatives in prop::collection::vec("([aA]/)?[aAb\u{e9}\u{c9}](\\.(mask|jpg|png|2)){0,3}(-2)?\\.(jpg|png)", 1..12)) {
        let mut relatives = relatives;
        relatives.sort();
        let inputs: Vec<Input> = relatives.iter().map(|r| input(r)).collect();
        let names = names("/nowhere", true).all(&inputs);
        let all: Vec<_> = names.iter().flat_map(|n| [Some(n.main.clone()), n.mask.clone()]).flatten().collect();
        let different: HashSet<_> = all.iter().map(|path| Folded::from(&**path)).collect();
        prop_assert_eq!(different.len(), all.len());
    }
}
