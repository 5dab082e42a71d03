//! Names of results: one for every picture, none twice, never that of an original.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::inputs::Input;
use crate::files::{FileId, file_id};

/// Longest name of a file that the usual file systems take, in bytes.
const MAX_NAME: usize = 255;

/// Where one picture's results go, below the output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The result.
    pub(super) main: PathBuf,
    /// The mask beside it.
    pub(super) mask: Option<PathBuf>,
    /// Whether the plain name was somebody else's.
    pub(super) moved: bool,
}

/// Gives names, and remembers whose they are.
pub(super) struct Names<'a> {
    out: PathBuf,
    extension: &'static str,
    mask: bool,
    /// Whether a file below the output folder is a result, so that the next one may take its place.
    is_ours: &'a (dyn Fn(&Path) -> bool + Sync),
    /// Results of earlier runs, by their pictures' places.
    owners: HashMap<PathBuf, PathBuf>,
    originals: HashSet<FileId>,
    given: HashMap<PathBuf, Name>,
    taken: HashSet<PathBuf>,
}

impl<'a> Names<'a> {
    /// Names with `extension` for results in the folder `out`; with `mask`, also for masks.
    pub(super) fn new(
        out: &Path,
        extension: &'static str,
        mask: bool,
        is_ours: &'a (dyn Fn(&Path) -> bool + Sync),
        owners: HashMap<PathBuf, PathBuf>,
    ) -> Self {
        Self {
            out: out.to_owned(),
            extension,
            mask,
            is_ours,
            owners,
            originals: HashSet::new(),
            given: HashMap::new(),
            taken: HashSet::new(),
        }
    }

    /// Keeps `path`, a whole one, from being given.
    pub(super) fn reserve(&mut self, path: &Path) {
        let whole =
            std::path::absolute(&self.out).and_then(|out| Ok((out, std::path::absolute(path)?)));
        if let Ok((out, path)) = whole
            && let Ok(below) = path.strip_prefix(out)
        {
            self.taken.insert(below.to_owned());
        }
    }

    /// Names for pictures that come together, in their order: the one they had, or the plain one for whoever has it
    /// alone.
    pub(super) fn all(&mut self, inputs: &[Input]) -> Vec<Name> {
        self.originals
            .extend(inputs.iter().filter_map(|input| file_id(&input.path)));
        let mut wanted: HashMap<PathBuf, usize> = HashMap::new();
        for input in inputs {
            // A folder of the tree is no name for a result.
            let folders = input.relative.ancestors().skip(1);
            self.taken.extend(folders.map(Path::to_owned));
            for path in self.paths(&plain(input)) {
                *wanted.entry(path).or_default() += 1;
            }
        }
        let mut names: Vec<Option<Name>> = inputs.iter().map(|input| self.had(input)).collect();
        for (input, name) in inputs
            .iter()
            .zip(&mut names)
            .filter(|(_, name)| name.is_none())
        {
            let stem = plain(input);
            let alone = (self.paths(&stem).iter()).all(|path| wanted.get(path) == Some(&1));
            if alone && self.is_free(&stem) {
                *name = Some(self.give(input, stem));
            }
        }
        let names = inputs.iter().zip(names);
        names
            .map(|(input, name)| name.unwrap_or_else(|| self.qualified(input)))
            .collect()
    }

    /// The name that the picture's result has had since an earlier run, if it can be kept.
    fn had(&mut self, input: &Input) -> Option<Name> {
        let main = self.owners.get(&input.relative)?;
        let ending = format!(".{}", self.extension);
        let name = main.file_name()?.as_bytes();
        let stem = name.strip_suffix(ending.as_bytes())?;
        let stem = main.with_file_name(OsStr::from_bytes(stem));
        (self.is_free(&stem)).then(|| self.give(input, stem))
    }

    /// The name of one picture that comes by itself, the same whenever it comes.
    pub(super) fn one(&mut self, input: &Input) -> Name {
        if let Some(name) = self.given.get(&input.path) {
            return name.clone();
        }
        self.originals.extend(file_id(&input.path));
        if let Some(name) = self.had(input) {
            return name;
        }
        let stem = plain(input);
        if self.is_free(&stem) {
            return self.give(input, stem);
        }
        self.qualified(input)
    }

    /// The whole old name stays in the new one, numbered where even that is not enough.
    fn qualified(&mut self, input: &Input) -> Name {
        let name = input.relative.file_name().unwrap_or_default();
        let mut number = 1;
        loop {
            let mut stem = name.to_owned();
            if number > 1 {
                stem.push(format!("-{number}"));
            }
            let stem = input.relative.with_file_name(stem);
            if self.is_free(&stem) {
                return self.give(input, stem);
            }
            number += 1;
        }
    }

    /// Whether nobody has `stem`'s names, and nothing stands there that is not ours to replace.
    fn is_free(&self, stem: &Path) -> bool {
        self.paths(stem).iter().all(|path| {
            let at = self.out.join(path);
            let may_be_replaced = match at.symlink_metadata() {
                Err(_) => true,
                Ok(metadata) => {
                    let is_original = file_id(&at).is_some_and(|id| self.originals.contains(&id));
                    !metadata.is_dir() && !is_original && (self.is_ours)(path)
                }
            };
            may_be_replaced && !self.taken.contains(path)
        })
    }

    fn give(&mut self, input: &Input, stem: PathBuf) -> Name {
        let moved = stem != plain(input);
        let mut paths = self.paths(&stem).into_iter();
        let name = Name {
            main: paths.next().unwrap_or(stem),
            mask: paths.next(),
            moved,
        };
        self.taken.insert(name.main.clone());
        self.taken.extend(name.mask.clone());
        self.given.insert(input.path.clone(), name.clone());
        name
    }

    /// The result's path, then the mask's.
    fn paths(&self, stem: &Path) -> Vec<PathBuf> {
        let mut paths = vec![with_ending(stem, self.extension)];
        if self.mask {
            paths.push(with_ending(stem, "mask.png"));
        }
        paths
    }
}

/// The picture's place without its extension.
fn plain(input: &Input) -> PathBuf {
    let stem = input.relative.file_stem().unwrap_or_default();
    input.relative.with_file_name(stem)
}

/// `stem` and `.ending`; a name that would be too long ends in a digest of itself.
fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let name = stem.file_name().unwrap_or_default().as_bytes();
    let room = MAX_NAME - ending.len() - 1;
    let mut short = name.to_vec();
    if name.len() > room {
        let digest = blake3::hash(name).to_hex();
        short.truncate(cut(name, room - 9));
        short.push(b'~');
        short.extend(&digest.as_bytes()[..8]);
    }
    let mut file = OsString::from_vec(short);
    file.push(".");
    file.push(OsStr::new(ending));
    stem.with_file_name(file)
}

/// The largest length up to `most` that does not cut a character in two.
fn cut(name: &[u8], most: usize) -> usize {
    let is_middle = |&at: &usize| name.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (most.saturating_sub(3)..=most)
        .rev()
        .find(|at| !is_middle(at))
        .unwrap_or(most)
}

#[cfg(test)]
mod tests;
