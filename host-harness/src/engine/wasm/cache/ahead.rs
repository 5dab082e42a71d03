//! Host images made ahead of time, for levels of CPUs and not for this one: those that a container's image carries.

use std::fs;
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

/// Mode of the files: whoever runs the program may read them.
const MODE: u32 = 0o644;

/// A level of CPUs.
struct Level {
    /// Its name in the psABI of x86-64.
    name: &'static str,
    /// The compiler's flags for its features.
    features: &'static [&'static str],
}

/// The levels of this architecture, the one with the most features first.
const LEVELS: &[Level] = if cfg!(target_arch = "x86_64") {
    &[
        Level {
            name: "x86-64-v3",
            features: &[
                "has_cmpxchg16b",
                "has_sse3",
                "has_ssse3",
                "has_sse41",
                "has_sse42",
                "has_popcnt",
                "has_avx",
                "has_avx2",
                "has_bmi1",
                "has_bmi2",
                "has_fma",
                "has_lzcnt",
            ],
        },
        Level {
            name: "x86-64-v2",
            features: &[
                "has_cmpxchg16b",
                "has_sse3",
                "has_ssse3",
                "has_sse41",
                "has_sse42",
                "has_popcnt",
            ],
        },
    ]
} else {
    &[]
};

/// Compiles `component`, which is `model`'s for this runtime, for each level of CPUs, into the folder at `path`. `announce` is told
/// of each.
///
/// # Errors
/// Kind `usage` where no levels are known for this architecture, `io` when the folder cannot be written to, `engine` when the
/// component cannot be compiled.
pub fn compile_ahead(
    path: &Path,
    model: &Model,
    runtime: Runtime,
    component: &[u8],
    announce: &dyn Fn(&str),
) -> Result<(), Error> {
    if LEVELS.is_empty() {
        let text = "--host-images knows no levels of CPUs for this architecture; leave it out, and each start compiles";
        return Err(Error::new(Kind::Usage, text));
    }
    let at = path.display();
    fs::create_dir_all(path).map_err(Error::io(format!("make the folder {at}")))?;
    let folder = Folder::open(path).map_err(Error::io(format!("open the folder {at}")))?;
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

/// The component of `model` from the folder that the environment names: the image of the highest level that this CPU has. None
/// where there is no such folder, and where none of its images fits; `announce` is told why it is not used.
///
/// # Errors
/// Those of [`name::of`].
pub(super) fn component(
    engine: &Engine,
    model: &Model,
    runtime: Runtime,
    announce: &dyn Fn(&str),
) -> Result<Option<Component>, Error> {
    let path = std::env::var_os(FOLDER).filter(|path| !path.is_empty());
    let Some(path) = path.map(PathBuf::from) else {
        return Ok(None);
    };
    let refused = |why: &str| {
        let at = path.display();
        announce(&format!(
            "the host images in {at}, which {FOLDER} names, are not used: {why}"
        ));
        Ok(None)
    };
    let folder = match Folder::open(&path).and_then(|folder| Ok((folder.stat()?, folder))) {
        Ok((stat, folder)) if is_trusted(stat.st_uid, stat.st_mode) => folder,
        Ok(_) => {
            return refused(
                "the folder has to be this user's or root's, and nobody else may write to it",
            );
        }
        Err(error) => return refused(&error.to_string()),
    };
    for level in LEVELS {
        let name = name::of(&self::engine(level)?, model, runtime)?;
        let image = whole::unstamped(&folder, &name, is_trusted).ok().flatten();
        // wasmtime refuses an image with features that this CPU lacks.
        if let Some(component) = image.and_then(|image| host_image(engine, &image).ok()) {
            return Ok(Some(component));
        }
    }
    refused("none of them is for this version, this model and this CPU")
}

/// The engine that host images of a level are compiled by; nothing is run by it.
fn engine(level: &Level) -> Result<Engine, Error> {
    let mut config = base_config();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // A target that is named has no features but those that are switched on.
    config
        .target(&target)
        .map_err(Error::engine("compile for another CPU"))?;
    for feature in level.features {
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
