//! Whether a host image is as it was stored: its digest says so once, then the kernel's word that nobody wrote to it since.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::is_ours;
use crate::files;

/// Length of the digest that stands behind a host image in its file.
const DIGEST: usize = blake3::OUT_LEN;

/// Writes `image` and its digest as the file `path`, at once.
pub(super) fn store(path: &Path, image: &[u8]) -> io::Result<()> {
    let file = temporary(path, &[image, blake3::hash(image).as_bytes()])?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether the file ends with the digest of what stands before. A digest of 15 MB takes longer than all else at a start, so
/// once it fits, the file's stamp is kept beside it, and as long as the file has that stamp nothing is read.
pub(super) fn is_whole(path: &Path) -> io::Result<bool> {
    is_whole_at(path, SystemTime::now())
}

fn is_whole_at(path: &Path, now: SystemTime) -> io::Result<bool> {
    let file = fs::metadata(path)?;
    let (stamp, settled) = (stamp(&file), is_settled(&file, now));
    let kept = path.with_extension("stamp");
    if is_ours(&kept).unwrap_or(false) && fs::read(&kept).is_ok_and(|kept| kept == stamp.as_bytes())
    {
        return Ok(true);
    }
    let whole = digest_fits(path)?;
    if whole && settled {
        // Without it, or with half of it, the next start takes the digest again.
        let _ = temporary(&kept, &[stamp.as_bytes()]).map(|file| file.persist(kept));
    }
    Ok(whole)
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

/// What changes whenever somebody writes to a file, replaces it, or gives it away. The time of change (ctime) is the kernel's:
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
fn digest_fits(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let Some(body) = length.checked_sub(DIGEST as u64) else {
        return Ok(false);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader((&mut file).take(body))?;
    let mut digest = [0; DIGEST];
    file.read_exact(&mut digest)?;
    Ok(hasher.finalize() == digest)
}

/// A file beside `path` that is to take its place.
fn temporary(path: &Path, parts: &[&[u8]]) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(files::folder(path))?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;
    use std::os::unix::fs::FileExt;
    use std::path::PathBuf;

    use super::*;

    fn stored() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.cwasm");
        store(&path, &[7; 100_000]).unwrap();
        (folder, path)
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
        is_whole_at(path, after(path, 5000)).unwrap()
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
            assert!(is_whole_at(&path, after(&path, age)).unwrap());
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
}
