//! Workers: as many threads as asked for, each with an engine of its own, behind a bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use http::Request;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::body::HeldBody;
use super::budget::Flight;
use super::rejection::Rejection;
use crate::engine::{BoxEngine, Engines, Responded, WORKER_STACK};
use crate::{Error, Kind};

/// Pauses between attempts to make an engine again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long after the deadline an engine may still say so itself.
const SLACK: Duration = Duration::from_millis(100);

/// Workers and their queue.
pub(super) struct Pool {
    jobs: Sender<QueuedRequest>,
    /// One for every request that waits or is worked on.
    places: Arc<Semaphore>,
    queue: usize,
    timeout: Duration,
    shared: Arc<Workers>,
}

/// Where workers get their engines.
pub(super) trait EngineSource: Send + Sync {
    /// As [`Engines::engine`].
    fn engine(&self) -> Result<BoxEngine, Error>;
    /// As [`Engines::instances`].
    fn instances(&self) -> u64;
}

impl EngineSource for Engines {
    fn engine(&self) -> Result<BoxEngine, Error> {
        Self::engine(self)
    }

    fn instances(&self) -> u64 {
        Self::instances(self)
    }
}

/// State of the workers.
struct Workers {
    engines: Box<dyn EngineSource>,
    workers: usize,
    ready: AtomicUsize,
    busy: AtomicUsize,
    peak: AtomicU64,
}

struct QueuedRequest {
    request: Request<Bytes>,
    queued: Instant,
    started: oneshot::Sender<Duration>,
    answer: oneshot::Sender<Result<Responded, Rejection>>,
    held: (OwnedSemaphorePermit, Arc<Flight>),
}

/// A moment of the pool.
pub(super) struct Load {
    pub(super) workers: usize,
    pub(super) ready: usize,
    pub(super) busy: usize,
    pub(super) queue_length: usize,
    pub(super) queue_capacity: usize,
    pub(super) instances: u64,
    /// Bytes of linear memory; 0 when no instance has answered.
    pub(super) instance_memory: u64,
}

impl Pool {
    /// Starts `workers` and waits until each has its engine. `queue` requests may wait; each gets `timeout`.
    ///
    /// # Errors
    /// Those of [`Engines::engine`] and [`Engine::start`].
    pub(super) fn start(
        engines: impl EngineSource + 'static,
        workers: usize,
        queue: usize,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let (jobs, work) = crossbeam_channel::unbounded();
        let shared = Arc::new(Workers {
            engines: Box::new(engines),
            workers,
            ready: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            peak: AtomicU64::new(0),
        });
        let runtime = Handle::current();
        for number in 0..workers {
            let engine = shared.engine()?;
            let (shared, work, runtime) = (shared.clone(), work.clone(), runtime.clone());
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .stack_size(WORKER_STACK)
                .spawn(move || {
                    // What the engine waits for, it waits for in the server's own runtime.
                    let _entered = runtime.enter();
                    shared.run(engine, &work);
                })
                .map_err(Error::io("start a worker"))?;
        }
        Ok(Self {
            jobs,
            places: Arc::new(Semaphore::new(workers + queue)),
            queue,
            timeout,
            shared,
        })
    }

    /// Whether a request would be refused now.
    ///
    /// # Errors
    /// The rejection.
    pub(super) fn room(&self) -> Result<(), Rejection> {
        match self.places.available_permits() {
            0 => Err(Rejection::queue_full()),
            _ => Ok(()),
        }
    }

    /// Has a worker answer `request`; `wait` is told the time in the queue.
    ///
    /// # Errors
    /// The rejection when the queue is full, and what an engine's failure becomes.
    pub(super) async fn answer(
        &self,
        request: Request<()>,
        body: HeldBody,
        wait: &mut Option<Duration>,
    ) -> Result<Responded, Rejection> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| Rejection::queue_full())?;
        let (started, start) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let flight = body.flight.clone();
        flight.ours(true);
        let job = QueuedRequest {
            request: request.map(|()| body.bytes),
            queued: Instant::now(),
            started,
            answer,
            held: (place, body.flight),
        };
        self.jobs.send(job).map_err(|_| Rejection::lost())?;
        *wait = Some(start.await.map_err(|_| Rejection::lost())?);
        let answer = timeout(self.timeout + SLACK, answered).await;
        flight.ours(false);
        match answer {
            Err(_) => Err(Rejection::late(self.timeout.as_secs_f64())),
            Ok(Err(_)) => Err(Rejection::lost()),
            Ok(Ok(answer)) => answer,
        }
    }

    pub(super) fn load(&self) -> Load {
        Load {
            workers: self.shared.workers,
            ready: self.shared.ready.load(Ordering::Relaxed),
            busy: self.shared.busy.load(Ordering::Relaxed),
            queue_length: self.jobs.len(),
            queue_capacity: self.queue,
            instances: self.shared.engines.instances(),
            instance_memory: self.shared.peak.load(Ordering::Relaxed),
        }
    }
}

impl Workers {
    /// An engine with its instance.
    fn engine(&self) -> Result<BoxEngine, Error> {
        let mut engine = self.engines.engine()?;
        engine.start()?;
        self.ready.fetch_add(1, Ordering::Relaxed);
        Ok(engine)
    }

    /// A worker's life.
    fn run(&self, mut engine: BoxEngine, work: &Receiver<QueuedRequest>) {
        for job in work {
            if job.answer.is_closed() {
                continue;
            }
            let _ = job.started.send(job.queued.elapsed());
            self.busy.fetch_add(1, Ordering::Relaxed);
            let done = catch_unwind(AssertUnwindSafe(|| engine.respond(job.request)));
            self.busy.fetch_sub(1, Ordering::Relaxed);
            drop(job.held);
            let panicked = done.is_err();
            let answer = match done {
                Ok(answer) => answer.map_err(|e| self.rejection(&e)),
                Err(_) => Err(Rejection::lost()),
            };
            let peak = engine.peak_memory().unwrap_or_default();
            self.peak.store(peak as u64, Ordering::Relaxed);
            // A client that has gone away is told nothing.
            let _ = job.answer.send(answer);
            if panicked {
                self.ready.fetch_sub(1, Ordering::Relaxed);
                drop(engine);
                engine = self.again();
                continue;
            }
            if let Err(error) = engine.start() {
                // The next request tries again, and is told.
                tracing::warn!(%error, "no instance for the next request");
            }
        }
    }

    fn rejection(&self, error: &Error) -> Rejection {
        if matches!(error.kind(), Kind::Trap | Kind::Engine) {
            tracing::error!(%error, "an engine failed");
        }
        Rejection::from(error)
    }

    /// An engine in place of one that broke, however long it takes.
    fn again(&self) -> BoxEngine {
        let (mut pause, longest) = PAUSES;
        loop {
            match self.engine() {
                Ok(engine) => return engine,
                Err(error) => tracing::error!(%error, "no engine for a worker; trying again"),
            }
            thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }
}

#[cfg(test)]
mod tests;
