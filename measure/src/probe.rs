//! Questions that a fresh process answers about itself.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Instant;

use clap::ValueEnum;

use crate::crew::{Crew, at_once};
use crate::error::Error;
use crate::figure::{Figure, MOST_BUSY, MOST_IDLE};
use crate::memory;
use crate::record::Series;
use crate::subject::{MeasuredEngine, MeasuredEngines, Subject};

/// Instantiations that one process times.
const INSTANTIATIONS: usize = 200;
/// Images after the first on one instance, and on fresh instances.
const IMAGES: usize = 3;
/// Idle instances that are started between two looks at the memory.
const IDLE_AT_ONCE: usize = 64;
const GIBIBYTE: u64 = 1 << 30;
/// How long each number of workers is kept busy, in seconds.
const THROUGHPUT: f64 = 6.0;

/// A question to a fresh process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Question {
    /// Times of loading and of images.
    Times,
    /// Times of instantiating.
    Instantiate,
    /// Memory: idle, and after a burst.
    Memory,
    /// Memory of one more idle instance, and how many fit in 1 GiB.
    Idle,
    /// Instances that keep an image's memory each.
    Busy,
    /// Images per second by workers.
    Throughput,
    /// Memory through many images.
    LongRun,
}

/// One question about one engine.
pub struct Probe<'a, S> {
    /// The program that is asked.
    pub subject: &'a S,
    /// The encoded image.
    pub image: &'a [u8],
    /// Workers at most.
    pub workers: u16,
    /// Images of a long run.
    pub images: u32,
    /// Digest of the result; where it is not known, that of the first one.
    pub expected: OnceLock<blake3::Hash>,
}

impl<S: Subject + Sync> Probe<'_, S> {
    /// Answers; the rows of the series have no name yet.
    ///
    /// # Errors
    /// Those of the engine, and kind `io` where memory cannot be read.
    pub fn answer(&self, question: Question) -> Result<Vec<Series>, S::Error> {
        match question {
            Question::Times => self.times(),
            Question::Instantiate => self.instantiate(),
            Question::Memory => self.memory(),
            Question::Idle => self.idle(),
            Question::Busy => self.busy(),
            Question::Throughput => self.throughput(),
            Question::LongRun => self.long_run(),
        }
    }

    fn start(
        &self,
        instances: u32,
        reuse: NonZeroU32,
    ) -> Result<Box<dyn MeasuredEngines<S::Error>>, S::Error> {
        self.subject.start(instances, reuse)
    }

    /// Milliseconds for one image; its result is checked afterwards.
    fn time(&self, engine: &mut dyn MeasuredEngine<S::Error>) -> Result<f64, S::Error> {
        let (result, ms) = timed(|| engine.remove(self.image));
        self.check(&result?)?;
        Ok(ms)
    }

    fn check(&self, result: &[u8]) -> Result<(), Error> {
        let digest = blake3::hash(result);
        if *self.expected.get_or_init(|| digest) == digest {
            return Ok(());
        }
        let text = "a result differs from the first one; it is a defect of ours";
        Err(Error::Engine(text.to_owned()))
    }

    fn times(&self) -> Result<Vec<Series>, S::Error> {
        let (engines, load) = timed(|| self.start(1, NonZeroU32::MAX));
        let (engine, prepare) = timed(|| engines?.engine());
        let mut engine = engine?;
        let mut found = vec![series(Figure::Load, vec![load + prepare])];
        let first = self.time(&mut *engine)?;
        found.push(series(Figure::First, vec![first]));
        let steady: Result<_, _> = (0..IMAGES).map(|_| self.time(&mut *engine)).collect();
        found.push(series(Figure::Steady, steady?));
        if let Some(bytes) = engine.peak_memory() {
            found.push(series(Figure::LinearPeak, vec![bytes as f64]));
        }
        if self.subject.has_instances() {
            let mut fresh = Vec::new();
            for _ in 0..IMAGES {
                engine.stop();
                let (result, ms) = timed(|| {
                    let result = engine.remove(self.image);
                    engine.stop();
                    result
                });
                self.check(&result?)?;
                fresh.push(ms);
            }
            found.push(series(Figure::Fresh, fresh));
        }
        Ok(found)
    }

    fn instantiate(&self) -> Result<Vec<Series>, S::Error> {
        let mut engine = self.start(1, NonZeroU32::MAX)?.engine()?;
        let mut times = Vec::new();
        for _ in 0..INSTANTIATIONS {
            let (started, ms) = timed(|| engine.start());
            started?;
            engine.stop();
            times.push(ms);
        }
        Ok(vec![series(Figure::Instantiate, times)])
    }

    fn memory(&self) -> Result<Vec<Series>, S::Error> {
        let engines = self.start(self.workers.into(), NonZeroU32::MIN)?;
        let mut crew = self.crew(&*engines, self.workers)?;
        let idle = memory::now()?;
        // A first image brings in code that stays, clean and shared, and natively each worker's memory; a burst is
        // to leave nothing more.
        self.warm(&mut crew)?;
        let used = memory::now()?;
        at_once(&mut crew, |engine| {
            (0..IMAGES).try_for_each(|_| self.time(engine).map(drop))
        })?;
        let after = memory::now()?;
        Ok(vec![
            series(Figure::IdleRss, vec![idle.rss as f64]),
            series(Figure::IdlePss, vec![idle.pss as f64]),
            series(Figure::IdlePrivateDirty, vec![idle.private_dirty as f64]),
            series(Figure::AfterBurst, vec![after.rss as f64 / used.rss as f64]),
        ])
    }

    fn idle(&self) -> Result<Vec<Series>, S::Error> {
        let start = |engine: &mut dyn MeasuredEngine<S::Error>| engine.start();
        let (one, fitting) = self.crowd(start, IDLE_AT_ONCE, MOST_IDLE)?;
        Ok(vec![
            series(Figure::IdleInstance, vec![one]),
            series(Figure::IdleInGibibyte, vec![fitting as f64]),
        ])
    }

    fn busy(&self) -> Result<Vec<Series>, S::Error> {
        let serve = |engine: &mut dyn MeasuredEngine<S::Error>| self.time(engine).map(drop);
        let (one, fitting) = self.crowd(serve, 1, MOST_BUSY)?;
        Ok(vec![
            series(Figure::BusyInstance, vec![one]),
            series(Figure::BusyInGibibyte, vec![fitting as f64]),
        ])
    }

    /// Starts engines and keeps them, `most` of them at most, until this process has 1 GiB, looked at after every
    /// `at_once`: the proportional set that one adds to the first, which touches what all have in common, and how many
    /// fit.
    fn crowd(
        &self,
        start: impl Fn(&mut dyn MeasuredEngine<S::Error>) -> Result<(), S::Error>,
        at_once: usize,
        most: u32,
    ) -> Result<(f64, usize), S::Error> {
        let engines = self.start(most, NonZeroU32::MAX)?;
        let most = most as usize;
        let mut crowd = Crew::new();
        let mut grow = |to: usize| -> Result<(usize, u64), S::Error> {
            while crowd.len() < to {
                let mut engine = engines.engine()?;
                start(&mut *engine)?;
                crowd.push(engine);
            }
            Ok((to, memory::now()?.pss))
        };
        let first = grow(1)?;
        let (mut fitting, mut last) = (first, first);
        while last.1 <= GIBIBYTE && last.0 < most {
            fitting = last;
            last = grow((last.0 + at_once).min(most))?;
        }
        if last.1 <= GIBIBYTE {
            fitting = last;
        }
        let one = last.1.saturating_sub(first.1) as f64 / (last.0 - first.0).max(1) as f64;
        Ok((one, fitting.0))
    }

    fn throughput(&self) -> Result<Vec<Series>, S::Error> {
        let mut policies = vec![(Figure::ThroughputReused, NonZeroU32::MAX)];
        if self.subject.has_instances() {
            policies.push((Figure::ThroughputFresh, NonZeroU32::MIN));
        }
        let mut found = Vec::new();
        for (figure, reuse) in policies {
            let engines = self.start(self.workers.into(), reuse)?;
            for workers in 1..=self.workers {
                let mut series = series(figure, vec![self.rate(&*engines, workers)?]);
                series.count = Some(workers.into());
                found.push(series);
            }
        }
        Ok(found)
    }

    /// Images per second: the sum of the workers' own, each over its own whole images.
    fn rate(&self, engines: &dyn MeasuredEngines<S::Error>, workers: u16) -> Result<f64, S::Error> {
        let mut crew = self.crew(engines, workers)?;
        self.warm(&mut crew)?;
        let rates = at_once(&mut crew, |engine| {
            let (mut images, mut seconds) = (0.0, 0.0);
            while seconds < THROUGHPUT {
                seconds += self.time(engine)? / 1e3;
                images += 1.0;
            }
            Ok(images / seconds)
        })?;
        Ok(rates.iter().sum())
    }

    fn crew(
        &self,
        engines: &dyn MeasuredEngines<S::Error>,
        workers: u16,
    ) -> Result<Crew<S::Error>, S::Error> {
        (0..workers).map(|_| engines.engine()).collect()
    }

    /// One image on each engine.
    fn warm(&self, crew: &mut Crew<S::Error>) -> Result<(), S::Error> {
        crew.iter_mut()
            .try_for_each(|engine| self.time(&mut **engine).map(drop))
    }

    fn long_run(&self) -> Result<Vec<Series>, S::Error> {
        let mut engine = self.start(1, NonZeroU32::MIN)?.engine()?;
        let mut sizes = Vec::new();
        for _ in 0..self.images {
            self.time(&mut *engine)?;
            sizes.push(memory::now()?.rss as f64);
        }
        Ok(vec![series(Figure::LongRun, sizes)])
    }
}

fn series(figure: Figure, samples: Vec<f64>) -> Series {
    Series {
        row: String::new(),
        figure,
        count: None,
        samples,
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed().as_secs_f64() * 1e3)
}
