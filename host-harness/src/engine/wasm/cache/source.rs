//! Where a start has compiled code from.

use std::cell::RefCell;
use std::path::PathBuf;

use super::{Cache, ahead};
use crate::Error;
use crate::engine::runtime::Runtime;
use crate::engine::settings::Settings;
use crate::engine::wasm::host::Host;
use crate::models::Model;

/// Folder that a start maps a host image from.
pub enum Source {
    /// The folder of those that were made ahead, which `CUTOUT_HOST_IMAGES` names.
    Ahead(PathBuf),
    /// The user's cache; and why none is used that was made ahead, where there should be some.
    Cache(PathBuf, Vec<String>),
}

impl Source {
    /// Checks that a start maps the host image of `model`, once an earlier one has prepared it where none was made ahead.
    ///
    /// # Errors
    /// Those of [`Cache::of_user`] and [`Cache::check`], where no image made ahead fits.
    pub fn check(model: &Model, runtime: Runtime) -> Result<Self, Error> {
        let engine = Host::engine(&Settings::default())?;
        let unused = RefCell::new(Vec::new());
        let announce = |text: &str| unused.borrow_mut().push(text.to_owned());
        if let Some((folder, _)) = ahead::component(&engine, model, runtime, &announce)? {
            return Ok(Self::Ahead(folder));
        }
        // Its address space is taken once more below.
        drop(engine);
        let cache = Cache::of_user()?;
        cache.check(model, runtime)?;
        Ok(Self::Cache(cache.path, unused.into_inner()))
    }
}
