//! Engines that work at once.

use crate::engine::Engine;
use crate::{Error, Kind};

/// Engines, one for each thread.
pub(super) type Crew = Vec<Box<dyn Engine + Send>>;

/// `work` on every engine, each in a thread of its own.
pub(super) fn at_once<T: Send>(
    crew: &mut Crew,
    work: impl Fn(&mut dyn Engine) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = crew
            .iter_mut()
            .map(|engine| scope.spawn(|| work(&mut **engine)))
            .collect();
        let stopped = |_| {
            let text = "a worker stopped by itself; it is a defect of ours";
            Error::new(Kind::Trap, text)
        };
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(stopped)?)
            .collect()
    })
}
