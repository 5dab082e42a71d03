//! Manifests of other batches, which may be at work, and may be made up.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use blake3::Hash;

use super::folded::Folded;
use super::keeper::Keeper;
use super::manifest_line::{self, ManifestLine};
use super::state_folder;
use crate::files::{FileId, Folder, id_of};

/// Most bytes of all manifests together: room for some hundred thousand images. In memory they take about as many.
const MAX_MANIFESTS: u64 = 512 << 20;

/// The manifests of other batches, as far as they were read.
#[derive(Default)]
pub(super) struct Others {
    /// By the batches' output folders.
    seen: HashMap<PathBuf, Seen>,
    /// By the files themselves: folders may share one, and have several paths.
    written: HashMap<FileId, Written>,
    /// How many bytes `written` was read from.
    bytes: u64,
}

/// A manifest when it was read last.
struct Seen {
    /// Owners and modes of the folder `.cutout` and of the manifest.
    keepers: [Keeper; 2],
    id: FileId,
    length: u64,
}

/// The files that a manifest says were written.
#[derive(Default)]
struct Written {
    /// How many of its bytes were read: a batch that is at work adds lines.
    whole: u64,
    /// For each file one mark with its digest and one without.
    marks: HashSet<Fingerprint>,
}

/// A digest of a file's path, size and digest: as much as finds it again, since a manifest may have millions.
type Fingerprint = [u8; 16];

impl Others {
    /// Whether the batch whose output folder is `folder` has written `image` to the path `below` that folder. Lines that came
    /// since they were read last are read now.
    ///
    /// # Errors
    /// Kind `PermissionDenied` for a manifest that says nothing about such an image, `FileTooLarge` for one beyond the limit;
    /// what the file system answers, and for what is no regular file in a real folder, which is not waited for.
    pub(super) fn is_result<'a>(
        &mut self,
        folder: &Path,
        below: &Path,
        image: impl FnOnce() -> Option<&'a File>,
    ) -> io::Result<bool> {
        let Ok(standing) = state_folder::manifest(folder).symlink_metadata() else {
            return Ok(false);
        };
        let Some(image) = image() else {
            return Ok(false);
        };
        let metadata = image.metadata()?;
        let keeper = Keeper::from(&metadata);
        let now = (id_of(&standing), standing.len());
        let id = match self.seen.get(folder) {
            Some(seen) if (seen.id, seen.length) == now => {
                refuse_unbelieved(seen.keepers, keeper)?;
                seen.id
            }
            _ => self.read(folder, keeper)?,
        };
        let written = self.written.get(&id);
        Ok(written.is_some_and(|written| written.has(below, metadata.len(), image)))
    }

    /// Reads what is new in the manifest in `folder`, for an image of the `image`'s keeper.
    fn read(&mut self, folder: &Path, image: Keeper) -> io::Result<FileId> {
        let state = Folder::open(folder)?.real(state_folder::NAME)?;
        let mut file = state.file(state_folder::MANIFEST.as_ref())?;
        let metadata = file.metadata()?;
        let keepers = [Keeper::of(&state)?, Keeper::from(&metadata)];
        refuse_unbelieved(keepers, image)?;
        let (id, length) = (id_of(&metadata), metadata.len());
        if let Some(old) = self.seen.remove(folder)
            && old.id != id
        {
            self.forget(old.id);
        }
        let written = self.written.entry(id).or_default();
        self.bytes -= written.whole;
        if length < written.whole {
            *written = Written::default();
        }
        let room = MAX_MANIFESTS - self.bytes;
        self.bytes += written.whole;
        if length > room {
            let text = format!(
                "it and those that were read before it are above {} MiB",
                MAX_MANIFESTS >> 20
            );
            return Err(io::Error::new(ErrorKind::FileTooLarge, text));
        }
        file.seek(SeekFrom::Start(written.whole))?;
        let rest = file.take(length - written.whole);
        let read = manifest_line::read(rest, |line| written.take(line))?;
        written.whole += read;
        self.bytes += read;
        let seen = Seen {
            keepers,
            id,
            length,
        };
        self.seen.insert(folder.to_owned(), seen);
        Ok(id)
    }

    /// Drops what the manifest `id` says, if no folder has it any more.
    fn forget(&mut self, id: FileId) {
        if !self.seen.values().any(|seen| seen.id == id)
            && let Some(written) = self.written.remove(&id)
        {
            self.bytes -= written.whole;
        }
    }
}

impl Written {
    fn take(&mut self, line: ManifestLine) {
        let ManifestLine::Begun(files) = line else {
            return;
        };
        for made in files {
            let path = PathBuf::from(made.path);
            self.marks.insert(mark(&path, made.bytes, None));
            let digest = Some(made.digest);
            self.marks.insert(mark(&path, made.bytes, digest));
        }
    }

    /// Whether `image`, of so many `bytes`, was written to `path`.
    fn has(&self, path: &Path, bytes: u64, image: &File) -> bool {
        // Most images are none, and are not read to find out.
        let has = |digest| self.marks.contains(&mark(path, bytes, digest));
        has(None) && manifest_line::digest(image).is_some_and(|digest| has(Some(digest)))
    }
}

fn mark(path: &Path, bytes: u64, digest: Option<Hash>) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes.to_le_bytes());
    hasher.update(digest.unwrap_or(Hash::from_bytes([0; 32])).as_bytes());
    hasher.update(Folded::from(path).as_bytes());
    let mut mark = Fingerprint::default();
    hasher.finalize_xof().fill(&mut mark);
    mark
}

fn refuse_unbelieved(keepers: [Keeper; 2], image: Keeper) -> io::Result<()> {
    if keepers.iter().all(|keeper| keeper.may_speak_of(image)) {
        return Ok(());
    }
    let text = "it belongs to somebody else than the images, or everybody may write to it";
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::super::manifest_line::WrittenFile;
    use super::*;

    fn begun(path: &str, bytes: &[u8]) -> String {
        let line = ManifestLine::Begun(vec![WrittenFile::of(Path::new(path), bytes)]);
        serde_json::to_string(&line).unwrap() + "\n"
    }

    #[test]
    fn a_manifest_is_read_once_for_all_its_folders_and_on_and_forgotten_when_it_is_replaced() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        for folder in ["a", "b"] {
            fs::create_dir_all(at(folder).join(state_folder::NAME)).unwrap();
        }
        let [a, b] = ["a", "b"].map(|folder| state_folder::manifest(&at(folder)));
        fs::write(&a, begun("x.png", b"made")).unwrap();
        fs::hard_link(&a, &b).unwrap();
        for (name, bytes) in [("made", b"made"), ("late", b"late"), ("other", b"abcd")] {
            fs::write(at(name), bytes).unwrap();
        }
        let mut others = Others::default();
        let mut is = |folder: &str, path: &str, image: &str| {
            let image = File::open(at(image)).unwrap();
            let found = others.is_result(&at(folder), Path::new(path), || Some(&image));
            (found.unwrap(), others.bytes, others.written.len())
        };
        let length = fs::metadata(&a).unwrap().len();
        let cases = [
            ("a", "x.png", "made", true),
            ("b", "X.png", "made", true),
            ("b", "x.png", "other", false),
            ("a", "y.png", "made", false),
            ("a", "y.png", "late", false),
        ];
        for (folder, path, image, expected) in cases {
            let found = is(folder, path, image);
            assert_eq!(found, (expected, length, 1), "{image} at {folder}/{path}");
        }
        let mut log = File::options().append(true).open(&a).unwrap();
        log.write_all(begun("y.png", b"late").as_bytes()).unwrap();
        assert_eq!(is("b", "y.png", "late"), (true, 2 * length, 1));
        // As the next batch there does.
        for (folder, manifest) in [("a", &a), ("b", &b)] {
            fs::write(at("new"), begun("z.png", b"made")).unwrap();
            fs::rename(at("new"), manifest).unwrap();
            assert!(is(folder, "z.png", "made").0);
        }
        assert_eq!(is("a", "x.png", "made"), (false, 2 * length, 2));
    }
}
