//! The hosts of a fleet: their slots, their speed, and whether they are there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::times::ServiceTimes;

/// The service time that is assumed as long as no host has answered anything.
const ASSUMED: Duration = Duration::from_secs(2);

/// The shortest service time that is counted on: below it, a busy machine's delays are most of what is measured.
const SHORTEST: Duration = Duration::from_millis(100);

/// How many times its longest service time a host may take before an image counts as lost.
const SLACK: u32 = 3;

/// How long a host may take for its first image: the default of `--timeout`, which is meant for one image.
const FIRST: Duration = Duration::from_secs(60);

/// How long a host with a free slot may take to claim an image before another offer may help.
pub(super) const GRACE: Duration = Duration::from_millis(20);

/// How long a host that claims nothing counts as idle; later it has ended or works for somebody else.
const IDLE: Duration = Duration::from_secs(30);

/// The hosts that were heard of, by name; `None` for all hosts whose workers do not know their host's name.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    known: BTreeMap<Option<String>, FleetHost>,
}

#[derive(Debug)]
struct FleetHost {
    /// Images at once, as its workers say.
    slots: usize,
    /// Images that it works on.
    working: usize,
    /// The latest claim or answer.
    heard: Instant,
    /// When a slot last became free.
    free_since: Instant,
    /// Given up, until something is heard of it.
    is_gone: bool,
    times: ServiceTimes,
}

/// News of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Known,
    New,
    /// It was given up before.
    Back,
}

impl Hosts {
    /// Notes a claim or an answer, with the host's slots if it said so.
    pub(super) fn heard(&mut self, name: Option<&str>, slots: Option<u32>, now: Instant) -> Sign {
        let slots = slots.map_or(1, |slots| usize::try_from(slots).unwrap_or(usize::MAX));
        let mut sign = Sign::Known;
        let host = self.known.entry(name.map(str::to_owned));
        let host = host.or_insert_with(|| {
            sign = Sign::New;
            FleetHost {
                slots: 1,
                working: 0,
                heard: now,
                free_since: now,
                is_gone: false,
                times: ServiceTimes::default(),
            }
        });
        if std::mem::take(&mut host.is_gone) {
            sign = Sign::Back;
        }
        host.heard = now;
        // Answers do not say slots, and a host that was seen to work on more images than it says has more.
        host.slots = host.slots.max(slots);
        sign
    }

    /// One more image is in work there.
    pub(super) fn begin(&mut self, name: Option<&str>) {
        if let Some(host) = self.get_mut(name) {
            host.working += 1;
            // Hosts without a name show their slots by what they take.
            if name.is_none() {
                host.slots = host.slots.max(host.working);
            }
        }
    }

    /// One image fewer is in work there.
    pub(super) fn end(&mut self, name: Option<&str>, now: Instant) {
        if let Some(host) = self.get_mut(name) {
            host.working = host.working.saturating_sub(1);
            host.free_since = now;
        }
    }

    /// An image was answered after `time`.
    pub(super) fn measured(&mut self, name: Option<&str>, time: Duration) {
        if let Some(host) = self.get_mut(name) {
            host.times.add(time);
        }
    }

    /// An answer came for an image that had counted as lost: the host may have one more slot than it says.
    pub(super) fn has_one_more(&mut self, name: Option<&str>) {
        if let Some(host) = self.get_mut(name) {
            host.slots = host.slots.max(host.working + 1);
        }
    }

    /// Whether all slots of a host that says its name are in use, so that one more claim shows that an image is lost.
    pub(super) fn is_full(&self, name: &str) -> bool {
        self.get(Some(name))
            .is_some_and(|host| host.working >= host.slots)
    }

    /// Counts on a host no more until something is heard of it.
    pub(super) fn give_up(&mut self, name: &str) {
        if let Some(host) = self.get_mut(Some(name)) {
            host.is_gone = true;
            host.working = 0;
        }
    }

    /// The latest claim or answer of a host.
    pub(super) fn last_heard(&self, name: Option<&str>) -> Option<Instant> {
        self.get(name).map(|host| host.heard)
    }

    /// The time in which the host answers half of its images, or the others' where nothing of it was measured.
    pub(super) fn usual(&self, name: Option<&str>) -> Duration {
        self.measured_time(name, ServiceTimes::median)
    }

    /// The time in which the host answers nearly all of its images, or the others' where nothing of it was measured.
    pub(super) fn longest(&self, name: Option<&str>) -> Duration {
        self.measured_time(name, ServiceTimes::longest)
    }

    /// The time after which a worker of the host may have ended with its image.
    pub(super) fn late(&self, name: Option<&str>) -> Duration {
        self.longest(name).saturating_mul(SLACK)
    }

    /// How long the host may take for an image at least before it counts as lost, by its own times.
    pub(super) fn explained(&self, name: Option<&str>) -> Duration {
        let longest = self.get(name).and_then(|host| host.times.longest());
        longest.map_or(FIRST, |longest| longest.max(SHORTEST).saturating_mul(SLACK))
    }

    fn measured_time(
        &self,
        name: Option<&str>,
        of: impl Fn(&ServiceTimes) -> Option<Duration>,
    ) -> Duration {
        let own = self.get(name).and_then(|host| of(&host.times));
        let others = || self.known.values().filter_map(|host| of(&host.times));
        own.or_else(|| others().max())
            .unwrap_or(ASSUMED)
            .max(SHORTEST)
    }

    /// Slots of all hosts.
    pub(super) fn slots(&self) -> usize {
        let slots = self.present().map(|(_, host)| host.slots);
        slots.fold(0, usize::saturating_add)
    }

    /// Number of hosts; those without a name count as one.
    pub(super) fn count(&self) -> usize {
        self.present().count()
    }

    /// The names of all hosts that have a free slot. Those without a name may always have one.
    pub(super) fn with_free_slots(&self) -> impl Iterator<Item = Option<&str>> {
        let free = self.present();
        let free = free.filter(|(name, host)| name.is_none() || host.working < host.slots);
        free.map(|(name, _)| name)
    }

    /// Whether a slot of the host could have claimed an image for longer than a claim takes.
    pub(super) fn was_idle(&self, name: Option<&str>, now: Instant) -> bool {
        let host = self.get(name);
        host.is_some_and(|host| host.working < host.slots && now >= host.free_since + GRACE)
    }

    /// Slots that could have claimed an image by now and have not.
    pub(super) fn idle(&self, now: Instant) -> usize {
        let idle = self.present().filter(|(_, host)| {
            let since = now.saturating_duration_since(host.free_since);
            (GRACE..IDLE).contains(&since)
        });
        idle.map(|(_, host)| host.slots.saturating_sub(host.working))
            .fold(0, usize::saturating_add)
    }

    /// When a slot that is free now will count as idle.
    pub(super) fn next_idle(&self, now: Instant) -> Option<Instant> {
        let free = self.present().filter(|(_, host)| host.working < host.slots);
        let since = free.map(|(_, host)| host.free_since + GRACE);
        since.filter(|idle| *idle > now).min()
    }

    /// The hosts that are not given up.
    fn present(&self) -> impl Iterator<Item = (Option<&str>, &FleetHost)> {
        let hosts = self.known.iter().filter(|(_, host)| !host.is_gone);
        hosts.map(|(name, host)| (name.as_deref(), host))
    }

    fn get(&self, name: Option<&str>) -> Option<&FleetHost> {
        // The map owns its keys, so that a lookup needs one as well.
        self.known.get(&name.map(str::to_owned))
    }

    fn get_mut(&mut self, name: Option<&str>) -> Option<&mut FleetHost> {
        self.known.get_mut(&name.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests;
