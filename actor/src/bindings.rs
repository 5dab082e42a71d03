//! Generated from `wit/`.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    reason = "generated code"
)]

#[cfg(not(feature = "worker"))]
wit_bindgen::generate!({ world: "actor", path: "../wit", generate_all });
#[cfg(feature = "worker")]
wit_bindgen::generate!({ world: "worker", path: "../wit", generate_all });

export!(Actor with_types_in self);

use super::Actor;
