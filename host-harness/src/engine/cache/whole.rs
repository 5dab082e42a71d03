//! Whether a host image is as it was stored: its digest says so once, then the kernel's word that nobody wrote to it since.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::is_ours;

/// Length of the digest that stands behind a host image in its file.
const DIGEST: usize = blake3::OUT_LEN;

const TICK: Duration = Duration::from_millis(10);

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
    let file = fs::metadata(path)?;
    let (stamp, settled) = (stamp(&file), is_settled(&file));
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

/// Whether a write from now on would show in the stamp: times of change may be as coarse as the kernel's tick, 10 ms at
/// most, before Linux 6.13.
fn is_settled(file: &Metadata) -> bool {
    let since = Duration::new(
        file.ctime().try_into().unwrap_or(0),
        file.ctime_nsec().try_into().unwrap_or(0),
    );
    let age = SystemTime::UNIX_EPOCH.elapsed();
    age.is_ok_and(|now| now.saturating_sub(since) > 2 * TICK)
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
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let mut file = NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;
    use std::os::unix::fs::FileExt;

    use super::*;

    fn stored() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.cwasm");
        store(&path, &[7; 100_000]).unwrap();
        while !is_settled(&fs::metadata(&path).unwrap()) {
            std::thread::yield_now();
        }
        (folder, path)
    }

    #[test]
    fn a_stored_image_is_whole_and_then_known_by_its_stamp() {
        let (_folder, path) = stored();
        assert!(is_whole(&path).unwrap());
        let kept = fs::read(path.with_extension("stamp")).unwrap();
        assert_eq!(kept, stamp(&fs::metadata(&path).unwrap()).as_bytes());
        assert!(is_whole(&path).unwrap());
    }

    #[test]
    fn an_image_that_was_written_to_is_not_whole_although_it_looks_untouched() {
        let (_folder, path) = stored();
        assert!(is_whole(&path).unwrap());
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[8], 50_000).unwrap();
        file.set_times(FileTimes::new().set_modified(modified))
            .unwrap();
        assert!(!is_whole(&path).unwrap());
    }

    #[test]
    fn a_stamp_that_others_may_write_to_counts_for_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = stored();
        fs::write(&path, [9; 1000]).unwrap();
        let kept = path.with_extension("stamp");
        fs::write(&kept, stamp(&fs::metadata(&path).unwrap())).unwrap();
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!is_whole(&path).unwrap());
    }
}
