//! What the lines of a manifest say together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::folded::Folded;
use super::manifest_line::{DoneImage, ManifestLine, WrittenFile};
use super::path_text::PathText;
use crate::files::file_id;

/// The sum of all lines.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) entries: HashMap<PathText, DoneImage>,
    /// By path, what was written there last, and before if that is not sure: a kill may come between saying and doing.
    made: HashMap<PathText, Vec<WrittenFile>>,
    /// Paths of `made` that some file systems take for one.
    alike: HashMap<Folded, Vec<PathText>>,
    sheets: HashMap<PathText, WrittenFile>,
}

impl History {
    /// Adds what `line` says.
    pub(super) fn take(&mut self, line: ManifestLine) {
        match line {
            ManifestLine::Begun(files) => {
                for made in files {
                    // Most lists stay as short as this, and there may be millions.
                    let known = self.made.entry(made.path.clone());
                    let known = known.or_insert_with(|| Vec::with_capacity(1));
                    if known.is_empty() {
                        let path = PathBuf::from(made.path.clone());
                        let alike = self.alike.entry(path.as_path().into());
                        let alike = alike.or_insert_with(|| Vec::with_capacity(1));
                        alike.push(made.path.clone());
                    }
                    if known.last() != Some(&made) {
                        known.push(made);
                    }
                }
            }
            ManifestLine::Done(entry) => {
                self.settle(&entry.output);
                entry.mask.iter().for_each(|mask| self.settle(mask));
                self.entries.insert(entry.output.path.clone(), *entry);
            }
            ManifestLine::Sheet(made) => {
                self.sheets.insert(made.path.clone(), made);
            }
        }
    }

    /// Forgets what stood in the place of `made` but for the last before it, which a power failure may bring back.
    fn settle(&mut self, made: &WrittenFile) {
        if let Some(known) = self.made.get_mut(&made.path)
            && let Some(at) = known.iter().rposition(|known| known == made)
        {
            known.drain(..at.saturating_sub(1));
        }
    }

    /// As few lines as say the same. What was begun comes last, since it may be later than what is done.
    pub(super) fn lines(&self) -> impl Iterator<Item = ManifestLine> {
        let begun = self.made.values().cloned().map(ManifestLine::Begun);
        let done = self.entries.values().cloned();
        let done = done.map(|entry| ManifestLine::Done(Box::new(entry)));
        let sheets = self.sheets.values().cloned().map(ManifestLine::Sheet);
        done.chain(begun).chain(sheets)
    }

    /// Whether the file at `path` below the output folder `out` is where results have been written to, by this name or by
    /// one that the file system takes for the same.
    pub(super) fn is_ours(&self, out: &Path, path: &Path) -> bool {
        if self.made.contains_key(&path.into()) {
            return true;
        }
        let Some(id) = file_id(&out.join(path)) else {
            return false;
        };
        let is_one =
            |known: &PathText| file_id(&out.join(PathBuf::from(known.clone()))) == Some(id);
        self.alike(path).iter().any(is_one)
    }

    /// Paths like `path` that results have been written to.
    fn alike(&self, path: &Path) -> &[PathText] {
        self.alike.get(&path.into()).map_or(&[], Vec::as_slice)
    }

    /// Whether `made` is noted as begun.
    pub(super) fn has_begun(&self, made: &WrittenFile) -> bool {
        let known = self.made.get(&made.path);
        known.is_some_and(|known| known.last() == Some(made))
    }

    /// What has been written to paths like `path`, below the output folder.
    pub(super) fn written(&self, path: &Path) -> Vec<WrittenFile> {
        let alike = self.alike(path).iter();
        let known = alike.filter_map(|known| self.made.get(known));
        known.flatten().cloned().collect()
    }

    /// The page of a contact sheet that has been written to `path`, a whole path.
    pub(super) fn sheet(&self, path: &Path) -> Option<WrittenFile> {
        self.sheets.get(&path.into()).cloned()
    }

    /// The results of images by the images' places in their tree.
    pub(super) fn owners(&self) -> HashMap<PathBuf, PathBuf> {
        let entries = self.entries.values();
        let owners = entries.map(|e| (e.source.clone().into(), e.output.path.clone().into()));
        owners.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::super::manifest_line::{self, is_any};
    use super::*;

    #[test]
    fn a_result_is_ours_by_every_name_that_the_file_system_takes_for_its_own() {
        let out = tempfile::tempdir().unwrap();
        let at = |name: &str| out.path().join(name);
        let mut history = History::default();
        history.take(ManifestLine::Begun(vec![WrittenFile::of(
            Path::new("IMG_1.png"),
            b"made",
        )]));
        fs::write(at("IMG_1.png"), b"made").unwrap();
        // As a file system without cases would show it.
        fs::hard_link(at("IMG_1.png"), at("img_1.png")).unwrap();
        fs::write(at("Img_1.png"), b"somebody's").unwrap();
        let cases = [
            ("IMG_1.png", true, true),
            ("img_1.png", true, true),
            ("Img_1.png", false, false),
            ("other.png", false, false),
            ("iMG_1.png", false, false),
        ];
        for (name, ours, result) in cases {
            let path = Path::new(name);
            assert_eq!(history.is_ours(out.path(), path), ours, "{name}");
            let is_result =
                File::open(at(name)).is_ok_and(|file| is_any(&history.written(path), &file));
            assert_eq!(is_result, result, "{name}");
        }
    }

    fn made(bytes: &[u8]) -> WrittenFile {
        WrittenFile::of(Path::new("a.png"), bytes)
    }

    fn done(output: WrittenFile) -> ManifestLine {
        let text = r#"{"done": {"source": "a.jpg", "digest": null, "recipe": null, "output": null, "mask": null,
            "thumbnails": null, "facts": {"input_bytes": 1, "output_bytes": 1, "width": 1, "height": 1, "foreground": null,
            "warning": null, "uncertainty": 0, "milliseconds": 0, "stages_ms": {}}}}"#;
        let mut line: serde_json::Value = serde_json::from_str(text).unwrap();
        let digest = serde_json::to_value(blake3::hash(b"").to_hex().as_str()).unwrap();
        line["done"]["digest"] = digest.clone();
        line["done"]["recipe"] = digest;
        line["done"]["output"] = serde_json::to_value(output).unwrap();
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn however_often_a_run_is_killed_what_may_stand_there_is_known() {
        let mut history = History::default();
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| made(bytes));
        for line in [
            ManifestLine::Begun(vec![a.clone()]),
            done(a.clone()),
            ManifestLine::Begun(vec![b.clone()]),
            ManifestLine::Begun(vec![c.clone()]),
        ] {
            history.take(line);
        }
        let kept = |history: &History| history.written(Path::new("a.png"));
        assert_eq!(kept(&history), [a, b.clone(), c.clone()]);
        // As the next run writes and reads it.
        let mut bytes = Vec::new();
        for line in history.lines() {
            serde_json::to_writer(&mut bytes, &line).unwrap();
            bytes.push(b'\n');
        }
        let mut again = History::default();
        let whole = manifest_line::read(&*bytes, |line| again.take(line)).unwrap();
        assert_eq!(whole, bytes.len() as u64);
        assert_eq!(kept(&again), kept(&history));
        history.take(done(c.clone()));
        assert_eq!(kept(&history), [b, c]);
    }
}
