//! Service times of a host.

use std::collections::VecDeque;
use std::time::Duration;

/// How many of the latest times count: enough for a stable median, and few enough to follow a host that changes speed.
const KEPT: usize = 32;

/// The latest service times of one host: from handing an image out to its answer.
#[derive(Debug, Default)]
pub(super) struct ServiceTimes {
    latest: VecDeque<Duration>,
    median: Option<Duration>,
    longest: Option<Duration>,
}

impl ServiceTimes {
    pub(super) fn add(&mut self, time: Duration) {
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(time);
        let mut sorted: Vec<_> = self.latest.iter().copied().collect();
        sorted.sort_unstable();
        self.median = sorted.get(sorted.len() / 2).copied();
        self.longest = sorted.last().copied();
    }

    /// The median; `None` as long as nothing was measured.
    pub(super) fn median(&self) -> Option<Duration> {
        self.median
    }

    /// The longest; `None` as long as nothing was measured.
    pub(super) fn longest(&self) -> Option<Duration> {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_longest_are_those_of_the_latest_times() {
        let mut times = ServiceTimes::default();
        assert_eq!((times.median(), times.longest()), (None, None));
        for milliseconds in [900, 100, 300] {
            times.add(Duration::from_millis(milliseconds));
        }
        assert_eq!(times.median(), Some(Duration::from_millis(300)));
        assert_eq!(times.longest(), Some(Duration::from_millis(900)));
        for _ in 0..KEPT {
            times.add(Duration::from_millis(50));
        }
        assert_eq!(times.longest(), Some(Duration::from_millis(50)));
    }
}
