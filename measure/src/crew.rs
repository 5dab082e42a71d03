//! Engines that work at once.

use crate::error::Error;
use crate::subject::MeasuredEngine;

/// Engines, one for each thread.
pub(crate) type Crew<E> = Vec<Box<dyn MeasuredEngine<E> + Send>>;

/// `work` on every engine, each in a thread of its own.
pub(crate) fn at_once<T: Send, E: From<Error> + Send>(
    crew: &mut Crew<E>,
    work: impl Fn(&mut dyn MeasuredEngine<E>) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = crew
            .iter_mut()
            .map(|engine| scope.spawn(|| work(&mut **engine)))
            .collect();
        let stopped = |_| {
            let text = "a worker stopped by itself; it is a defect of ours";
            E::from(Error::Trap(text.to_owned()))
        };
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(stopped)?)
            .collect()
    })
}
