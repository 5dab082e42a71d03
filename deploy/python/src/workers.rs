//! Threads with an engine each, which do the work of Python's threads.
//!
//! An engine gets a stack and a heap count of its own there, whatever thread of Python asks, and whoever waits can be interrupted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use host_harness::engine::{BoxEngine, Engine, Engines, WORKER_STACK};
use host_harness::{Error, Kind};

/// A piece of work for one engine.
type Job = Box<dyn FnOnce(Result<&mut dyn Engine, Error>) + Send>;

/// Workers, started as they are needed.
pub(crate) struct Workers {
    jobs: Sender<Job>,
    work: Receiver<Job>,
    most: usize,
    shared: Arc<Shared>,
}

struct Shared {
    engines: Engines,
    count: Mutex<Count>,
}

struct Count {
    threads: usize,
    /// Jobs that are waiting or being done.
    jobs: usize,
    /// An engine without a thread yet.
    engine: Option<BoxEngine>,
}

impl Workers {
    /// At most `most` workers of `engines`; the engine of the first is made here.
    ///
    /// # Errors
    /// Those of [`Engines::engine`].
    pub(crate) fn new(engines: Engines, most: usize) -> Result<Self, Error> {
        let engine = Some(engines.engine()?);
        let (jobs, work) = crossbeam_channel::unbounded();
        let count = Mutex::new(Count {
            threads: 0,
            jobs: 0,
            engine,
        });
        Ok(Self {
            jobs,
            work,
            most,
            shared: Arc::new(Shared { engines, count }),
        })
    }

    /// Has a worker do `job`; its result comes through the channel, which is closed without one when the worker panics.
    ///
    /// # Errors
    /// Kind `io` when no thread can be started.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Engine) -> Result<T, Error> + Send + 'static,
    ) -> Result<Receiver<Result<T, Error>>, Error> {
        let (give, result) = crossbeam_channel::bounded(1);
        let mut count = self.shared.count();
        if count.jobs >= count.threads && count.threads < self.most {
            self.start_thread(count.engine.take())?;
            count.threads += 1;
        }
        count.jobs += 1;
        drop(count);
        let counted = Counted(self.shared.clone());
        let job: Job = Box::new(move |engine| {
            let counted = counted;
            let made = engine.and_then(job);
            // Whoever has the result may begin the next image, for which this thread is free.
            drop(counted);
            // Nobody waits any more where Python was interrupted.
            let _ = give.send(made);
        });
        let sent = self.jobs.send(job);
        sent.map_err(|_| Error::new(Kind::Trap, "the workers have ended"))?;
        Ok(result)
    }

    fn start_thread(&self, engine: Option<BoxEngine>) -> Result<(), Error> {
        let (shared, work) = (self.shared.clone(), self.work.clone());
        thread::Builder::new()
            .name("cutout".to_owned())
            .stack_size(WORKER_STACK)
            .spawn(move || shared.run(engine, &work))
            .map_err(|e| Error::new(Kind::Io, format!("cannot start a thread: {e}")))?;
        Ok(())
    }
}

impl Shared {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does jobs until there can be no more.
    fn run(&self, mut engine: Option<BoxEngine>, work: &Receiver<Job>) {
        for job in work {
            let mut kept = engine.take();
            let done = catch_unwind(AssertUnwindSafe(|| match &mut kept {
                Some(engine) => job(Ok(&mut **engine)),
                None => match self.engines.engine() {
                    Ok(made) => job(Ok(&mut **kept.insert(made))),
                    Err(error) => job(Err(error)),
                },
            }));
            // An engine that panicked may be in any state.
            engine = kept.filter(|_| done.is_ok());
        }
    }
}

/// A job that counts until it is done, or is dropped in a panic.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count().jobs -= 1;
    }
}
