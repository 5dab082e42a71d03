//! Names of results: one for every image, never that of an original, and none twice, not even by another case or another
//! Unicode normal form.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

mod safe;

use super::folded::Folded;
use super::inputs::Input;
use super::state_folder;
use crate::files::{self, FileId, file_id};

pub(super) use safe::forbidden;

/// Longest name of a file that the usual file systems take, in bytes.
const MAX_NAME: usize = 255;

/// Where one image's results go, below the output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The result.
    pub(super) main: PathBuf,
    /// The mask beside it.
    pub(super) mask: Option<PathBuf>,
    /// Whether the plain name was somebody else's.
    pub(super) moved: bool,
}

/// Whether what stands at a path below the output folder is a result, so that the next one may take its place.
pub(super) type IsOurs<'a> = dyn Fn(&Path, &Metadata) -> bool + Sync + 'a;

/// Gives names, and remembers whose they are.
pub(super) struct Names<'a> {
    out: PathBuf,
    extension: &'static str,
    mask: bool,
    /// Whether names are free of what shares forbid.
    safe: bool,
    is_ours: &'a IsOurs<'a>,
    /// Results of earlier runs, by their images' places.
    owners: HashMap<PathBuf, PathBuf>,
    originals: HashSet<FileId>,
    given: HashMap<PathBuf, Name>,
    taken: HashSet<Folded>,
}

impl<'a> Names<'a> {
    /// Names with `extension` for results in the folder `out`; with `mask`, also for masks; with `safe`, of what every share
    /// takes.
    pub(super) fn new(
        out: &Path,
        extension: &'static str,
        mask: bool,
        safe: bool,
        is_ours: &'a IsOurs<'a>,
        owners: HashMap<PathBuf, PathBuf>,
    ) -> Self {
        Self {
            out: out.to_owned(),
            extension,
            mask,
            safe,
            is_ours,
            owners,
            originals: HashSet::new(),
            given: HashMap::new(),
            taken: HashSet::new(),
        }
    }

    /// Keeps `path` from being given, if it is below the output folder, whatever that is called in it.
    pub(super) fn reserve(&mut self, path: &Path) {
        let below = files::place_below(&self.out, path);
        self.taken.extend(below.as_deref().map(Folded::from));
    }

    /// Names for images that come together, in their order: the one they had, or the plain one for whoever has it
    /// alone.
    pub(super) fn all(&mut self, inputs: &[Input]) -> Vec<Name> {
        self.originals
            .extend(inputs.iter().filter_map(|input| file_id(&input.path)));
        let mut wanted: HashMap<Folded, usize> = HashMap::new();
        for input in inputs {
            // A folder of the tree is no name for a result.
            let place = self.place(input);
            let folders = place.ancestors().skip(1);
            self.taken.extend(folders.map(Folded::from));
            for path in self.paths(&self.plain(input)) {
                *wanted.entry(path.as_path().into()).or_default() += 1;
            }
        }
        let mut names: Vec<Option<Name>> = inputs.iter().map(|input| self.had(input)).collect();
        for (input, name) in inputs
            .iter()
            .zip(&mut names)
            .filter(|(_, name)| name.is_none())
        {
            let stem = self.plain(input);
            let is_one = |path: &PathBuf| wanted.get(&path.as_path().into()) == Some(&1);
            let alone = self.paths(&stem).iter().all(is_one);
            if alone && self.is_free(&stem) {
                *name = Some(self.give(input, stem));
            }
        }
        let names = inputs.iter().zip(names);
        names
            .map(|(input, name)| name.unwrap_or_else(|| self.qualified(input)))
            .collect()
    }

    /// The name that the image's result has had since an earlier run, if it can be kept.
    fn had(&mut self, input: &Input) -> Option<Name> {
        let main = self.owners.get(&input.relative)?;
        if self.safe && forbidden(main).is_some() {
            return None;
        }
        let ending = format!(".{}", self.extension);
        let name = main.file_name()?.as_bytes();
        let stem = name.strip_suffix(ending.as_bytes())?;
        let stem = main.with_file_name(OsStr::from_bytes(stem));
        (self.is_free(&stem)).then(|| self.give(input, stem))
    }

    /// The name of one image that comes by itself, the same whenever it comes.
    pub(super) fn one(&mut self, input: &Input) -> Name {
        if let Some(name) = self.given.get(&input.path) {
            return name.clone();
        }
        self.originals.extend(file_id(&input.path));
        if let Some(name) = self.had(input) {
            return name;
        }
        let stem = self.plain(input);
        if self.is_free(&stem) {
            return self.give(input, stem);
        }
        self.qualified(input)
    }

    /// The whole old name stays in the new one, numbered where even that is not enough.
    fn qualified(&mut self, input: &Input) -> Name {
        let place = self.place(input);
        let name = place.file_name().unwrap_or_default();
        let mut number = 1;
        loop {
            let mut stem = name.to_owned();
            if number > 1 {
                stem.push(format!("-{number}"));
            }
            let stem = place.with_file_name(stem);
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
                    !metadata.is_dir() && !is_original && (self.is_ours)(path, &metadata)
                }
            };
            !path.starts_with(state_folder::NAME)
                && may_be_replaced
                && !self.taken.contains(&path.as_path().into())
        })
    }

    fn give(&mut self, input: &Input, stem: PathBuf) -> Name {
        let moved = stem != self.plain(input);
        let mut paths = self.paths(&stem).into_iter();
        let name = Name {
            main: paths.next().unwrap_or(stem),
            mask: paths.next(),
            moved,
        };
        self.taken.insert(name.main.as_path().into());
        self.taken.extend(name.mask.as_deref().map(Folded::from));
        self.given.insert(input.path.clone(), name.clone());
        name
    }

    /// The image's place in the tree of results.
    fn place(&self, input: &Input) -> PathBuf {
        if self.safe {
            safe::safe(&input.relative)
        } else {
            input.relative.clone()
        }
    }

    /// The image's place without its extension.
    fn plain(&self, input: &Input) -> PathBuf {
        let place = self.place(input);
        place.with_file_name(place.file_stem().unwrap_or_default())
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
