//! One message in, the answers out, as a pure function over the core; and the client's half of the same protocol.
//!
//! A message is a frame: `cutout/1 {JSON}`, a line feed, and parts, one after the other, whose lengths the JSON
//! states. A request may also be a bare image. [`Worker`] answers a [`Request`] with two [`Answer`]s: that somebody
//! has it, then what came of it. A client with many images sends an offer ([`Signal`]) in place of a request; a worker
//! that is free claims an image and gets the request then. The fields of the JSON are in `docs/nats.md`.

mod answer;
mod frame;
mod request;
mod signal;
mod wire;
mod worker;

pub use answer::{Answer, Failure, FailureKind, Made, WorkerHost};
pub use frame::BadMessage;
pub use request::Request;
pub use signal::Signal;
pub use worker::{Meter, Worker};

#[cfg(test)]
mod tests;
