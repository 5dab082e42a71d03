//! The way to the workers: whether there is a connection, and anybody at its other end.

use std::time::Instant;

use super::{Dealer, Missing, Notice};

/// The way to the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    Up,
    /// No worker listens, since then.
    NoWorkers(Instant),
    /// There is no connection to the server, since then.
    Offline(Instant),
}

impl Dealer {
    /// The server says that no worker listens for offers.
    pub(in crate::batch::fleet) fn nobody(&mut self, now: Instant) {
        self.offers.lost();
        if self.link == LinkState::Up {
            self.link = LinkState::NoWorkers(now);
            self.tell(Notice::Missing(Missing::Workers));
        }
    }

    /// The connection is lost, and with it whatever was on its way.
    pub(in crate::batch::fleet) fn offline(&mut self, now: Instant) {
        self.offers.lost();
        for one in self.tries.values_mut() {
            one.excuse();
        }
        let since = match self.link {
            LinkState::Up => {
                self.tell(Notice::Missing(Missing::Connection));
                now
            }
            LinkState::NoWorkers(since) | LinkState::Offline(since) => since,
        };
        self.link = LinkState::Offline(since);
    }

    /// There is a connection again.
    pub(in crate::batch::fleet) fn online(&mut self, now: Instant) {
        if let LinkState::Offline(_) = self.link {
            self.link = LinkState::Up;
            self.heard = now;
            self.tell(Notice::ServerBack);
        }
    }
}
