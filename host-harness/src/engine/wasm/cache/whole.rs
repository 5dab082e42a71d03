//! Whether a host image is as it was stored: its digest says so once, then the kernel's word that nobody wrote to it since.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::is_ours;
use crate::files::{Folder, TEMPORARY};

/// Length of the digest that stands behind a host image in its file.
const DIGEST: usize = blake3::OUT_LEN;

/// Longest stamp in bytes.
const MAX_STAMP: u64 = 200;

/// Mode of a cache's files: the user's alone.
pub(super) const MODE: u32 = 0o600;

/// Writes `image` and its digest as the file `name` in `folder`, at once.
pub(super) fn store(folder: &Folder, name: &str, image: &[u8], mode: u32) -> io::Result<()> {
    let mut new = folder.temporary(mode)?;
    new.file.write_all(image)?;
    new.file.write_all(blake3::hash(image).as_bytes())?;
    new.file.sync_all()?;
    new.rename(folder, name.as_ref())?;
    Ok(())
}

/// Removes what killed processes have left in `folder`. Only for whoever has its lock: others may be writing.
pub(super) fn clear(folder: &Folder) {
    let is_temporary = |name: &OsStr| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
    for name in folder.names().unwrap_or_default() {
        if is_temporary(&name) {
            // Room is all that it costs.
            let _ = folder.remove(&name);
        }
    }
}

/// Opens the file `name` in `folder` if it is the user's alone and ends with the digest of what stands before; `None` if it is
/// not. A digest of 15 MB takes longer than all else at a start, so once it fits, the file's stamp is kept beside it, and as long
/// as the file has that stamp nothing is read.
pub(super) fn open(folder: &Folder, name: &str) -> io::Result<Option<File>> {
    open_at(folder, name, SystemTime::now())
}

fn open_at(folder: &Folder, name: &str, now: SystemTime) -> io::Result<Option<File>> {
    let image = folder.file(name.as_ref())?;
    let metadata = image.metadata()?;
    if !is_ours(metadata.uid(), metadata.mode()) {
        return Ok(None);
    }
    let stamp = stamp(&metadata);
    let kept = stamp_of(name);
    if has_stamp(folder, &kept, &stamp).unwrap_or(false) {
        return Ok(Some(image));
    }
    if !digest_fits(&image, metadata.len())? {
        return Ok(None);
    }
    if is_settled(&metadata, now) {
        // Without it, or with half of it, the next start takes the digest again.
        let _ = folder.temporary(MODE).and_then(|mut new| {
            new.file.write_all(stamp.as_bytes())?;
            new.rename(folder, kept.as_os_str())
        });
    }
    Ok(Some(image))
}

/// Opens the file `name` in `folder` if `is_trusted` says so of its owner and mode, and it ends with the digest of what stands
/// before. Nothing is written.
///
/// # Errors
/// Kinds `PermissionDenied` and `InvalidData` where that is not so; whatever the file system answers.
pub(super) fn unstamped(
    folder: &Folder,
    name: &str,
    is_trusted: impl Fn(u32, u32) -> bool,
) -> io::Result<File> {
    let image = folder.file(name.as_ref())?;
    let metadata = image.metadata()?;
    if !is_trusted(metadata.uid(), metadata.mode()) {
        let text = "it belongs to someone else, or others may write to it";
        return Err(io::Error::new(ErrorKind::PermissionDenied, text));
    }
    if !digest_fits(&image, metadata.len())? {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is damaged"));
    }
    Ok(image)
}

/// The name of the stamp of the file `name`.
fn stamp_of(name: &str) -> PathBuf {
    Path::new(name).with_extension("stamp")
}

fn has_stamp(folder: &Folder, kept: &Path, stamp: &str) -> io::Result<bool> {
    let file = folder.file(kept.as_os_str())?;
    let metadata = file.metadata()?;
    let mut found = Vec::new();
    file.take(MAX_STAMP).read_to_end(&mut found)?;
    Ok(is_ours(metadata.uid(), metadata.mode()) && found == stamp.as_bytes())
}

/// Whether a write from now on would show in the stamp.
fn is_settled(file: &Metadata, now: SystemTime) -> bool {
    let changed = time_of_change(file);
    let age = now.duration_since(SystemTime::UNIX_EPOCH + changed);
    age.is_ok_and(|age| age > 2 * tick(changed))
}

fn time_of_change(file: &Metadata) -> Duration {
    Duration::new(
        file.ctime().try_into().unwrap_or(0),
        file.ctime_nsec().try_into().unwrap_or(0),
    )
}

/// How coarse a time of change may be: a second where the file system keeps whole ones, as old ones do, or else the
/// kernel's tick, 10 ms at most, before Linux 6.13.
fn tick(changed: Duration) -> Duration {
    match changed.subsec_nanos() {
        0 => Duration::from_secs(1),
        _ => Duration::from_millis(10),
    }
}

/// A stamp that changes whenever somebody writes to a file, replaces it, or gives it away. The time of change (ctime) is the kernel's:
/// unlike that of modification nobody can set it.
fn stamp(file: &Metadata) -> String {
    format!(
        "{} {} {} {}.{:09}",
        file.dev(),
        file.ino(),
        file.len(),
        file.ctime(),
        file.ctime_nsec()
    )
}

/// Read in pieces, so that nothing is held in memory.
fn digest_fits(mut file: &File, length: u64) -> io::Result<bool> {
    let Some(body) = length.checked_sub(DIGEST as u64) else {
        return Ok(false);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file.take(body))?;
    let mut digest = [0; DIGEST];
    file.read_exact(&mut digest)?;
    Ok(hasher.finalize() == digest)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, FileTimes};
    use std::os::unix::fs::{FileExt, symlink};

    use super::*;

    const NAME: &str = "model.cwasm";

    fn stored() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        store(&open_folder(&path), NAME, &[7; 100_000], MODE).unwrap();
        (folder, path)
    }

    fn open_folder(path: &Path) -> Folder {
        Folder::open(path.parent().unwrap()).unwrap()
    }

    fn is_whole_at(path: &Path, now: SystemTime) -> bool {
        open_at(&open_folder(path), NAME, now).unwrap().is_some()
    }

    /// Until a write shows.
    fn wait_until_settled(path: &Path) {
        let file = fs::metadata(path).unwrap();
        while !is_settled(&file, SystemTime::now()) {
            std::thread::yield_now();
        }
    }

    /// The clock so long after the file's last change.
    fn after(path: &Path, milliseconds: u64) -> SystemTime {
        let changed = time_of_change(&fs::metadata(path).unwrap());
        SystemTime::UNIX_EPOCH + changed + Duration::from_millis(milliseconds)
    }

    fn is_whole_later(path: &Path) -> bool {
        is_whole_at(path, after(path, 5000))
    }

    #[test]
    fn a_stored_image_is_whole_and_then_known_by_its_stamp() {
        let (_folder, path) = stored();
        assert!(is_whole_later(&path));
        let kept = path.with_extension("stamp");
        let expected = stamp(&fs::metadata(&path).unwrap());
        assert_eq!(fs::read(&kept).unwrap(), expected.as_bytes());
        // Nothing is read where the stamp fits.
        fs::write(&path, [9; 1000]).unwrap();
        assert!(!is_whole_later(&path));
        fs::write(&kept, stamp(&fs::metadata(&path).unwrap())).unwrap();
        assert!(is_whole_later(&path));
    }

    #[test]
    fn an_image_gets_no_stamp_as_long_as_a_write_might_not_show_in_it() {
        let (_folder, path) = stored();
        for (age, expected) in [(1, false), (20, false), (5000, true)] {
            assert!(is_whole_at(&path, after(&path, age)));
            assert_eq!(path.with_extension("stamp").exists(), expected, "{age} ms");
        }
        let tick_of = |nanoseconds| tick(Duration::new(7, nanoseconds)).as_millis();
        assert_eq!([tick_of(0), tick_of(1)], [1000, 10]);
    }

    #[test]
    fn an_image_that_was_written_to_is_not_whole_although_it_looks_untouched() {
        let (_folder, path) = stored();
        wait_until_settled(&path);
        assert!(is_whole_later(&path));
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[8], 50_000).unwrap();
        file.set_times(FileTimes::new().set_modified(modified))
            .unwrap();
        assert!(!is_whole_later(&path));
    }

    #[test]
    fn a_stamp_that_others_may_write_to_counts_for_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = stored();
        fs::write(&path, [9; 1000]).unwrap();
        let kept = path.with_extension("stamp");
        fs::write(&kept, stamp(&fs::metadata(&path).unwrap())).unwrap();
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!is_whole_later(&path));
    }

    #[test]
    fn an_image_is_itself_whatever_takes_its_name_and_a_link_is_none() {
        let (_folder, path) = stored();
        let folder = open_folder(&path);
        let image = open(&folder, NAME).unwrap().unwrap();
        store(&folder, NAME, &[8; 10], MODE).unwrap();
        assert_eq!(image.metadata().unwrap().len(), 100_000 + DIGEST as u64);
        let moved = path.with_file_name("moved");
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        open(&folder, NAME).unwrap_err();
    }

    #[test]
    fn what_killed_processes_left_is_cleared_away_and_nothing_else() {
        let (_folder, path) = stored();
        let folder = open_folder(&path);
        for name in [".cutout-77-0", ".tmpAb3", "lock", "other"] {
            fs::write(path.with_file_name(name), "x").unwrap();
        }
        clear(&folder);
        let mut names = folder.names().unwrap();
        names.sort();
        assert_eq!(names, [".tmpAb3", "lock", NAME, "other"]);
    }
}
