//! Patterns of names, as shells have them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::inputs::{self, Inputs};
use super::results::Results;
use super::walk::{self, Wanted, is_hidden};
use crate::{Error, Kind};

/// A pattern: `*` and `?` end at `/`, `**` does not, `[…]` and `{a,b}` choose.
struct Pattern {
    whole: GlobMatcher,
    /// Where the search begins: the parts that choose nothing.
    root: PathBuf,
    /// Whether the pattern says nothing of the root.
    is_here: bool,
    /// Of folders below the root, by depth, as far as that is certain.
    folders: Vec<GlobMatcher>,
    /// Of parts that name what is hidden.
    hidden: Vec<GlobMatcher>,
    takes_hidden: bool,
    max_depth: usize,
}

fn glob(text: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher())
}

impl Pattern {
    fn new(text: &str, takes_hidden: bool) -> Result<Self, globset::Error> {
        let is_plain = |part: &&OsStr| !part.to_string_lossy().contains(['*', '?', '[', '{']);
        let root: PathBuf = Path::new(text).iter().take_while(is_plain).collect();
        let is_here = root.as_os_str().is_empty();
        let parts: Vec<&str> = (Path::new(text).iter().skip(root.iter().count()))
            .filter_map(OsStr::to_str)
            .collect();
        let is_deep = text.contains("**");
        let certain = parts.iter().take_while(|part| !part.contains("**"));
        let certain: Result<Vec<_>, _> = certain.map(|part| glob(part)).collect();
        let named = parts.iter().filter(|part| is_hidden(OsStr::new(part)));
        Ok(Self {
            // As walks write paths: without doubled slashes, and dots between them.
            whole: glob(
                &Path::new(text)
                    .iter()
                    .collect::<PathBuf>()
                    .to_string_lossy(),
            )?,
            root: if is_here { PathBuf::from(".") } else { root },
            is_here,
            // A choice between whole paths, {a/b,c}, has no parts that stand alone.
            folders: certain.unwrap_or_default(),
            hidden: named.filter_map(|part| glob(part).ok()).collect(),
            takes_hidden,
            max_depth: if is_deep { usize::MAX } else { parts.len() },
        })
    }

    /// The path as the pattern would write it.
    fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        match path.strip_prefix(".") {
            Ok(below) if self.is_here => below,
            _ => path,
        }
    }
}

impl Wanted for Pattern {
    fn file(&self, path: &Path) -> bool {
        self.whole.is_match(self.shown(path))
    }

    fn folder(&self, path: &Path, depth: usize) -> bool {
        let name = path.file_name().unwrap_or_default();
        let part = self.folders.get(depth - 1);
        depth < self.max_depth && part.is_none_or(|part| part.is_match(name))
    }

    fn hidden(&self, name: &OsStr) -> bool {
        self.takes_hidden || self.hidden.iter().any(|part| part.is_match(name))
    }
}

/// Takes what matches `text` into `found`.
pub(super) fn take(
    text: &str,
    out: &Path,
    results: &Results<'_>,
    hidden: bool,
    found: &mut Inputs,
) {
    let mut pattern = match Pattern::new(text, hidden) {
        Ok(pattern) => pattern,
        Err(error) => {
            let why = format!("the pattern cannot be read: {error}");
            let problem = (PathBuf::from(text), Error::new(Kind::Usage, why));
            found.problems.push(problem);
            return;
        }
    };
    let root = pattern.root.clone();
    let held = walk::below(&root, &root, out, &mut pattern);
    let is_match = |path: &Path| pattern.file(path);
    let problems = held.problems.into_iter();
    (found.problems).extend(problems.filter(|(path, _)| is_match(path) || path.is_dir()));
    let matches = held.files.iter().map(|path| pattern.shown(path).to_owned());
    let (made, matches): (Vec<_>, Vec<_>) =
        matches.partition(|path| found.leaves_out(path, results));
    if matches.is_empty() {
        let why = match (made.is_empty(), held.hidden) {
            (false, _) => "the pattern matches results of batches only",
            (true, 0) => "nothing matches the pattern",
            (true, _) => "nothing matches the pattern but what is hidden; --hidden takes that",
        };
        let problem = (PathBuf::from(text), Error::new(Kind::Io, why));
        found.problems.push(problem);
    }
    found.hidden += held.hidden;
    inputs::group(&matches, found);
}
