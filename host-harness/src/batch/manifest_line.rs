//! The lines of a manifest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use blake3::Hash;
use serde::{Deserialize, Serialize};

use super::details::Details;
use super::path_text::PathText;

/// Longest line of a manifest in bytes: room for five paths of which every byte is written as a number. Longer ones are
/// passed over.
const MAX_LINE: u64 = 256 << 10;

/// A line of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ManifestLine {
    /// Results that are about to be written: whatever happens, they are no originals.
    Begun(Vec<WrittenFile>),
    /// An image that is done. The next line for the same result takes this one's place.
    Done(Box<DoneImage>),
    /// A page of a contact sheet, by its whole path.
    Sheet(WrittenFile),
}

/// An image that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DoneImage {
    /// The image's place in its tree.
    pub(super) source: PathText,
    /// BLAKE3 of the image's file.
    #[serde(with = "hex")]
    pub(super) digest: Hash,
    /// BLAKE3 of everything else that the results depend on.
    #[serde(with = "hex")]
    pub(super) recipe: Hash,
    /// The result.
    pub(super) output: WrittenFile,
    /// The mask beside it.
    pub(super) mask: Option<WrittenFile>,
    /// Before and after, if a contact sheet has asked for them.
    pub(super) thumbnails: Option<[WrittenFile; 2]>,
    #[serde(rename = "facts")]
    pub(super) details: Details,
    /// The host of a fleet that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WrittenFile {
    /// Below the output folder.
    pub(super) path: PathText,
    pub(super) bytes: u64,
    /// BLAKE3.
    #[serde(with = "hex")]
    pub(super) digest: Hash,
}

impl WrittenFile {
    pub(super) fn of(path: &Path, bytes: &[u8]) -> Self {
        Self {
            path: path.into(),
            bytes: bytes.len() as u64,
            digest: blake3::hash(bytes),
        }
    }

    /// Whether `file` is this one, to the byte.
    pub(super) fn is(&self, file: &File) -> bool {
        is_any(std::slice::from_ref(self), file)
    }
}

/// Whether `file` is one of `made`, to the byte.
pub(super) fn is_any(made: &[WrittenFile], file: &File) -> bool {
    let length = file.metadata().map(|m| m.len()).ok();
    let mut alike = made.iter().filter(|made| length == Some(made.bytes));
    let Some(first) = alike.next() else {
        return false;
    };
    let Some(digest) = digest(file) else {
        return false;
    };
    first.digest == digest || alike.any(|made| made.digest == digest)
}

/// BLAKE3 of all of `file`, if it can be read.
pub(super) fn digest(mut file: &File) -> Option<Hash> {
    let mut hasher = blake3::Hasher::new();
    file.rewind().ok()?;
    hasher.update_reader(file).ok()?;
    Some(hasher.finalize())
}

/// Gives the lines of `manifest` to `take`, and gives back how many bytes they have: an end without a line feed is not among
/// them. A line that is none was being written when a run ended, and what it would have said is found out again.
///
/// # Errors
/// Whatever the file system answers.
pub(super) fn read(manifest: impl Read, mut take: impl FnMut(ManifestLine)) -> io::Result<u64> {
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
            take(line);
        }
        whole += length as u64;
    }
}

/// Digests as 64 hexadecimal digits.
mod hex {
    use blake3::Hash;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(digest: &Hash, to: S) -> Result<S::Ok, S::Error> {
        digest.to_hex().as_str().serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Hash, D::Error> {
        Hash::from_hex(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line of every kind.
    fn known() -> Vec<String> {
        let digest = blake3::hash(b"").to_hex();
        let made = format!(r#"{{"path":"a/b.png","bytes":3,"digest":"{digest}"}}"#);
        let facts = r#"{"input_bytes":9,"output_bytes":3,"width":2,"height":1,"foreground":null,"warning":null,
            "uncertainty":0.5,"milliseconds":1.5,"stages_ms":{"decode":0.25}}"#;
        let facts = facts.replace(['\n', ' '], "");
        vec![
            format!(r#"{{"begun":[{made},{made}]}}"#),
            format!(r#"{{"sheet":{made}}}"#),
            format!(
                r#"{{"done":{{"source":"b.jpg","digest":"{digest}","recipe":"{digest}","output":{made},"mask":{made},"thumbnails":[{made},{made}],"facts":{facts},"host":"h"}}}}"#
            ),
        ]
    }

    /// The lines of a manifest, and how many of its bytes are whole ones.
    fn lines(manifest: &[u8]) -> (Vec<String>, u64) {
        let mut lines = Vec::new();
        let take = |line| lines.push(serde_json::to_string(&line).unwrap());
        let whole = read(manifest, take).unwrap();
        (lines, whole)
    }

    #[test]
    fn every_line_of_a_manifest_is_read_and_written_alike() {
        for line in known() {
            let length = line.len() as u64 + 1;
            let found = lines(format!("{line}\n").as_bytes());
            assert_eq!(found, (vec![line.clone()], length));
            assert_eq!(lines(line.as_bytes()), (Vec::new(), 0), "no line feed");
            let short = line.replace(r#""digest":"af"#, r#""digest":""#);
            let found = lines(format!("{short}\n").as_bytes());
            assert_eq!(found, (Vec::new(), short.len() as u64 + 1), "no digest");
        }
    }

    proptest! {
        #[test]
        fn a_manifest_of_any_bytes_is_read_and_its_whole_lines_say_the_same(
            lines_of in prop::collection::vec((0..4_usize, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)), 0..12),
            noise: Vec<u8>,
            end: Vec<u8>,
        ) {
            let known = known();
            let mut manifest = Vec::new();
            for (which, changes) in lines_of {
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
            let (found, whole) = lines(&manifest);
            prop_assert!(whole as usize <= manifest.len());
            prop_assert_eq!(lines(&manifest[..whole as usize]), (found, whole));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_an_end_that_is_none_is_left() {
        let line = |bytes: &[u8], room: u64| {
            let made = WrittenFile::of(Path::new("a.png"), bytes);
            let line = serde_json::to_string(&ManifestLine::Begun(vec![made])).unwrap();
            format!("{line}{}\n", " ".repeat(room as usize - line.len() - 1))
        };
        let fits = line(b"fits", MAX_LINE);
        let long = line(b"long", MAX_LINE + 1);
        let far = line(b"far", 3 * MAX_LINE);
        let half = &line(b"half", MAX_LINE)[..90];
        let text = [&fits, &long, &far, half].concat();
        let (found, whole) = lines(text.as_bytes());
        assert_eq!(whole, (text.len() - half.len()) as u64);
        assert_eq!(found, [fits.trim_end()]);
        assert_eq!(lines(b""), (Vec::new(), 0));
    }
}
