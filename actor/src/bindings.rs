//! Generated from `wit/`.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    reason = "generated code"
)]

wit_bindgen::generate!({ world: "actor", path: "../wit", generate_all });

export!(Actor with_types_in self);

use super::Actor;
