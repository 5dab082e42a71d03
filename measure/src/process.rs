//! Whole processes: their time, their memory, and the page cache before them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use procfs::process::Process;
use rustix::fs::{Advice, fadvise};
use tempfile::NamedTempFile;

use crate::children::Children;
use crate::error::Error;

/// Time and memory of a process.
pub(crate) struct Ran {
    started: Instant,
    /// exec → exit, in milliseconds.
    pub(crate) milliseconds: f64,
    /// Largest resident set, in bytes; of the largest process where it started others.
    pub(crate) peak_rss: u64,
    /// Page faults that had to read from disk.
    pub(crate) major_faults: u64,
    /// Its standard output.
    pub(crate) printed: Vec<u8>,
}

/// Runs `command` to its end.
///
/// # Errors
/// Kind `io` when it cannot be started, or fails: then with the last line of what it said.
pub(crate) fn run(children: &Children, command: &mut Command) -> Result<Ran, Error> {
    // A file, since a pipe that nobody empties would hold the process up.
    let printed = Catch::new()?;
    let ran = run_with(children, command.stdout(printed.end()?), |_| Ok(()))?;
    Ok(Ran {
        printed: printed.read()?,
        ..ran
    })
}

/// Runs `command` to its end; also the milliseconds from exec until it first writes to its standard output.
///
/// # Errors
/// As [`run`], and kind `io` when it writes nothing.
pub(crate) fn run_timing_first_output(
    children: &Children,
    command: &mut Command,
) -> Result<(Ran, f64), Error> {
    let mut spoke = Instant::now();
    let ran = run_with(children, command.stdout(Stdio::piped()), |child| {
        let Some(pipe) = &mut child.stdout else {
            return Ok(());
        };
        pipe.read_exact(&mut [0])?;
        spoke = Instant::now();
        io::copy(pipe, &mut io::sink()).map(drop)
    })?;
    let milliseconds = (spoke - ran.started).as_secs_f64() * 1e3;
    Ok((ran, milliseconds))
}

/// Runs `command`, calls `follow` while it runs, and waits for its end.
fn run_with(
    children: &Children,
    command: &mut Command,
    follow: impl FnOnce(&mut Child) -> io::Result<()>,
) -> Result<Ran, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let said = Catch::new()?;
    command.stdin(Stdio::null()).stderr(said.end()?);
    // The kernel counts the largest set of this process as the child's too. Without this, it is the largest of all time.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let faults_before = major_faults_of_children()?;
    let started = Instant::now();
    let mut child = children
        .start(command)
        .map_err(Error::io(format!("start {name}")))?;
    let followed = follow(&mut child);
    let ended = children
        .wait(child)
        .map_err(Error::io(format!("wait for {name}")))?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    if !ended.status.success() {
        let said = said.read()?;
        let said = String::from_utf8_lossy(&said);
        let last = said.trim_end().lines().last().unwrap_or_default();
        let text = format!("{name} failed ({}): {last}", ended.status);
        return Err(Error::Io(text));
    }
    followed.map_err(Error::io(format!("read what {name} prints")))?;
    Ok(Ran {
        started,
        milliseconds,
        peak_rss: ended.rusage.maxrss,
        major_faults: major_faults_of_children()? - faults_before,
        printed: Vec::new(),
    })
}

/// A temporary file that a process writes to.
struct Catch(NamedTempFile);

impl Catch {
    fn new() -> Result<Self, Error> {
        let file = NamedTempFile::new();
        file.map(Self).map_err(Error::io("make a temporary file"))
    }

    fn end(&self) -> Result<File, Error> {
        let file = self.0.reopen();
        file.map_err(Error::io("open the temporary file again"))
    }

    fn read(&self) -> Result<Vec<u8>, Error> {
        fs::read(self.0.path()).map_err(Error::io("read what a process wrote"))
    }
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
pub(crate) fn drop_from_page_cache(path: &Path) -> Result<(), Error> {
    let drop = || -> io::Result<()> {
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
