//! `wasmcloud:messaging/handler`, in terms of `cutout-message`.

use std::time::Duration;

use cutout::Stage;
use cutout_message::{Meter, Signal, Worker, WorkerHost};

use crate::bindings::exports::wasmcloud::messaging::handler::{BrokerMessage, Guest};
use crate::bindings::wasmcloud::messaging::consumer;
use crate::clock::StageClock;
use crate::environment::{limits, value};
use crate::{Actor, PIPELINE};

/// How long a client may take to answer a claim, in milliseconds. wasmCloud's host itself waits no longer than this.
const CLAIM_TIMEOUT: u32 = 10_000;

impl Guest for Actor {
    fn handle_message(message: BrokerMessage) -> Result<(), String> {
        let reply_to = message.reply_to.ok_or(
            "the message has no reply-to, so that nobody would hear of the result; publish it with a reply subject",
        )?;
        let worker = worker();
        if Signal::decode(&message.body) == Some(Signal::Offer) {
            return claim(&worker, &reply_to);
        }
        publish(&reply_to, worker.taken())?;
        publish(&reply_to, respond(&worker, &message.body))
    }
}

/// Asks the client at `offered_by` for an image, and processes it.
fn claim(worker: &Worker, offered_by: &str) -> Result<(), String> {
    // Without an answer the client has ended, or has given its images to other workers.
    let Ok(request) = consumer::request(offered_by, &worker.claim(), CLAIM_TIMEOUT) else {
        return Ok(());
    };
    if Signal::decode(&request.body) == Some(Signal::Nothing) {
        return Ok(());
    }
    let reply_to = request.reply_to.ok_or(
        "the answer to a claim has no reply-to, so that nobody would hear of the result; publish it with a reply subject",
    )?;
    publish(&reply_to, worker.taken())?;
    publish(&reply_to, respond(worker, &request.body))
}

fn respond(worker: &Worker, request: &[u8]) -> Vec<u8> {
    let mut clock = StageClock::start();
    PIPELINE.with_borrow_mut(|pipeline| worker.respond(pipeline.as_mut(), request, &mut clock))
}

fn publish(subject: &str, body: Vec<u8>) -> Result<(), String> {
    consumer::publish(&BrokerMessage {
        subject: subject.to_owned(),
        body,
        reply_to: None,
    })
}

/// From the environment: `CUTOUT_HOST`, `CUTOUT_SLOTS`, `CUTOUT_MAX_PAYLOAD` and the limits.
fn worker() -> Worker {
    Worker {
        host: WorkerHost {
            host: value("CUTOUT_HOST"),
            slots: value("CUTOUT_SLOTS"),
        },
        limits: limits(),
        max_payload: value("CUTOUT_MAX_PAYLOAD"),
    }
}

impl Meter for StageClock {
    fn time(&mut self, stage: Stage) -> Duration {
        self.end(stage);
        self.stages.last().map_or(Duration::ZERO, |(_, time)| *time)
    }

    /// Linear memory never shrinks.
    fn peak(&self) -> Option<u64> {
        #[cfg(target_arch = "wasm32")]
        return Some(core::arch::wasm32::memory_size::<0>() as u64 * (64 << 10));
        #[cfg(not(target_arch = "wasm32"))]
        None
    }
}
