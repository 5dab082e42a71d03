//! Time and memory of an image in the native engine: the sandbox's caps, asked for by the core's loops.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Instant;

use cutout::{Budget, ErrorKind};
use tikv_jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};

use crate::Error;
use crate::engine::settings::Settings;

/// What is left for one image.
pub(super) struct Allowance {
    settings: Settings,
    begun: Instant,
    heap: Heap,
    refusal: OnceCell<Error>,
}

impl Allowance {
    /// Does `work` on one image, from now on, in this thread.
    ///
    /// # Errors
    /// Kinds `timeout` and `out-of-memory`, whatever `work` has made by then, and those of `work`.
    pub(super) fn spend<T>(
        settings: &Settings,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let allowance = Rc::new(Self {
            settings: *settings,
            begun: Instant::now(),
            heap: Heap::now(),
            refusal: OnceCell::new(),
        });
        let done = cutout::within(allowance.clone(), work);
        match allowance.refusal.get() {
            Some(refusal) => Err(refusal.clone()),
            None => done,
        }
    }

    /// The share of the time that is left, below 0 behind the deadline.
    fn left(&self) -> f64 {
        1.0 - self.begun.elapsed().as_secs_f64() / self.settings.timeout.as_secs_f64()
    }

    fn refused(&self, kind: ErrorKind, refusal: Error) -> cutout::Error {
        let error = cutout::Error::new(kind, refusal.to_string());
        // The core asks no more once it is refused.
        let _ = self.refusal.set(refusal);
        error
    }
}

impl Budget for Allowance {
    fn check(&self, bytes: u64, time: f64) -> Result<f64, cutout::Error> {
        let left = self.left();
        if left <= time {
            return Err(self.refused(ErrorKind::Timeout, self.settings.late()));
        }
        let taken = self.heap.grown().saturating_add(bytes);
        if taken > self.settings.max_memory as u64 {
            return Err(self.refused(ErrorKind::OutOfMemory, self.settings.out_of_memory()));
        }
        Ok(left)
    }
}

/// Bytes that this thread has taken from jemalloc and given back, of which the allocator keeps count anyway.
struct Heap {
    /// `None` where jemalloc does not tell, so that only what the core announces is counted.
    counters: Option<[ThreadLocal<u64>; 2]>,
    before: u64,
}

impl Heap {
    fn now() -> Self {
        let counters = allocatedp::read().and_then(|taken| Ok([taken, deallocatedp::read()?]));
        let mut heap = Self {
            counters: counters.ok(),
            before: 0,
        };
        heap.before = heap.held();
        heap
    }

    /// Taken and not given back. What other threads took and this one gives back counts against it, so that this wraps.
    fn held(&self) -> u64 {
        let [taken, given_back] = self
            .counters
            .map_or([0; 2], |counters| counters.map(ThreadLocal::get));
        taken.wrapping_sub(given_back)
    }

    /// Bytes more than at first.
    fn grown(&self) -> u64 {
        // Below 0 where more was given back.
        let grown = self.held().wrapping_sub(self.before).cast_signed();
        u64::try_from(grown).unwrap_or(0)
    }
}
