//! Engines: the ways to run the core.

mod engines;
mod interface;
mod native;
mod runtime;
mod settings;
mod versions;
#[cfg(feature = "wasm")]
mod wasm;

pub use engines::Engines;
pub use interface::{BoxEngine, Engine, Responded, Timed, WORKER_STACK};
pub use runtime::Runtime;
pub use settings::Settings;
pub(crate) use versions::CORE_DIGEST;
pub use versions::WASMTIME;
#[cfg(feature = "wasm")]
pub use wasm::{ActorBuild, Cache, Host, Source, bake, check_levels, compile, compile_ahead};
