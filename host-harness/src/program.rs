//! The file that starts this program.

#[cfg(feature = "wasm")]
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The script that stands for this program, where it is no program of its own.
static SCRIPT: OnceLock<PathBuf> = OnceLock::new();

/// Has `script` started where the program starts itself; the first one stays.
pub fn start_by(script: PathBuf) {
    let _ = SCRIPT.set(script);
}

/// The file that starts this program once more.
///
/// # Errors
/// Those of the system.
#[cfg(feature = "wasm")]
pub(crate) fn path() -> io::Result<PathBuf> {
    SCRIPT.get().cloned().map_or_else(std::env::current_exe, Ok)
}
