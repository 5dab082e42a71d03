//! Engines for several workers.

use std::sync::Arc;
#[cfg(feature = "wasm")]
use std::sync::atomic::Ordering;

use super::interface::BoxEngine;
use super::native::Native;
use super::runtime::Runtime;
use super::settings::Settings;
#[cfg(feature = "wasm")]
use super::wasm::{Cache, Host, Wasm, component_of_user};
use crate::Error;
use crate::models::Model;

/// A model made ready, from which every worker gets an engine of its own.
pub enum Engines {
    /// Instances of one host image.
    #[cfg(feature = "wasm")]
    Wasm(Arc<Host>),
    /// The model, its runtime, and the limits of an engine; each engine prepares the model for itself.
    Native(Arc<Model>, Runtime, Settings),
}

impl Engines {
    /// Maps and links the model's host image, which is made first if `cache` has none; `announce` is told then.
    ///
    /// # Errors
    /// Those of [`Cache::component`] and [`Host`].
    #[cfg(feature = "wasm")]
    pub fn wasm(
        cache: &Cache,
        model: &Model,
        runtime: Runtime,
        settings: Settings,
        announce: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let component = |engine: &_| cache.component(engine, model, runtime, announce);
        Host::start(settings, component).map(Self::Wasm)
    }

    /// Links the model's component with the user's cache, or without where there is none; `announce` is told of that, too.
    ///
    /// # Errors
    /// Those of [`Engines::wasm`].
    #[cfg(feature = "wasm")]
    pub fn of_user(
        model: &Model,
        runtime: Runtime,
        settings: Settings,
        announce: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let component = |engine: &_| component_of_user(engine, model, runtime, announce);
        Host::start(settings, component).map(Self::Wasm)
    }

    /// An engine for one worker.
    ///
    /// # Errors
    /// Kind `model` when the runtime cannot use the model natively.
    pub fn engine(&self) -> Result<BoxEngine, Error> {
        Ok(match self {
            #[cfg(feature = "wasm")]
            Self::Wasm(host) => Box::new(Wasm::new(host.clone())),
            Self::Native(model, runtime, settings) => {
                Box::new(Native::new(model, *runtime, *settings)?)
            }
        })
    }

    /// The engine's name in flags and columns: `wasm` or `native`.
    pub fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "wasm")]
            Self::Wasm(_) => "wasm",
            Self::Native(..) => "native",
        }
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
