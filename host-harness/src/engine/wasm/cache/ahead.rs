//! Host images made ahead of time, for levels of CPUs and not for this one: those that a container's image carries.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::{host_image, name, whole};
use crate::engine::runtime::Runtime;
use crate::engine::settings::Settings;
use crate::engine::wasm::host::{Host, base_config};
use crate::engine::wasm::snapshot;
use crate::files::Folder;
use crate::models::Model;
use crate::{Error, Kind};

/// The variable that names the folder with them.
const FOLDER: &str = "CUTOUT_HOST_IMAGES";

/// Modes of the files and of a folder that is made for them: whoever runs the program may read them.
const MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// A level of CPUs.
struct Level {
    /// Its name in the psABI of x86-64, or that of Arm's architecture.
    name: &'static str,
    /// The compiler's flags for its features.
    features: &'static [&'static [&'static str]],
}

/// The features of x86-64-v2, and those that x86-64-v3 has besides, as the compiler calls them.
const V2: &[&str] = &[
    "has_cmpxchg16b",
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
    "has_popcnt",
];
const V3: &[&str] = &[
    "has_avx",
    "has_avx2",
    "has_bmi1",
    "has_bmi2",
    "has_fma",
    "has_lzcnt",
];

/// The levels of this architecture, the one with the most features first.
const LEVELS: &[Level] = if cfg!(target_arch = "x86_64") {
    &[
        Level {
            name: "x86-64-v3",
            features: &[V2, V3],
        },
        Level {
            name: "x86-64-v2",
            features: &[V2],
        },
    ]
} else if cfg!(target_arch = "aarch64") {
    // Later versions add nothing that the component's code would be faster by.
    &[Level {
        name: "armv8-a",
        features: &[],
    }]
} else {
    &[]
};

/// Compiles `component`, which is `model`'s for this runtime, for each level of CPUs, into the folder at `path`. `announce` is told
/// of each.
///
/// # Errors
/// Those of [`check_levels`]; kind `io` when the folder cannot be written to, or nothing would be loaded from there; `engine` when
/// the component cannot be compiled.
pub fn compile_ahead(
    path: &Path,
    model: &Model,
    runtime: Runtime,
    component: &[u8],
    announce: &dyn Fn(&str),
) -> Result<(), Error> {
    check_levels()?;
    let folder = make_trusted(path)?;
    for level in LEVELS {
        let engine = engine(level)?;
        let name = name::of(&engine, model, runtime)?;
        let image = snapshot::compile(&engine, component)?;
        let stored = whole::store(&folder, &name, &image, MODE);
        stored.map_err(Error::io(format!("write {}", path.join(&name).display())))?;
        announce(&format!(
            "wrote {} for {}",
            path.join(&name).display(),
            level.name
        ));
    }
    Ok(())
}

/// Checks that levels of CPUs are known for this architecture.
///
/// # Errors
/// Kind `usage` where they are not.
pub fn check_levels() -> Result<(), Error> {
    if !LEVELS.is_empty() {
        return Ok(());
    }
    let text = "--host-images knows no levels of CPUs for this architecture; leave it out, and each start compiles";
    Err(Error::new(Kind::Usage, text))
}

/// The folder at `path`, which is made if it is missing: for others to read, and for nobody else to write to, whatever the umask.
fn make_trusted(path: &Path) -> Result<Folder, Error> {
    let at = path.display();
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
        .map_err(Error::io(format!("make the folder {at}")))?;
    let folder = Folder::open(path).map_err(Error::io(format!("open the folder {at}")))?;
    let stat = (folder.stat()).map_err(Error::io(format!("look at the folder {at}")))?;
    if is_trusted(stat.st_uid, stat.st_mode) {
        return Ok(folder);
    }
    let text = format!(
        "no host image would be loaded from {at}, which belongs to someone else or others may write to; `chmod 755` it, or \
         name another folder for --host-images"
    );
    Err(Error::new(Kind::Io, text))
}

/// The folder that the environment names and the component of `model` in it: the image of the highest level that this CPU has. None
/// where there is no such folder, and where none of its images fits; `announce` is told why a folder or an image is not used.
///
/// # Errors
/// Those of [`name::of`].
pub(super) fn component(
    engine: &Engine,
    model: &Model,
    runtime: Runtime,
    announce: &dyn Fn(&str),
) -> Result<Option<(PathBuf, Component)>, Error> {
    let path = std::env::var_os(FOLDER).filter(|path| !path.is_empty());
    let Some(path) = path.map(PathBuf::from) else {
        return Ok(None);
    };
    let found = match trusted(&path) {
        Ok(folder) => fitting(engine, model, runtime, (&path, &folder), announce)?,
        Err(reason) => Err(reason),
    };
    match found {
        Ok(component) => Ok(Some((path, component))),
        Err(reason) => {
            let at = path.display();
            announce(&format!(
                "the host images in {at}, which {FOLDER} names, are not used: {reason}"
            ));
            Ok(None)
        }
    }
}

/// The folder at `path`, or why nothing is loaded from there.
fn trusted(path: &Path) -> Result<Folder, String> {
    let opened = Folder::open(path).and_then(|folder| Ok((folder.stat()?, folder)));
    let (stat, folder) = opened.map_err(|error| error.to_string())?;
    if is_trusted(stat.st_uid, stat.st_mode) {
        return Ok(folder);
    }
    Err("the folder has to be this user's or root's, and nobody else may write to it".to_owned())
}

/// The component in the image of the highest level that this CPU has, or why none fits. `announce` is told of images that cannot
/// be used on any CPU.
fn fitting(
    engine: &Engine,
    model: &Model,
    runtime: Runtime,
    (path, folder): (&Path, &Folder),
    announce: &dyn Fn(&str),
) -> Result<Result<Component, String>, Error> {
    let mut reasons = vec!["none of them is for this version, this model and this CPU".to_owned()];
    for level in LEVELS {
        let name = name::of(&self::engine(level)?, model, runtime)?;
        let image = match whole::unstamped(folder, &name, is_trusted) {
            Ok(image) => image,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let at = path.join(&name);
                announce(&format!(
                    "the host image {} is not used: {error}; `cutout bake --host-images` makes it anew",
                    at.display()
                ));
                continue;
            }
        };
        match host_image(engine, &image) {
            Ok(component) => return Ok(Ok(component)),
            // wasmtime refuses an image with features that this CPU lacks.
            Err(error) => reasons.push(format!("{}: {error:#}", level.name)),
        }
    }
    Ok(Err(reasons.join("; ")))
}

/// The engine that host images of a level are compiled by; nothing is run by it.
fn engine(level: &Level) -> Result<Engine, Error> {
    let mut config = base_config();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // A target that is named has no features but those that are switched on.
    config
        .target(&target)
        .map_err(Error::engine("compile for another CPU"))?;
    for feature in level.features.concat() {
        enable(&mut config, feature);
    }
    Host::engine_with(config, &Settings::default())
}

/// Lets the compiler use a feature of CPUs.
#[allow(
    unsafe_code,
    reason = "wasmtime marks all flags of the compiler so, whatever they are"
)]
fn enable(config: &mut wasmtime::Config, feature: &str) {
    // SAFETY: the flags of `LEVELS` say which instructions the compiler may use, and change no invariant. What is compiled with them
    // is written to a file and not run here; where it is mapped, wasmtime first checks that the CPU has each of them.
    unsafe { config.cranelift_flag_enable(feature) };
}

/// Whether what has this owner and mode can be written by root and this user alone.
fn is_trusted(uid: u32, mode: u32) -> bool {
    uid == 0 && mode & 0o022 == 0 || super::is_ours(uid, mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_root_and_of_this_user_are_trusted_where_nobody_else_may_write() {
        let own = rustix::process::geteuid().as_raw();
        let other = own.wrapping_add(1);
        for (uid, mode, expected) in [
            (0, 0o755, true),
            (0, 0o775, false),
            (0, 0o757, false),
            (own, 0o700, true),
            (own, 0o720, false),
            (other, 0o755, other == 0),
        ] {
            assert_eq!(is_trusted(uid, mode), expected, "{uid} {mode:o}");
        }
    }
}
