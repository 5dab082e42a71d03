//! Engines for several workers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cutout::Limits;

use super::native::Native;
use super::wasm::Wasm;
use super::{Cache, Engine, Host, Runtime, Settings};
use crate::Error;
use crate::models::Model;

/// A model made ready, from which every worker gets an engine of its own.
pub enum Engines {
    /// Instances of one host image.
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

    /// An engine for one worker.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use the model natively.
    pub fn engine(&self) -> Result<Box<dyn Engine + Send>, Error> {
        Ok(match self {
            Self::Wasm(host) => Box::new(Wasm::new(host.clone())),
            Self::Native(model, runtime, limits) => {
                Box::new(Native::new(model, *runtime, *limits)?)
            }
        })
    }

    /// Instances made so far, by all engines; `native` has none.
    pub fn instances(&self) -> u64 {
        match self {
            Self::Wasm(host) => host.made.load(Ordering::Relaxed),
            Self::Native(..) => 0,
        }
    }
}
