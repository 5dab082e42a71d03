//! Bake: generic actor + model → portable component → host image.

use std::io::Read;

use flate2::read::ZlibDecoder;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, WasmList};
use wasmtime::{Engine, OptLevel, Store};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use super::Runtime;
use super::bindings;
use super::host::{self, Guest};
use crate::Error;
use crate::engine::plan;
use crate::models::Model;

/// A build of the generic actor: a component without a model.
pub struct Actor {
    /// The component in zlib's format.
    deflated: &'static [u8],
    /// BLAKE3 of the component.
    pub digest: &'static str,
}

impl Actor {
    /// The component.
    ///
    /// # Errors
    /// Kind `engine` when the program's file is damaged.
    pub fn wasm(&self) -> Result<Vec<u8>, Error> {
        let mut wasm = Vec::new();
        ZlibDecoder::new(self.deflated)
            .read_to_end(&mut wasm)
            .map_err(|e| Error::engine("read the actor inside the program")(e.into()))?;
        Ok(wasm)
    }
}

static NET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/actor-net.wasm.z"));
#[cfg(feature = "tract")]
static TRACT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/actor-tract.wasm.z"));
static WORKER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/actor-worker.wasm.z"));

/// The actor of each runtime.
///
/// # Errors
/// Kind `usage` for a runtime that this program was built without.
pub fn actor(runtime: Runtime) -> Result<Actor, Error> {
    match runtime {
        Runtime::Net | Runtime::NetF32 => Ok(Actor {
            deflated: NET,
            digest: env!("CUTOUT_ACTOR_NET_DIGEST"),
        }),
        #[cfg(feature = "tract")]
        Runtime::Tract => Ok(Actor {
            deflated: TRACT,
            digest: env!("CUTOUT_ACTOR_TRACT_DIGEST"),
        }),
        #[cfg(not(feature = "tract"))]
        Runtime::Tract => Err(crate::engine::without_tract()),
    }
}

/// The actor that answers messages in place of HTTP. Its runtime is `net`.
pub fn worker() -> Actor {
    Actor {
        deflated: WORKER,
        digest: env!("CUTOUT_ACTOR_WORKER_DIGEST"),
    }
}

/// Linear memory for loading the largest model of the family.
const LOAD_MEMORY: usize = 4 << 30;

/// Makes a portable component: the actor with `model` loaded into its memory, valid on any
/// component host. Same actor and model, same bytes.
///
/// # Errors
/// Kind `model` when the runtime cannot use the model, `engine` when the snapshot fails.
pub fn bake(model: &Model, runtime: Runtime) -> Result<Vec<u8>, Error> {
    let loadable = match runtime {
        Runtime::Net | Runtime::NetF32 => plan(model, runtime)?.to_bytes().into(),
        Runtime::Tract => model.onnx.clone(),
    };
    bake_into(&actor(runtime)?, model, &loadable)
}

/// The component of the actor that answers messages.
///
/// # Errors
/// As [`bake`].
pub fn bake_worker(model: &Model) -> Result<Vec<u8>, Error> {
    let plan = plan(model, Runtime::Net)?.to_bytes();
    bake_into(&worker(), model, &plan)
}

/// `loadable` is the model as the actor takes it.
fn bake_into(actor: &Actor, model: &Model, loadable: &[u8]) -> Result<Vec<u8>, Error> {
    let mut config = host::base_config();
    // This code runs once, so it is not worth optimising.
    config
        .cranelift_opt_level(OptLevel::None)
        .epoch_interruption(false);
    let engine = Engine::new(&config).map_err(Error::engine("start the sandbox for baking"))?;
    let wizer = Wizer::new();
    let wasm = actor.wasm()?;
    let (context, instrumented) = wizer
        .instrument_component(&wasm)
        .map_err(Error::engine("prepare the actor for baking"))?;
    let component = Component::new(&engine, instrumented)
        .map_err(Error::engine("compile the actor for baking"))?;

    let mut store = host::store(&engine, LOAD_MEMORY, &[]);
    // The snapshot reads the whole memory through one call.
    store.set_hostcall_fuel(usize::MAX);
    let mut linker = host::linker(&engine)?;
    linker
        .instance("wasmcloud:messaging/consumer@0.2.0")
        .and_then(|mut consumer| {
            ["publish", "request"].iter().try_for_each(|name| {
                consumer.func_new(name, |_, _, _, _| {
                    wasmtime::bail!("loading a model sends no message")
                })
            })
        })
        .map_err(Error::engine("link the worker's imports"))?;
    let instance = linker
        .instantiate(&mut store, &component)
        .map_err(Error::engine("instantiate the actor for baking"))?;
    let guest = bindings::Actor::new(&mut store, &instance)
        .map_err(Error::engine("find the actor's exports"))?;
    guest
        .cutout_matting_lifecycle()
        .call_load(&mut store, loadable, &bindings::spec(&model.spec))
        .map_err(|e| {
            let said = store.data().said();
            Error::engine("load the model into the actor")(e.context(said))
        })?
        .map_err(bindings::error)?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(Error::io("start the baking thread"))?;
    let mut state = State {
        store,
        instance,
        failure: None,
    };
    let component = runtime.block_on(wizer.snapshot_component(&context, &mut state));
    match state.failure {
        Some(error) => Err(error),
        None => component,
    }
    .map_err(Error::engine("snapshot the actor's memory"))
}

/// Reads the instance's memory and globals through the functions that wizer added.
struct State {
    store: Store<Guest>,
    instance: Instance,
    failure: Option<wasmtime::Error>,
}

impl State {
    fn call<R, T: Default>(
        &mut self,
        instance: &str,
        func: &str,
        read: impl FnOnce(&Store<Guest>, R) -> T,
    ) -> T
    where
        R: Lift + 'static,
        (R,): ComponentNamedList,
    {
        let mut answer = || {
            let missing = || wasmtime::Error::msg(format!("{instance}#{func} is not there"));
            let (_, at) = self
                .instance
                .get_export(&mut self.store, None, instance)
                .ok_or_else(missing)?;
            let (_, at) = self
                .instance
                .get_export(&mut self.store, Some(&at), func)
                .ok_or_else(missing)?;
            let func = self
                .instance
                .get_typed_func::<(), (R,)>(&mut self.store, at)?;
            func.call(&mut self.store, ())
        };
        match answer() {
            Ok((value,)) => read(&self.store, value),
            Err(error) => {
                self.failure.get_or_insert(error);
                T::default()
            }
        }
    }
}

impl ComponentInstanceState for State {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        self.call(instance, func, |store, list: WasmList<u8>| {
            contents(list.as_le_slice(store));
        });
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.call(instance, func, |_, value| value)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.call(instance, func, |_, value| value)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.call(instance, func, |_, value: f32| value.to_bits())
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.call(instance, func, |_, value: f64| value.to_bits())
    }
}

/// Compiles a portable component for this machine: a host image.
///
/// # Errors
/// Kind `engine` when `component` is not a valid component.
pub fn compile(engine: &Engine, component: &[u8]) -> Result<Vec<u8>, Error> {
    engine
        .precompile_component(component)
        .map_err(Error::engine("compile the component"))
}
