//! Measurements of `cutout bench`: of programs in fresh processes and shuffled order, and reports of them.
//!
//! A [`Session`] runs the processes of a [`Plan`] and makes a [`Record`], which [`report`] writes as tables, samples and a page.
//! A process is asked by a [`Question`] for figures that it alone knows, and answers by a [`Probe`].

mod about;
mod children;
mod cold;
mod compare;
mod crew;
mod error;
mod figure;
mod memory;
mod plan;
mod probe;
mod process;
mod record;
pub mod report;
mod row;
mod samples;
mod session;
mod steps;
mod subject;

pub use about::Program;
pub use error::Error;
pub use figure::{Figure, Unit};
pub use plan::{Group, Plan};
pub use probe::{Probe, Question};
pub use record::{About, Agreement, Ratio, Record, Series};
pub use row::{Ours, Row, refuse_same_names, word};
pub use session::{Measured, Session};
pub use subject::{MeasuredEngine, MeasuredEngines, Subject};
