//! Files that `cutout bench` measures beside processes: the program, portable components and host images.

use std::fs;
use std::path::{Path, PathBuf};

use super::sandbox::EngineName;
use crate::Error;
use crate::engine::{self, ActorBuild, Cache, Host, Runtime, Settings};
use crate::models::Model;

/// The places of the host images of those `rows` that run in the sandbox.
///
/// # Errors
/// Those of the cache and the engine.
pub(super) fn host_images(
    rows: &[(EngineName, Runtime)],
    model: &Model,
) -> Result<Vec<(Runtime, PathBuf)>, Error> {
    let (cache, engine) = (Cache::of_user()?, Host::engine(&Settings::default())?);
    let sandboxed = rows
        .iter()
        .filter(|(engine, _)| *engine == EngineName::Wasm);
    sandboxed
        .map(|(_, runtime)| Ok((*runtime, cache.path(&engine, model, *runtime)?)))
        .collect()
}

/// Refuses a cache that host images cannot be mapped from: every process would compile, and that would be measured.
///
/// # Errors
/// As [`Cache::check`].
pub(super) fn refuse_unmapped(images: &[(Runtime, PathBuf)], model: &Model) -> Result<(), Error> {
    let cache = Cache::of_user()?;
    let mut runtimes = images.iter().map(|(runtime, _)| *runtime);
    runtimes.try_for_each(|runtime| cache.check(model, runtime))
}

/// Names and sizes in bytes.
///
/// # Errors
/// Kind `io` for a file that cannot be looked at, and those of baking.
pub(super) fn sizes(
    program: &Path,
    images: &[(Runtime, PathBuf)],
    model: &Model,
) -> Result<Vec<(String, u64)>, Error> {
    let length = |path: &Path| {
        let found = fs::metadata(path).map(|m| m.len());
        found.map_err(Error::io(format!("look at {}", path.display())))
    };
    let mut sizes = vec![("program".to_owned(), length(program)?)];
    for (runtime, path) in images {
        let name = runtime.as_str();
        let component = engine::bake(model, ActorBuild::Http(*runtime))?.len() as u64;
        sizes.push((format!("portable component, {name}"), component));
        sizes.push((format!("host image, {name}"), length(path)?));
    }
    Ok(sizes)
}
