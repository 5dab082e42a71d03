//! `wasmcloud:messaging/handler`, in terms of `cutout-message`.

use std::time::Duration;

use cutout::Stage;
use cutout_message::{Meter, Taken, Worker};

use crate::bindings::exports::wasmcloud::messaging::handler::{BrokerMessage, Guest};
use crate::bindings::wasmcloud::messaging::consumer;
use crate::clock::StageClock;
use crate::environment::{limits, value};
use crate::{Actor, PIPELINE};

impl Guest for Actor {
    fn handle_message(message: BrokerMessage) -> Result<(), String> {
        let reply_to = message.reply_to.ok_or(
            "the message has no reply-to, so that nobody would hear of the result; publish it with a reply subject",
        )?;
        let publish = |body| {
            consumer::publish(&BrokerMessage {
                subject: reply_to.clone(),
                body,
                reply_to: None,
            })
        };
        let worker = worker();
        publish(worker.taken())?;
        let mut clock = StageClock::start();
        let answer = PIPELINE.with_borrow_mut(|pipeline| {
            worker.respond(pipeline.as_mut(), &message.body, &mut clock)
        });
        publish(answer)
    }
}

/// From the environment: `CUTOUT_HOST`, `CUTOUT_SLOTS`, `CUTOUT_MAX_PAYLOAD` and the limits.
fn worker() -> Worker {
    Worker {
        taken: Taken {
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
