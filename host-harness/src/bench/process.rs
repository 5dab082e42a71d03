//! Whole processes: their time, their memory, and the page cache before them.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use procfs::process::Process;
use rustix::fs::{Advice, fadvise};
use wait4::Wait4;

use crate::{Error, Kind};

/// What a process took.
pub(super) struct Ran {
    /// exec → exit, in milliseconds.
    pub(super) milliseconds: f64,
    /// Largest resident set, in bytes; of the largest process where it started others.
    pub(super) peak_rss: u64,
    /// Page faults that had to read from disk.
    pub(super) major_faults: u64,
}

/// Runs `command` to its end; what it prints goes nowhere.
///
/// # Errors
/// Kind `io` when it cannot be started, or fails: then with the last line of what it said.
pub(super) fn run(command: &mut Command) -> Result<Ran, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    // A file, since a pipe that nobody empties would hold the process up.
    let said = tempfile::NamedTempFile::new().map_err(Error::io("make a temporary file"))?;
    let stderr = said
        .reopen()
        .map_err(Error::io("open the temporary file again"))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    let faults_before = major_faults_of_children()?;
    let start = Instant::now();
    let child = command
        .spawn()
        .map_err(Error::io(format!("start {name}")))?;
    let ended = child
        .wait4()
        .map_err(Error::io(format!("wait for {name}")))?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    if !ended.status.success() {
        let said = std::fs::read(said.path()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last = said.trim_end().lines().last().unwrap_or_default();
        let text = format!("{name} failed ({}): {last}", ended.status);
        return Err(Error::new(Kind::Io, text));
    }
    Ok(Ran {
        milliseconds,
        peak_rss: ended.rusage.maxrss,
        major_faults: major_faults_of_children()? - faults_before,
    })
}

fn major_faults_of_children() -> Result<u64, Error> {
    Process::myself()
        .and_then(|me| me.stat())
        .map(|stat| stat.cmajflt)
        .map_err(Error::io("read /proc/self/stat"))
}

/// Asks the kernel to drop a file from the page cache; it keeps what a process has mapped.
///
/// # Errors
/// Kind `io` when the file cannot be opened or its contents not be written back.
pub(super) fn drop_from_page_cache(path: &Path) -> Result<(), Error> {
    let drop = || -> std::io::Result<()> {
        let file = File::open(path)?;
        // Pages that are still to be written are never dropped.
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
        Ok(())
    };
    drop().map_err(Error::io(format!(
        "drop {} from the page cache",
        path.display()
    )))
}
