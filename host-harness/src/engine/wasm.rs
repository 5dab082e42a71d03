//! The actor, in wasmtime's sandbox.

use std::sync::Arc;

use cutout::{Limits, Mask, Options, Output};
use wasmtime::{Store, Trap};

use super::bindings::{self, Actor, types};
use super::host::{Guest, Host};
use super::{Engine, Timed};
use crate::{Error, Kind};

/// The wasm engine: one instance, kept for the next picture unless a picture broke it.
pub struct Wasm {
    host: Arc<Host>,
    instance: Option<Instance>,
}

struct Instance {
    store: Store<Guest>,
    actor: Actor,
}

impl Wasm {
    /// An engine over a component that is linked already.
    pub fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            instance: None,
        }
    }

    /// Runs `work` within the deadline. An instance that trapped is dropped: its memory may be in
    /// any state.
    fn call<T>(
        &mut self,
        work: impl FnOnce(&Actor, &mut Store<Guest>) -> wasmtime::Result<Result<T, types::Error>>,
    ) -> Result<T, Error> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.instantiate()?,
        };
        self.host.arm(&mut instance.store);
        match work(&instance.actor, &mut instance.store) {
            Ok(Ok(value)) => {
                self.instance = Some(instance);
                Ok(value)
            }
            // The core may have met the cap too, and said so in its own words.
            Ok(Err(_)) if instance.store.data().memory.refused => Err(self.out_of_memory()),
            Ok(Err(error)) => {
                self.instance = Some(instance);
                Err(bindings::error(error))
            }
            Err(error) => Err(self.failure(&error, instance.store.data())),
        }
    }

    fn instantiate(&self) -> Result<Instance, Error> {
        let mut store = self.host.store();
        self.host.arm(&mut store);
        let actor = self
            .host
            .pre
            .instantiate(&mut store)
            .map_err(Error::engine("instantiate the actor"))?;
        Ok(Instance { store, actor })
    }

    fn failure(&self, error: &wasmtime::Error, guest: &Guest) -> Error {
        let settings = self.host.settings();
        if matches!(error.downcast_ref(), Some(Trap::Interrupt)) {
            let text = format!(
                "the picture was not done within {} s; raise --timeout or send a smaller one",
                settings.timeout.as_secs_f64()
            );
            return Error::new(Kind::Timeout, text);
        }
        if guest.memory.refused {
            return self.out_of_memory();
        }
        let text = format!("the actor stopped: {error:#}\n{}", guest.said());
        Error::new(Kind::Trap, text.trim_end().to_owned())
    }

    fn out_of_memory(&self) -> Error {
        let text = format!(
            "the picture needs more than {} MiB; raise --max-memory or send a smaller one",
            self.host.settings().max_memory >> 20
        );
        Error::new(Kind::OutOfMemory, text)
    }
}

impl Engine for Wasm {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn remove(&mut self, image: &[u8], options: &Options) -> Result<Timed<Output>, Error> {
        let options = bindings::options(options);
        let output = self.call(|actor, store| {
            actor
                .cutout_matting_matting()
                .call_remove(store, image, options)
        })?;
        let foreground = output.foreground.map(bindings::bounding_box);
        Ok(Timed {
            stages: bindings::stages(&output.stages),
            foreground,
            value: Output {
                bytes: output.bytes,
                width: output.width,
                height: output.height,
                foreground,
            },
        })
    }

    fn peak_memory(&self) -> Option<usize> {
        self.instance
            .as_ref()
            .map(|instance| instance.store.data().memory.peak)
    }

    fn mask(&mut self, image: &[u8], limits: &Limits) -> Result<Timed<Mask>, Error> {
        let limits = bindings::limits(limits);
        let mask = self.call(|actor, store| {
            actor
                .cutout_matting_matting()
                .call_matte(store, image, limits)
        })?;
        Ok(Timed {
            stages: bindings::stages(&mask.stages),
            foreground: mask.foreground.map(bindings::bounding_box),
            value: Mask {
                width: mask.width,
                height: mask.height,
                data: mask.data,
            },
        })
    }
}
