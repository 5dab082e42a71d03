//! Regular files, opened without waiting for anybody but a file server.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// Opens the regular file at `path` for reading, to which links may lead.
///
/// # Errors
/// Kind `InvalidInput` for what is no regular file, which is not waited for; whatever the file system answers.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).custom_flags(WITHOUT_WAITING);
    regular(given_back(|| options.open(path))?)
}

/// What `open` opens with [`WITHOUT_WAITING`]. A file that a file server has lent to a client has to be given back first,
/// which the first attempt asks for (fcntl(2), "Leases"); waiting in `open` would also wait for a FIFO that somebody puts there.
pub(super) fn given_back<F>(open: impl Fn() -> io::Result<F>) -> io::Result<F> {
    let begun = Instant::now();
    loop {
        match open() {
            Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < LEASE => {
                thread::sleep(LOOK);
            }
            opened => return opened,
        }
    }
}

/// The time after which Linux takes a lent file back by itself, by default 45 s (proc(5), lease-break-time), and one second.
const LEASE: Duration = Duration::from_secs(46);

/// How often it is looked whether a lent file has been given back.
const LOOK: Duration = Duration::from_millis(10);

/// Flags of opening, with which no FIFO waits for its other end.
pub(super) const WITHOUT_WAITING: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// `file`, if it is a regular one.
///
/// # Errors
/// Kind `InvalidInput` if not.
pub(super) fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    let text = "it is no regular file";
    Err(io::Error::new(ErrorKind::InvalidInput, text))
}
