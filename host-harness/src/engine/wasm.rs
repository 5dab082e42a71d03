//! The actor, in wasmtime's sandbox. wasmtime is named below this folder only, and in `error.rs`, which turns its errors
//! into ours.

mod actor_build;
mod bindings;
mod cache;
mod guest;
mod host;
mod http;
mod snapshot;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::http::Request;
use bytes::Bytes;
use cutout::{Limits, Mark, Mask, Matte, Options, Output, Quality};
use wasmtime::{Store, Trap};
use wasmtime_wasi_http::p2::bindings::sync::Proxy;

use super::interface::{Engine, Responded, Timed};
use crate::{Error, Kind};
use bindings::ActorExports;
use guest::Guest;

pub use actor_build::ActorBuild;
pub(super) use cache::component_of_user;
pub use cache::{Cache, Source, check_levels, compile_ahead};
pub use host::Host;
pub use snapshot::{bake, compile};

/// The wasm engine: one instance, kept for the next images as the settings say, unless an image broke it.
pub(super) struct Wasm {
    host: Arc<Host>,
    instance: Option<(Instance, Store<Guest>)>,
    /// The largest linear memory of the last instance that served an image.
    peak: Option<usize>,
}

struct Instance {
    actor: ActorExports,
    http: Proxy,
    /// Images so far.
    served: u32,
}

impl Wasm {
    /// An engine over a component that is linked already.
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            instance: None,
            peak: None,
        }
    }

    /// Runs `work` within the deadline. An instance that trapped is dropped: its memory may be in
    /// any state.
    fn call<T>(
        &mut self,
        work: impl FnOnce(&Instance, &mut Store<Guest>) -> wasmtime::Result<Result<T, Error>>,
    ) -> Result<T, Error> {
        let (instance, mut store) = match self.instance.take() {
            Some(instance) => instance,
            None => self.instantiate()?,
        };
        self.host.arm(&mut store);
        store.data_mut().memory.refused = false;
        match work(&instance, &mut store) {
            Ok(Ok(value)) => {
                self.keep(instance, store);
                Ok(value)
            }
            // The core may have met the cap too, and said so in its own words.
            Ok(Err(_)) if store.data().memory.refused => Err(self.host.settings().out_of_memory()),
            Ok(Err(error)) => {
                self.keep(instance, store);
                Err(error)
            }
            Err(error) => Err(self.failure(&error, store.data())),
        }
    }

    fn keep(&mut self, mut instance: Instance, store: Store<Guest>) {
        let peak = store.data().memory.peak;
        self.peak = Some(peak);
        instance.served += 1;
        let settings = self.host.settings();
        if instance.served < settings.reuse.get() && peak <= settings.kept_memory {
            self.instance = Some((instance, store));
        }
    }

    fn instantiate(&self) -> Result<(Instance, Store<Guest>), Error> {
        let mut store = self.host.store();
        self.host.arm(&mut store);
        let doing = "instantiate the actor";
        let instance = self
            .host
            .pre
            .instantiate(&mut store)
            .map_err(Error::engine(doing))?;
        let instance = Instance {
            actor: (self.host.actor)
                .load(&mut store, &instance)
                .map_err(Error::engine(doing))?,
            http: (self.host.http)
                .load(&mut store, &instance)
                .map_err(Error::engine(doing))?,
            served: 0,
        };
        self.host.made.fetch_add(1, Ordering::Relaxed);
        Ok((instance, store))
    }

    fn failure(&self, error: &wasmtime::Error, guest: &Guest) -> Error {
        let settings = self.host.settings();
        if matches!(error.downcast_ref(), Some(Trap::Interrupt)) {
            return settings.late();
        }
        if guest.memory.refused {
            return settings.out_of_memory();
        }
        let text = format!("the actor stopped: {error:#}\n{}", guest.said());
        Error::new(Kind::Trap, text.trim_end().to_owned())
    }
}

impl Engine for Wasm {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn remove(&mut self, image: &[u8], options: &Options) -> Result<Timed<Output>, Error> {
        let options = bindings::options(options);
        let output = self.call(|instance, store| {
            let matting = instance.actor.cutout_matting_matting();
            let output = matting.call_remove(store, image, &options)?;
            Ok(output.map_err(bindings::error))
        })?;
        Ok(bindings::output(output))
    }

    fn refine(
        &mut self,
        image: &[u8],
        mask: Option<&[u8]>,
        marks: &[Mark<'_>],
        options: &Options,
    ) -> Result<Timed<Output>, Error> {
        let options = bindings::options(options);
        let marks: Vec<_> = marks.iter().map(bindings::mark).collect();
        let output = self.call(|instance, store| {
            let matting = instance.actor.cutout_matting_matting();
            let output = matting.call_refine(store, image, mask, &marks, &options)?;
            Ok(output.map_err(bindings::error))
        })?;
        Ok(bindings::output(output))
    }

    fn respond(&mut self, request: Request<Bytes>) -> Result<Responded, Error> {
        let settings = *self.host.settings();
        self.call(|instance, store| {
            let responded = http::respond(&instance.http, store, request, &settings)?;
            let status = responded.response.status();
            let refused = status.is_client_error() || status.is_server_error();
            if refused && store.data().memory.refused {
                return Ok(Err(Error::new(Kind::OutOfMemory, "the cap was met")));
            }
            Ok(Ok(responded))
        })
    }

    fn peak_memory(&self) -> Option<usize> {
        self.peak
    }

    fn start(&mut self) -> Result<(), Error> {
        if self.instance.is_none() {
            self.instance = Some(self.instantiate()?);
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.instance = None;
    }

    fn mask(
        &mut self,
        image: &[u8],
        quality: Quality,
        limits: &Limits,
    ) -> Result<Timed<Matte>, Error> {
        let (quality, limits) = (bindings::quality(quality), bindings::limits(limits));
        let mask = self.call(|instance, store| {
            let matting = instance.actor.cutout_matting_matting();
            let mask = matting.call_matte(store, image, quality, limits)?;
            Ok(mask.map_err(bindings::error))
        })?;
        Ok(Timed {
            stages: bindings::stages(&mask.stages),
            foreground: mask.foreground.map(bindings::bounding_box),
            value: Matte {
                mask: Mask {
                    width: mask.width,
                    height: mask.height,
                    data: mask.data,
                },
                uncertainty: mask.uncertainty,
            },
        })
    }
}
