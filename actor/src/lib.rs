//! The component: WIT glue over the core and nothing else.

mod bindings;
mod clock;
mod conversions;
mod environment;
#[cfg(not(feature = "worker"))]
mod http;
mod matting;
#[cfg(feature = "worker")]
mod messages;

use std::cell::RefCell;

#[cfg(not(feature = "tract"))]
use cutout::Net as Runtime;
use cutout::Pipeline;
#[cfg(feature = "tract")]
use cutout_tract::Tract as Runtime;

/// The runtime of this build.
const RUNTIME: &str = if cfg!(feature = "tract") {
    "tract"
} else {
    "net"
};

thread_local! {
    /// The one model of this instance. Plain guest state, so that it survives a memory snapshot.
    static PIPELINE: RefCell<Option<Pipeline<Runtime>>> = const { RefCell::new(None) };
}

struct Actor;
