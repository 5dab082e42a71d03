//! The guest's monotonic clock, stage by stage.

use std::time::{Duration, Instant};

use cutout::Stage;

/// Measures stages.
pub(crate) struct StageClock {
    last: Instant,
    /// The stages that have ended, in order.
    pub(crate) stages: Vec<(Stage, Duration)>,
}

impl StageClock {
    pub(crate) fn start() -> Self {
        Self {
            last: Instant::now(),
            stages: Vec::new(),
        }
    }

    pub(crate) fn end(&mut self, stage: Stage) {
        let now = Instant::now();
        self.stages.push((stage, now - self.last));
        self.last = now;
    }
}
