//! Builds of the actor inside the program: components without a model.

use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::Error;
use crate::engine::runtime::{self, Runtime};

/// A build of the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorBuild {
    /// It answers calls and HTTP requests, by this runtime.
    Http(Runtime),
    /// It answers messages, as a NATS worker does. Its runtime is `net`.
    Messages,
}

/// A component, as the build script left it.
struct Embedded {
    /// In zlib's format.
    deflated: &'static [u8],
    /// BLAKE3 of the component.
    digest: &'static str,
}

static NET: Embedded = Embedded {
    deflated: include_bytes!(concat!(env!("OUT_DIR"), "/actor-net.wasm.z")),
    digest: env!("CUTOUT_ACTOR_NET_DIGEST"),
};
#[cfg(feature = "tract")]
static TRACT: Embedded = Embedded {
    deflated: include_bytes!(concat!(env!("OUT_DIR"), "/actor-tract.wasm.z")),
    digest: env!("CUTOUT_ACTOR_TRACT_DIGEST"),
};
static WORKER: Embedded = Embedded {
    deflated: include_bytes!(concat!(env!("OUT_DIR"), "/actor-worker.wasm.z")),
    digest: env!("CUTOUT_ACTOR_WORKER_DIGEST"),
};

impl ActorBuild {
    /// The runtime that the actor has.
    pub fn runtime(self) -> Runtime {
        match self {
            Self::Http(runtime) => runtime,
            Self::Messages => Runtime::Net,
        }
    }

    /// The component.
    ///
    /// # Errors
    /// Kind `usage` for a runtime that this program was built without, `engine` when the program's file is damaged.
    pub fn wasm(self) -> Result<Vec<u8>, Error> {
        let mut wasm = Vec::new();
        ZlibDecoder::new(self.embedded()?.deflated)
            .read_to_end(&mut wasm)
            .map_err(|e| Error::engine("read the actor inside the program")(e.into()))?;
        Ok(wasm)
    }

    /// BLAKE3 of the component.
    ///
    /// # Errors
    /// Kind `usage` for a runtime that this program was built without.
    pub fn digest(self) -> Result<&'static str, Error> {
        self.embedded().map(|embedded| embedded.digest)
    }

    fn embedded(self) -> Result<&'static Embedded, Error> {
        match self {
            Self::Http(Runtime::Net | Runtime::NetF32) => Ok(&NET),
            #[cfg(feature = "tract")]
            Self::Http(Runtime::Tract) => Ok(&TRACT),
            #[cfg(not(feature = "tract"))]
            Self::Http(Runtime::Tract) => Err(runtime::without_tract()),
            Self::Messages => Ok(&WORKER),
        }
    }
}
