//! Versions that results and compiled components depend on besides the model.

/// BLAKE3 of the sources that make a plan of a model and a result of an image: what was made by others is not trusted to be the same.
pub(crate) const CORE_DIGEST: &str = env!("CUTOUT_CORE_DIGEST");

/// Version of the wasmtime that runs the engine `wasm`.
pub const WASMTIME: &str = env!("CUTOUT_WASMTIME");
