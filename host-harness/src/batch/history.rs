//! The lines of a manifest, and what they say together.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::names::Folded;
use super::path_text::PathText;
use super::record::Facts;
use crate::files::file_id;

/// Longest line of a manifest in bytes: room for five paths of which every byte is written as a number. Longer ones are
/// passed over.
const MAX_LINE: u64 = 256 << 10;

/// A line of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    /// Results that are about to be written: whatever happens, they are no originals.
    Begun(Vec<Made>),
    /// An image that is done. The next line for the same result takes this one's place.
    Done(Box<Entry>),
    /// A page of a contact sheet, by its whole path.
    Sheet(Made),
}

/// An image that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The image's place in its tree.
    pub(super) source: PathText,
    /// BLAKE3 of the image's file.
    pub(super) digest: String,
    /// BLAKE3 of everything else that the results depend on.
    pub(super) recipe: String,
    /// The result.
    pub(super) output: Made,
    /// The mask beside it.
    pub(super) mask: Option<Made>,
    /// Before and after, if a contact sheet has asked for them.
    pub(super) thumbnails: Option<[Made; 2]>,
    /// Findings, so that a later run can report them.
    pub(super) facts: Facts,
    /// The host of a fleet that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Below the output folder.
    pub(super) path: PathText,
    pub(super) bytes: u64,
    /// BLAKE3.
    pub(super) digest: String,
}

impl Made {
    pub(super) fn of(path: &Path, bytes: &[u8]) -> Self {
        Self {
            path: path.into(),
            bytes: bytes.len() as u64,
            digest: blake3::hash(bytes).to_hex().to_string(),
        }
    }

    /// Whether `file` is this one, to the byte.
    pub(super) fn is(&self, file: &File) -> bool {
        is_any(std::slice::from_ref(self), file)
    }
}

/// Whether `file` is one of `made`, to the byte.
pub(super) fn is_any(made: &[Made], file: &File) -> bool {
    let length = file.metadata().map(|m| m.len()).ok();
    let mut alike = made.iter().filter(|made| length == Some(made.bytes));
    let Some(first) = alike.next() else {
        return false;
    };
    let mut hasher = blake3::Hasher::new();
    if hasher.update_reader(file).is_err() {
        return false;
    }
    let digest = hasher.finalize().to_hex();
    let is = |made: &Made| made.digest == digest.as_str();
    is(first) || alike.any(is)
}

/// The sum of all lines.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) entries: HashMap<PathText, Entry>,
    /// By path, what was written there last, and before if that is not sure: a kill may come between saying and doing.
    made: HashMap<PathText, Vec<Made>>,
    /// Paths of `made` that some file systems take for one.
    alike: HashMap<Folded, Vec<PathText>>,
    sheets: HashMap<PathText, Made>,
}

impl History {
    /// Adds the lines of `manifest`, and gives back how many bytes they have: an end without a line feed is not among them. A
    /// line that is none was being written when a run ended, and what it would have said is found out again.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(super) fn read(&mut self, manifest: impl Read) -> io::Result<u64> {
        let mut manifest = BufReader::new(manifest);
        let mut line = Vec::new();
        let mut whole = 0;
        loop {
            line.clear();
            let mut length = (&mut manifest)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)?;
            let ended = line.last() == Some(&b'\n');
            if !ended {
                length += manifest.skip_until(b'\n')?;
                if (length as u64) <= MAX_LINE {
                    return Ok(whole);
                }
            }
            if let Ok(line) = serde_json::from_slice(&line)
                && ended
            {
                self.take(line);
            }
            whole += length as u64;
        }
    }

    /// Adds what `line` says.
    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Begun(files) => {
                for made in files {
                    let known = self.made.entry(made.path.clone()).or_default();
                    if known.is_empty() {
                        let path = PathBuf::from(made.path.clone());
                        let alike = self.alike.entry(path.as_path().into()).or_default();
                        alike.push(made.path.clone());
                    }
                    if known.last() != Some(&made) {
                        known.push(made);
                    }
                }
            }
            Line::Done(entry) => {
                self.settle(&entry.output);
                entry.mask.iter().for_each(|mask| self.settle(mask));
                self.entries.insert(entry.output.path.clone(), *entry);
            }
            Line::Sheet(made) => {
                self.sheets.insert(made.path.clone(), made);
            }
        }
    }

    /// Forgets what stood in the place of `made` but for the last before it, which a power failure may bring back.
    fn settle(&mut self, made: &Made) {
        if let Some(known) = self.made.get_mut(&made.path)
            && let Some(at) = known.iter().rposition(|known| known == made)
        {
            known.drain(..at.saturating_sub(1));
        }
    }

    /// As few lines as say the same. What was begun comes last, since it may be later than what is done.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> {
        let begun = self.made.values().cloned().map(Line::Begun);
        let done = self.entries.values().cloned();
        let done = done.map(|entry| Line::Done(Box::new(entry)));
        let sheets = self.sheets.values().cloned().map(Line::Sheet);
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
    pub(super) fn has_begun(&self, made: &Made) -> bool {
        let known = self.made.get(&made.path);
        known.is_some_and(|known| known.last() == Some(made))
    }

    /// What has been written to paths like `path`, below the output folder.
    pub(super) fn written(&self, path: &Path) -> Vec<Made> {
        let alike = self.alike(path).iter();
        let known = alike.filter_map(|known| self.made.get(known));
        known.flatten().cloned().collect()
    }

    /// The page of a contact sheet that has been written to `path`, a whole path.
    pub(super) fn sheet(&self, path: &Path) -> Option<Made> {
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
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    /// A line of every kind.
    fn known() -> Vec<String> {
        let made = r#"{"path":"a/b.png","bytes":3,"digest":"d"}"#;
        let facts = r#"{"input_bytes":9,"output_bytes":3,"width":2,"height":1,"foreground":null,"warning":null,
            "uncertainty":0.5,"milliseconds":1.5,"stages_ms":{"decode":0.25}}"#;
        let facts = facts.replace(['\n', ' '], "");
        vec![
            format!(r#"{{"begun":[{made},{made}]}}"#),
            format!(r#"{{"sheet":{made}}}"#),
            format!(
                r#"{{"done":{{"source":"b.jpg","digest":"d","recipe":"r","output":{made},"mask":{made},"thumbnails":[{made},{made}],"facts":{facts},"host":"h"}}}}"#
            ),
        ]
    }

    /// What a manifest says, in one order, and how many of its bytes are whole lines.
    fn said(manifest: &[u8]) -> (Vec<String>, u64) {
        let mut history = History::default();
        let whole = history.read(manifest).unwrap();
        let entries = history.entries.iter().map(|entry| format!("{entry:?}"));
        let made = history.made.iter().map(|made| format!("{made:?}"));
        let sheets = history.sheets.iter().map(|sheet| format!("{sheet:?}"));
        let mut said: Vec<_> = entries.chain(made).chain(sheets).collect();
        said.sort();
        (said, whole)
    }

    #[test]
    fn every_line_of_a_manifest_is_read() {
        for line in known() {
            let (found, whole) = said(format!("{line}\n").as_bytes());
            assert!(!found.is_empty(), "{line}");
            assert_eq!(whole, line.len() as u64 + 1);
            assert_eq!(said(line.as_bytes()), (Vec::new(), 0), "no line feed");
        }
    }

    proptest! {
        #[test]
        fn a_manifest_of_any_bytes_is_read_and_its_whole_lines_say_the_same(
            lines in prop::collection::vec((0..4_usize, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)), 0..12),
            noise: Vec<u8>,
            end: Vec<u8>,
        ) {
            let known = known();
            let mut manifest = Vec::new();
            for (which, changes) in lines {
                let mut line = known.get(which).map_or(noise.clone(), |line| line.clone().into_bytes());
                for (place, value) in changes {
                    if !line.is_empty() {
                        let at = place.index(line.len());
                        line[at] = value;
                    }
                }
                manifest.extend(line);
                manifest.push(b'\n');
            }
            manifest.extend(end);
            let (found, whole) = said(&manifest);
            prop_assert!(whole as usize <= manifest.len());
            prop_assert_eq!(said(&manifest[..whole as usize]), (found, whole));
        }
    }

    #[test]
    fn a_result_is_ours_by_every_name_that_the_file_system_takes_for_its_own() {
        let out = tempfile::tempdir().unwrap();
        let at = |name: &str| out.path().join(name);
        let mut history = History::default();
        history.take(Line::Begun(vec![Made::of(Path::new("IMG_1.png"), b"made")]));
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

    fn made(bytes: &[u8]) -> Made {
        Made::of(Path::new("a.png"), bytes)
    }

    fn done(output: Made) -> Line {
        let text = r#"{"done": {"source": "a.jpg", "digest": "", "recipe": "", "output": null, "mask": null,
            "thumbnails": null, "facts": {"input_bytes": 1, "output_bytes": 1, "width": 1, "height": 1, "foreground": null,
            "warning": null, "uncertainty": 0, "milliseconds": 0, "stages_ms": {}}}}"#;
        let mut line: serde_json::Value = serde_json::from_str(text).unwrap();
        line["done"]["output"] = serde_json::to_value(output).unwrap();
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn however_often_a_run_is_killed_what_may_stand_there_is_known() {
        let mut history = History::default();
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| made(bytes));
        for line in [
            Line::Begun(vec![a.clone()]),
            done(a.clone()),
            Line::Begun(vec![b.clone()]),
            Line::Begun(vec![c.clone()]),
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
        assert_eq!(again.read(&*bytes).unwrap(), bytes.len() as u64);
        assert_eq!(kept(&again), kept(&history));
        history.take(done(c.clone()));
        assert_eq!(kept(&history), [b, c]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_an_end_that_is_none_is_left() {
        let line = |bytes: &[u8], room: u64| {
            let line = serde_json::to_string(&Line::Begun(vec![made(bytes)])).unwrap();
            format!("{line}{}\n", " ".repeat(room as usize - line.len() - 1))
        };
        let fits = line(b"fits", MAX_LINE);
        let long = line(b"long", MAX_LINE + 1);
        let far = line(b"far", 3 * MAX_LINE);
        let half = &line(b"half", MAX_LINE)[..90];
        let text = [&fits, &long, &far, half].concat();
        let mut history = History::default();
        let whole = history.read(text.as_bytes()).unwrap();
        assert_eq!(whole, (text.len() - half.len()) as u64);
        assert_eq!(history.written(Path::new("a.png")), [made(b"fits")]);
        assert_eq!(history.read(&b""[..]).unwrap(), 0);
    }
}
