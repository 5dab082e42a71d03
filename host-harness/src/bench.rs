//! `cutout bench`: measurements in fresh processes, and reports of them.

mod about;
mod artifacts;
mod children;
mod cold;
mod compare;
mod crew;
pub mod figure;
mod found;
mod memory;
pub mod plan;
pub mod probe;
mod process;
pub mod record;
pub mod report;
pub mod row;
pub mod session;
mod steps;
