//! Engines for several workers.

use std::sync::Arc;
#[cfg(feature = "wasm")]
use std::sync::atomic::Ordering;

use cutout::Limits;

use super::native::Native;
#[cfg(feature = "wasm")]
use super::wasm::Wasm;
#[cfg(feature = "wasm")]
use super::{Cache, Host, Settings};
use super::{Engine, Runtime};
use crate::Error;
use crate::models::Model;

/// A model made ready, from which every worker gets an engine of its own.
pub enum Engines {
    /// Instances of one host image.
    #[cfg(feature = "wasm")]
    Wasm(Arc<Host>),
    /// The model, what computes it, and what a picture may ask for when it comes by HTTP; each engine prepares the
    /// model for itself.
    Native(Arc<Model>, Runtime, Limits),
}

impl Engines {
    /// Maps and links the model's host image, which is made first if `cache` has none; `announce` is told then.
    ///
    /// # Errors
    /// As [`Cache::component`] and [`Host`].
    #[cfg(feature = "wasm")]
    pub fn wasm(
        cache: &Cache,
        model: &Model,
        runtime: Runtime,
        settings: Settings,
        announce: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let engine = Host::engine(&settings)?;
        let component = cache.component(&engine, model, runtime, announce)?;
        let host = Host::new(&engine, &component, settings)?;
        Ok(Self::Wasm(Arc::new(host)))
    }

    /// Compiles the model's component for this process alone, since there is no cache for a host image.
    ///
    /// # Errors
    /// Those of the model, and kind `engine` when the sandbox cannot be set up.
    #[cfg(feature = "wasm")]
    pub fn uncached(model: &Model, runtime: Runtime, settings: Settings) -> Result<Self, Error> {
        let engine = Host::engine(&settings)?;
        let component = super::wasm::compile_here(&engine, &super::bake(model, runtime)?)?;
        let host = Host::new(&engine, &component, settings)?;
        Ok(Self::Wasm(Arc::new(host)))
    }

    /// An engine for one worker.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use the model natively.
    pub fn engine(&self) -> Result<Box<dyn Engine + Send>, Error> {
        Ok(match self {
            #[cfg(feature = "wasm")]
            Self::Wasm(host) => Box::new(Wasm::new(host.clone())),
            Self::Native(model, runtime, limits) => {
                Box::new(Native::new(model, *runtime, *limits)?)
            }
        })
    }

    /// Instances made so far, by all engines; `native` has none.
    pub fn instances(&self) -> u64 {
        match self {
            #[cfg(feature = "wasm")]
            Self::Wasm(host) => host.made.load(Ordering::Relaxed),
            Self::Native(..) => 0,
        }
    }
}
