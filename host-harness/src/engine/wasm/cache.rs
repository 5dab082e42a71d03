//! Host images on disk: made once per content, wasmtime and CPU, then mapped.

mod ahead;
mod name;
mod source;
mod whole;

use std::cell::RefCell;
use std::fs::{DirBuilder, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::actor_build::ActorBuild;
use super::host::Host;
use super::snapshot;
use crate::engine::runtime::Runtime;
use crate::engine::settings::Settings;
use crate::error::is_denied;
use crate::files::Folder;
use crate::models::Model;
use crate::{Error, Kind};

pub use ahead::{check_levels, compile_ahead};
pub use source::Source;

/// A folder of host images, private to the user.
pub struct Cache {
    path: PathBuf,
    folder: Folder,
}

impl Cache {
    /// The user's own cache folder: `CUTOUT_CACHE`, or `cutout` in the platform's place for caches.
    ///
    /// # Errors
    /// Kind `io` when there is no such place, or it is not private to the user.
    pub fn of_user() -> Result<Self, Error> {
        let folder = match std::env::var_os("CUTOUT_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => directories::ProjectDirs::from("", "", "cutout")
                .map(|dirs| dirs.cache_dir().to_owned())
                .ok_or_else(|| {
                    Error::new(Kind::Io, "no home folder for the cache; set CUTOUT_CACHE")
                })?,
        };
        Self::at(folder)
    }

    /// The cache in the folder at `path`, which is made if it is missing.
    ///
    /// # Errors
    /// Kind `io` when the folder cannot be made, or others may write into it: code is loaded from
    /// here, so it must be the user's alone.
    pub fn at(path: PathBuf) -> Result<Self, Error> {
        let at = path.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(Error::io(format!(
                "make the cache folder {at}; set CUTOUT_CACHE to another"
            )))?;
        let folder =
            Folder::open(&path).map_err(Error::io(format!("open the cache folder {at}")))?;
        let stat = folder
            .stat()
            .map_err(Error::io(format!("look at the cache folder {at}")))?;
        if !is_ours(stat.st_uid, stat.st_mode) {
            let text = format!(
                "the cache folder {at} belongs to someone else or others may write into it; \
                 `chmod 700` it or set CUTOUT_CACHE to another"
            );
            return Err(Error::new(Kind::Io, text));
        }
        Ok(Self { path, folder })
    }

    /// The host image of `model` for `engine`, made first if it is missing, damaged or foreign. Where the folder cannot
    /// hold it, or code may not be mapped from it, the component is compiled for this process alone. `announce` is
    /// called before work that takes seconds, and for what people should mend.
    ///
    /// # Errors
    /// Kind `model` when the model cannot be used, `engine` when the image cannot be made, `out-of-memory` when
    /// `engine` has no room for an instance of it.
    pub fn component(
        &self,
        engine: &Engine,
        model: &Model,
        runtime: Runtime,
        announce: &dyn Fn(&str),
    ) -> Result<Component, Error> {
        let name = name::of(engine, model, runtime)?;
        let bake = || snapshot::bake(model, ActorBuild::Http(runtime));
        let (reason, baked) = match self.load(engine, &name)? {
            Loaded::Component(component) => return Ok(*component),
            Loaded::Denied => (no_code_from(&self.path.join(&name)), bake()?),
            Loaded::Nothing => match self.prepare(engine, model, &name, &bake, announce)? {
                Prepared::Component(component) => return Ok(*component),
                Prepared::Uncached { reason, baked } => (reason, baked),
            },
        };
        let reason =
            format!("{reason}; set CUTOUT_CACHE to another folder, or use --engine native");
        uncached(engine, &baked, &reason, announce)
    }

    /// Makes the host image `name` and maps it, unless another process has made it while this one waited.
    fn prepare(
        &self,
        engine: &Engine,
        model: &Model,
        name: &str,
        bake: &dyn Fn() -> Result<Vec<u8>, Error>,
        announce: &dyn Fn(&str),
    ) -> Result<Prepared, Error> {
        let path = self.path.join(name);
        let lock = self.lock();
        match &lock {
            Ok(_) => whole::clear(&self.folder),
            Err(error) => announce(&format!(
                "{error}; other processes may prepare the same model at the same time"
            )),
        }
        if let Loaded::Component(component) = self.load(engine, name)? {
            return Ok(Prepared::Component(component));
        }
        announce(&format!(
            "preparing the model {} for this machine (once)",
            model.spec.name
        ));
        let baked = bake()?;
        let image = snapshot::compile(engine, &baked)?;
        if let Err(error) = whole::store(&self.folder, name, &image, whole::MODE) {
            let reason = format!("cannot write the host image {}: {error}", path.display());
            return Ok(Prepared::Uncached { reason, baked });
        }
        drop(lock);
        let reason = match self.load(engine, name)? {
            Loaded::Component(component) => return Ok(Prepared::Component(component)),
            Loaded::Denied => no_code_from(&path),
            Loaded::Nothing => format!(
                "the host image {} cannot be read back through /proc/self/fd",
                path.display()
            ),
        };
        Ok(Prepared::Uncached { reason, baked })
    }

    /// Checks that a start maps the host image of `model` from here, once an earlier one has prepared it.
    ///
    /// # Errors
    /// Those of [`Cache::component`], and kind `io` with the reason why it compiles instead.
    pub fn check(&self, model: &Model, runtime: Runtime) -> Result<(), Error> {
        let said = RefCell::new(None);
        let engine = Host::engine(&Settings::default())?;
        // The last word is the reason: what is to be prepared was announced before.
        self.component(&engine, model, runtime, &|text| {
            said.replace(Some(text.to_owned()));
        })?;
        match said.into_inner() {
            Some(reason) => Err(Error::new(Kind::Io, reason)),
            None => Ok(()),
        }
    }

    /// The place of `model`'s host image, whether it is there or not.
    ///
    /// # Errors
    /// Those of [`ActorBuild::digest`].
    pub fn path(&self, engine: &Engine, model: &Model, runtime: Runtime) -> Result<PathBuf, Error> {
        Ok(self.path.join(name::of(engine, model, runtime)?))
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.path.join("lock");
        let file = self.folder.lock_file("lock");
        let file = file.map_err(Error::io(format!("open {}", path.display())))?;
        file.lock()
            .map_err(Error::io(format!("lock {}", path.display())))?;
        Ok(file)
    }

    /// Maps the component in the host image `name`.
    fn load(&self, engine: &Engine, name: &str) -> Result<Loaded, Error> {
        let Ok(Some(image)) = whole::open(&self.folder, name) else {
            return Ok(Loaded::Nothing);
        };
        let error = match host_image(engine, &image) {
            Ok(component) => return Ok(Loaded::Component(Box::new(component))),
            Err(error) if is_denied(&error) => return Ok(Loaded::Denied),
            Err(error) => error,
        };
        let roomy = Host::engine(&Settings {
            max_memory: 1 << 32,
            ..Settings::default()
        })?;
        if host_image(&roomy, &image).is_err() {
            return Ok(Loaded::Nothing);
        }
        let text = format!(
            "the model needs more memory than an instance may have: {error:#}; raise --max-memory"
        );
        Err(Error::new(Kind::OutOfMemory, text))
    }
}

/// The component of `model` from the host images that were made ahead, else from the user's cache, or compiled for this process alone where there is no cache.
///
/// # Errors
/// Those of [`Cache::component`].
pub(in crate::engine) fn component_of_user(
    engine: &Engine,
    model: &Model,
    runtime: Runtime,
    announce: &dyn Fn(&str),
) -> Result<Component, Error> {
    if let Some((_, component)) = ahead::component(engine, model, runtime, announce)? {
        return Ok(component);
    }
    match Cache::of_user() {
        Ok(cache) => cache.component(engine, model, runtime, announce),
        Err(error) => {
            let baked = snapshot::bake(model, ActorBuild::Http(runtime))?;
            uncached(engine, &baked, &error.to_string(), announce)
        }
    }
}

/// Compiles `baked` for this process alone, and says why.
fn uncached(
    engine: &Engine,
    baked: &[u8],
    reason: &str,
    announce: &dyn Fn(&str),
) -> Result<Component, Error> {
    announce(&format!(
        "{reason}; until that is mended, every start prepares the model anew, which takes seconds"
    ));
    Component::new(engine, baked).map_err(Error::engine("compile the component"))
}

/// Outcome of mapping a host image.
enum Loaded {
    Component(Box<Component>),
    /// There is none that can be trusted.
    Nothing,
    /// The system does not let code be mapped from it.
    Denied,
}

/// Outcome of making a host image.
enum Prepared {
    Component(Box<Component>),
    /// The cache cannot hold it, or it cannot be mapped from there.
    Uncached {
        reason: String,
        baked: Vec<u8>,
    },
}

fn no_code_from(path: &Path) -> String {
    format!(
        "no code may be mapped from the host image {}: its file system is mounted noexec, or this process may not \
         run code that it has made",
        path.display()
    )
}

/// Maps a host image. Only for [`Cache::load`] and [`ahead::component`], which have it from [`whole`].
#[allow(unsafe_code, reason = "the one entrance of precompiled code")]
fn host_image(engine: &Engine, image: &File) -> wasmtime::Result<Component> {
    // The open file itself, whatever has its name by now.
    let path = format!("/proc/self/fd/{}", image.as_raw_fd());
    // SAFETY: `whole` has seen of this open file that it belongs to this user (or root, where it was made ahead), that nobody
    // else may write to it, and that its digest fits, or fitted and the file is untouched since; the same goes for the owner
    // of the folder that it was opened in (`Cache::at`, `ahead::component`). So it is what `whole::store` wrote, which `precompile_component` made. wasmtime itself checks version, settings and CPU features.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Whether what has this owner and mode belongs to this user and nobody else may write to it.
fn is_ours(uid: u32, mode: u32) -> bool {
    uid == rustix::process::geteuid().as_raw() && mode & 0o022 == 0
}
