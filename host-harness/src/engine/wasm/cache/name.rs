//! Names of host images: one for everything that an image depends on.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::Engine;

use crate::Error;
use crate::engine::runtime::Runtime;
use crate::engine::versions::CORE_DIGEST;
use crate::engine::wasm::actor_build::ActorBuild;
use crate::models::Model;

/// The name of `model`'s host image.
pub(super) fn of(engine: &Engine, model: &Model, runtime: Runtime) -> Result<String, Error> {
    let digest = ActorBuild::Http(runtime).digest()?;
    Ok(format!("{}.cwasm", key(engine, model, runtime, digest)))
}

/// Names everything that a host image depends on; wasmtime's own hash has its version, the
/// settings and the CPU's features in it.
fn key(engine: &Engine, model: &Model, runtime: Runtime, actor_digest: &str) -> String {
    let mut compatibility = DefaultHasher::new();
    engine
        .precompile_compatibility_hash()
        .hash(&mut compatibility);
    let mut key = blake3::Hasher::new();
    key.update(actor_digest.as_bytes());
    key.update(CORE_DIGEST.as_bytes());
    key.update(model.digest.as_bytes());
    key.update(format!("{:?}", model.spec).as_bytes());
    key.update(runtime.as_str().as_bytes());
    key.update(&compatibility.finish().to_le_bytes());
    format!(
        "{}-{}",
        model
            .spec
            .name
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        &key.finalize().to_hex()[..32]
    )
}
