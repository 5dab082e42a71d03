//! Files that a session starts from: the program, portable components and host images.

use std::fs;
use std::path::{Path, PathBuf};

use super::row::{Row, RowKind};
use crate::Error;
use crate::commands::EngineName;
use crate::engine::{self, ActorBuild, Cache, Host, Runtime, Settings};
use crate::models::Model;

/// The host images of the `rows` in the sandbox, where the cache has them.
pub(super) fn images(rows: &[Row], model: &Model) -> Result<Vec<(Runtime, PathBuf)>, Error> {
    let (cache, engine) = (Cache::of_user()?, Host::engine(&Settings::default())?);
    let image = |row: &Row| match row.kind {
        RowKind::Ours(EngineName::Wasm, runtime) => {
            let path = cache.path(&engine, model, runtime);
            Some(path.map(|path| (runtime, path)))
        }
        _ => None,
    };
    rows.iter().filter_map(image).collect()
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
