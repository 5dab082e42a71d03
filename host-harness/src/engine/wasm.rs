//! The actor, in wasmtime's sandbox.

use std::sync::Arc;

use cutout::{Limits, Mask, Options, Output};
use wasmtime::{Store, Trap};

use super::bindings::{self, Actor, types};
use super::host::{Guest, Host};
use super::{Engine, Timed};
use crate::{Error, Kind};

/// The wasm engine: one instance, kept for the next pictures as the settings say, unless a picture broke it.
pub(super) struct Wasm {
    host: Arc<Host>,
    instance: Option<Instance>,
    /// The largest linear memory of the last instance that served a picture.
    peak: Option<usize>,
}

struct Instance {
    store: Store<Guest>,
    actor: Actor,
    /// Pictures so far.
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
        work: impl FnOnce(&Actor, &mut Store<Guest>) -> wasmtime::Result<Result<T, types::Error>>,
    ) -> Result<T, Error> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.instantiate()?,
        };
        self.host.arm(&mut instance.store);
        match work(&instance.actor, &mut instance.store) {
            Ok(Ok(value)) => {
                self.keep(instance);
                Ok(value)
            }
            // The core may have met the cap too, and said so in its own words.
            Ok(Err(_)) if instance.store.data().memory.refused => Err(self.out_of_memory()),
            Ok(Err(error)) => {
                self.keep(instance);
                Err(bindings::error(error))
            }
            Err(error) => Err(self.failure(&error, instance.store.data())),
        }
    }

    fn keep(&mut self, mut instance: Instance) {
        self.peak = Some(instance.store.data().memory.peak);
        instance.served += 1;
        if instance.served < self.host.settings().reuse.get() {
            self.instance = Some(instance);
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
        Ok(Instance {
            store,
            actor,
            served: 0,
        })
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
