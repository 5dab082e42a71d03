//! Help and manual, as people read them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use host_harness::Kind;

use crate::support::{cutout, finish, root};

#[test]
fn the_docs_list_every_kind_of_error() {
    let docs = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let rows: Vec<_> = docs
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let kinds = Kind::all();
    let expected = kinds
        .iter()
        .map(|kind| format!("| `{}` | {} |", kind.as_str(), kind.meaning()));
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

/// The variables that sources below a folder read when they run, and not when they are compiled.
fn variables(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            variables(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(path).unwrap();
            for (at, _) in text.match_indices("\"CUTOUT_") {
                let name = text[at + 1..].split('"').next().unwrap();
                let is_name = name
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_uppercase());
                if is_name && !text[..at].ends_with("env!(") {
                    found.insert(name.to_owned());
                }
            }
        }
    }
}

#[test]
fn the_page_on_the_environment_has_every_variable_that_is_read_and_no_other() {
    let mut read = BTreeSet::new();
    for folder in ["host-harness/src", "actor/src", "crates"] {
        variables(&root().join(folder), &mut read);
    }
    let page = fs::read_to_string(root().join("docs/environment.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `CUTOUT"));
    let first = rows.map(|row| row.split('|').nth(1).unwrap());
    let named: BTreeSet<String> = first
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned))
        .collect();
    assert_eq!(named, read);
    assert!(read.len() >= 10, "{read:?}");
}

#[test]
fn the_page_on_security_has_the_defaults_of_every_limit() {
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let (done, _) = finish(cutout().args(["serve", "--help"]));
    let help = String::from_utf8(done.stdout).unwrap().to_lowercase();
    let mut rows = 0;
    for row in page.lines().filter(|line| line.starts_with("| `--")) {
        let (flag, rest) = row[3..].split_once('`').unwrap();
        let default = rest.trim_matches([' ', '|']);
        // The flag's own part of the help ends where the next one begins.
        let own = help.split_once(&format!("      {flag} <")).unwrap().1;
        let own = own.split("\n      --").next().unwrap();
        let words: String = own.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words.rsplit_once("default: ").map(|(_, default)| default);
        let said = said.unwrap_or(&words).trim_matches(['.', ']']);
        let is_number = said.chars().all(|c| c.is_ascii_digit());
        let number = default.split(' ').next().unwrap();
        assert!(
            if is_number {
                said == number
            } else {
                words.contains(number)
            },
            "{flag}: {default:?} and {words:?}"
        );
        rows += 1;
    }
    assert!(rows >= 10, "{rows}");
}

#[test]
fn every_man_page_has_its_version_environment_and_the_sections_of_its_verb() {
    let folder = tempfile::tempdir().unwrap();
    let (done, said) = finish(cutout().arg("man").arg(folder.path()));
    assert!(done.status.success(), "{said}");
    let all = ["VERSION", "ENVIRONMENT"];
    let verb = ["EXAMPLES", "EXIT STATUS"];
    for (page, sections) in [
        ("cutout", &["EXIT STATUS", "ERROR KINDS"][..]),
        ("cutout-run", &verb),
        ("cutout-batch", &verb),
        ("cutout-serve", &verb),
        ("cutout-health", &verb),
        ("cutout-bake", &verb),
        ("cutout-bench", &verb),
        ("cutout-doctor", &verb),
        ("cutout-completions", &[]),
    ] {
        let text = fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap();
        for section in all.iter().chain(sections) {
            assert_eq!(heads(&text, section), 1, "{page}: {section}");
        }
    }
}

/// How often a section of that name begins.
fn heads(page: &str, section: &str) -> usize {
    let plain = format!(".SH {section}");
    let quoted = format!(".SH \"{section}\"");
    page.lines()
        .filter(|line| **line == *plain || **line == *quoted)
        .count()
}

#[test]
fn the_long_help_of_a_verb_has_examples() {
    for verb in ["run", "batch", "serve", "health", "bake", "bench", "doctor"] {
        let (done, said) = finish(cutout().args([verb, "--help"]));
        assert!(done.status.success(), "{said}");
        let help = String::from_utf8(done.stdout).unwrap();
        assert!(help.contains("Examples:\n  "), "{verb}: {help}");
        assert!(help.contains("Exit status:\n  0"), "{verb}: {help}");
    }
}
