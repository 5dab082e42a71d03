//! wasmtime, set up for actors: pooled memory, a cap, a deadline.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use cutout::Limits;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Store,
};
use wasmtime_wasi_http::p2::bindings::sync::ProxyIndices;

use super::bindings::ActorIndices;
use super::guest::Guest;
use crate::Error;
use crate::engine::settings::Settings;

/// How often the deadline is looked at.
const TICK: Duration = Duration::from_millis(10);

/// A compiled actor, ready to be instantiated.
pub struct Host {
    pub(super) pre: InstancePre<Guest>,
    pub(super) actor: ActorIndices,
    pub(super) http: ProxyIndices,
    /// Instances made so far.
    pub(in crate::engine) made: AtomicU64,
    settings: Settings,
    ticker: OnceLock<Ticker>,
}

impl Host {
    /// The wasmtime engine that host images are compiled for and run by.
    ///
    /// # Errors
    /// Kind `engine` when the machine refuses the pool's address space.
    pub fn engine(settings: &Settings) -> Result<Engine, Error> {
        Self::engine_with(base_config(), settings)
    }

    /// An engine by a configuration, with the pool of `settings`.
    pub(super) fn engine_with(mut config: Config, settings: &Settings) -> Result<Engine, Error> {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
        Engine::new(&config).map_err(Error::engine("reserve memory for the sandbox"))
    }

    /// Links `component`. The deadline's clock starts with the first instance.
    ///
    /// # Errors
    /// Kind `engine` when the component is not an actor of this version.
    pub fn new(engine: &Engine, component: &Component, settings: Settings) -> Result<Self, Error> {
        let version = "link the component as an actor of this version";
        let pre = linker(engine)?
            .instantiate_pre(component)
            .map_err(Error::engine(version))?;
        let actor = ActorIndices::new(&pre).map_err(Error::engine(version))?;
        let http = ProxyIndices::new(&pre).map_err(Error::engine(version))?;
        Ok(Self {
            pre,
            actor,
            http,
            made: AtomicU64::new(0),
            settings,
            ticker: OnceLock::new(),
        })
    }

    /// Links the component that `component` makes for a new engine with `settings`.
    ///
    /// # Errors
    /// Those of [`Host::engine`], `component` and [`Host::new`].
    pub(in crate::engine) fn start(
        settings: Settings,
        component: impl FnOnce(&Engine) -> Result<Component, Error>,
    ) -> Result<Arc<Self>, Error> {
        let engine = Self::engine(&settings)?;
        let component = component(&engine)?;
        Self::new(&engine, &component, settings).map(Arc::new)
    }

    /// A store for one instance.
    pub(super) fn store(&self) -> Store<Guest> {
        let limits = self.settings.limits.map(environment).unwrap_or_default();
        store(self.pre.engine(), self.settings.max_memory, &limits)
    }

    /// Gives `store` the time for one image from now on.
    pub(super) fn arm(&self, store: &mut Store<Guest>) {
        self.ticker.get_or_init(|| Ticker::start(self.pre.engine()));
        let ticks = self.settings.timeout.as_millis().div_ceil(TICK.as_millis());
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX >> 1) + 1);
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Settings that code generation and instances have in common.
pub(super) fn base_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        // Addresses for wasm back traces would be a fifth of the host image.
        .generate_address_map(false)
        .memory_init_cow(true)
        // A baked memory is always mapped, never copied at instantiation, however sparse it is.
        .memory_guaranteed_dense_image_size(1 << 32);
    config
}

fn pool(settings: &Settings) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    // One Rust component is a few core instances: the module and the shims of its imports.
    pool.total_component_instances(settings.instances)
        .total_core_instances(settings.instances.saturating_mul(8))
        .total_memories(settings.instances)
        .total_tables(settings.instances.saturating_mul(4))
        .table_elements(100_000)
        .max_memory_size(settings.max_memory)
        // Calls are synchronous: no stack is ever switched, and each would be two mappings.
        .total_stacks(0);
    pool
}

/// WASI for an actor: clocks, random numbers, an environment, and the HTTP that comes in.
pub(super) fn linker(engine: &Engine) -> Result<Linker<Guest>, Error> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)
        .and_then(|()| wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker))
        .map_err(Error::engine("link the component's imports"))?;
    Ok(linker)
}

/// The limits as the actor reads them.
fn environment(limits: Limits) -> Vec<(&'static str, String)> {
    vec![
        ("CUTOUT_MAX_BYTES", limits.max_bytes.to_string()),
        ("CUTOUT_MAX_PIXELS", limits.max_pixels.to_string()),
    ]
}

/// A store for one instance with `environment`; what is baked takes an empty one, since it would be kept.
pub(super) fn store(
    engine: &Engine,
    max_memory: usize,
    environment: &[(&str, String)],
) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(max_memory, environment));
    store.limiter(|guest| &mut guest.memory);
    store.set_hostcall_fuel(max_memory);
    store
}

/// The thread that moves the engine's epoch on, until it is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
}

impl Ticker {
    fn start(engine: &Engine) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), stop.clone());
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else {
                    return;
                };
                engine.increment_epoch();
            }
        });
        Self { stop }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
