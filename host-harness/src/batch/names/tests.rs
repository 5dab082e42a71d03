use proptest::prelude::*;

use super::*;

fn input(relative: &str) -> Input {
    Input {
        path: Path::new("/none").join(relative),
        relative: relative.into(),
    }
}

fn names(out: &str, mask: bool) -> Names<'static> {
    Names::new(Path::new(out), "png", mask, &|_| false, HashMap::new())
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
    let cases: [(&[&str], bool, &[&str]); 5] = [
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
fn a_picture_that_comes_again_keeps_its_name() {
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
    let is_ours = |path: &Path| path == Path::new("a.png");
    let owners = HashMap::from([("a.jpg".into(), "a.png".into())]);
    let mut names = Names::new(out.path(), "png", false, &is_ours, owners);
    names.reserve(&out.path().join("sheet.png"));
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

proptest! {
    #[test]
    fn no_two_pictures_share_a_name(relatives in prop::collection::vec("(a/)?[ab](\\.(mask|jpg|png|2)){0,3}(-2)?\\.(jpg|png)", 1..12)) {
        let mut relatives = relatives;
        relatives.sort();
        let inputs: Vec<Input> = relatives.iter().map(|r| input(r)).collect();
        let names = names("/nowhere", true).all(&inputs);
        let all: Vec<_> = names.iter().flat_map(|n| [Some(n.main.clone()), n.mask.clone()]).flatten().collect();
        let different: HashSet<_> = all.iter().collect();
        prop_assert_eq!(different.len(), all.len());
    }
}
