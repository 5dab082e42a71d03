//! Bake: generic actor + model → portable component → host image.

use bytes::Bytes;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, WasmList};
use wasmtime::{Engine, OptLevel, Store};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use super::actor_build::ActorBuild;
use super::bindings;
use super::guest::Guest;
use super::host;
use crate::Error;
use crate::engine::runtime::{Runtime, plan};
use crate::models::Model;

/// Linear memory for loading the largest model of the family.
const LOAD_MEMORY: usize = 4 << 30;

/// Makes a portable component: the actor with `model` loaded into its memory, valid on any
/// component host. Same actor and model, same bytes.
///
/// # Errors
/// Kind `model` when the runtime cannot use the model, `engine` when the snapshot fails.
pub fn bake(model: &Model, build: ActorBuild) -> Result<Vec<u8>, Error> {
    // The model as the actor takes it.
    let loadable: Bytes = match build.runtime() {
        Runtime::Tract => model.onnx.clone(),
        runtime => plan(model, runtime)?.to_bytes().into(),
    };
    let wasm = build.wasm()?;
    let mut config = host::base_config();
    // This code runs once, so it is not worth optimising.
    config
        .cranelift_opt_level(OptLevel::None)
        .epoch_interruption(false);
    let engine = Engine::new(&config).map_err(Error::engine("start the sandbox for baking"))?;
    let wizer = Wizer::new();
    let (context, instrumented) = wizer
        .instrument_component(&wasm)
        .map_err(Error::engine("prepare the actor for baking"))?;
    let component = Component::new(&engine, instrumented)
        .map_err(Error::engine("compile the actor for baking"))?;

    let (store, instance) = loaded(&engine, &component, model, &loadable)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(Error::io("start the baking thread"))?;
    let mut state = SnapshotState {
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

/// An instance of the actor with the model in its memory; `loadable` is the model as the actor takes it.
fn loaded(
    engine: &Engine,
    component: &Component,
    model: &Model,
    loadable: &[u8],
) -> Result<(Store<Guest>, Instance), Error> {
    let mut store = host::store(engine, LOAD_MEMORY, &[]);
    // The snapshot reads the whole memory through one call.
    store.set_hostcall_fuel(usize::MAX);
    let mut linker = host::linker(engine)?;
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
        .instantiate(&mut store, component)
        .map_err(Error::engine("instantiate the actor for baking"))?;
    let guest = bindings::ActorExports::new(&mut store, &instance)
        .map_err(Error::engine("find the actor's exports"))?;
    guest
        .cutout_matting_lifecycle()
        .call_load(&mut store, loadable, &bindings::spec(&model.spec))
        .map_err(|e| {
            let said = store.data().said();
            Error::engine("load the model into the actor")(e.context(said))
        })?
        .map_err(bindings::error)?;
    Ok((store, instance))
}

/// Reads the instance's memory and globals through the functions that wizer added.
struct SnapshotState {
    store: Store<Guest>,
    instance: Instance,
    failure: Option<wasmtime::Error>,
}

impl SnapshotState {
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

impl ComponentInstanceState for SnapshotState {
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
