//! Memory of this process, as the kernel counts it.

use procfs::process::Process;

use crate::error::Error;

/// Bytes at one moment, from `/proc/self/smaps_rollup`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Resident set: every page, whoever shares it.
    pub(crate) rss: u64,
    /// Proportional set: a page that n processes share counts 1/n.
    pub(crate) pss: u64,
    /// Pages that this process alone has, and has written to.
    pub(crate) private_dirty: u64,
}

/// This process now.
///
/// # Errors
/// Kind `io` where the kernel has no such file.
pub(crate) fn now() -> Result<Memory, Error> {
    let rollup = Process::myself()
        .and_then(|me| me.smaps_rollup())
        .map_err(Error::io("read /proc/self/smaps_rollup"))?;
    let fields = rollup
        .memory_map_rollup
        .into_iter()
        .next()
        .map(|map| map.extension.map)
        .unwrap_or_default();
    let field = |name: &str| {
        fields.get(name).copied().ok_or_else(|| {
            let text = format!("/proc/self/smaps_rollup has no {name}; Linux 4.14 or later does");
            Error::Io(text)
        })
    };
    Ok(Memory {
        rss: field("Rss")?,
        pss: field("Pss")?,
        private_dirty: field("Private_Dirty")?,
    })
}
