//! `cutout bench`: measurements in fresh processes, and reports of them.

mod about;
mod compare;
mod memory;
pub mod probe;
mod process;
pub mod record;
pub mod report;
pub mod session;
