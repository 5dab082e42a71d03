//! One picture's way through a fleet: sent, taken by a host, answered; or sent again.

use std::time::{Duration, Instant};

/// How often a picture is sent when nothing comes of it: a host may end with it, and so may the next one, but a picture
/// that outlives three is to blame itself.
pub(super) const MOST: u32 = 3;

/// The first pause before a picture for which nobody was there is sent again, doubled up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// What has become of one picture so far.
#[derive(Debug)]
pub(super) struct Tries {
    timeout: Duration,
    state: State,
    /// Times that it was sent and somebody could have had it.
    sent: u32,
    /// Whether the last of them was taken.
    is_taken: bool,
    pause: Duration,
    /// Who took it, for each time that it was taken.
    takers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be sent at once.
    Ready,
    /// Sent; until then it is to be taken, or if it is taken, to be answered.
    Out(Instant),
    /// Nobody was there; until then nothing is sent.
    Paused(Instant),
    /// There is no connection.
    Offline,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send,
    /// Wait for news; without any until then, ask again.
    Wait(Option<Instant>),
    /// Nothing came of it as often as may be.
    GiveUp,
}

impl Tries {
    /// A picture that is to be taken within `timeout`, and answered within as much again.
    pub(super) fn new(timeout: Duration, online: bool) -> Self {
        Self {
            timeout,
            state: if online { State::Ready } else { State::Offline },
            sent: 0,
            is_taken: false,
            pause: PAUSES.0,
            takers: Vec::new(),
        }
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        match self.state {
            State::Ready => Next::Send,
            State::Offline => Next::Wait(None),
            State::Out(until) | State::Paused(until) if now < until => Next::Wait(Some(until)),
            State::Out(_) if self.sent >= MOST => Next::GiveUp,
            State::Out(_) | State::Paused(_) => Next::Send,
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.sent += 1;
        self.is_taken = false;
        self.state = State::Out(now + self.timeout);
    }

    pub(super) fn taken(&mut self, host: String, now: Instant) {
        match self.state {
            // Whoever took it has no way back.
            State::Offline => return,
            State::Out(_) => {}
            // The copy of a time that was given up meanwhile.
            State::Ready | State::Paused(_) => self.sent += 1,
        }
        self.pause = PAUSES.0;
        self.state = State::Out(now + self.timeout);
        // One time's copies count once.
        if self.is_taken {
            self.takers.pop();
        }
        self.is_taken = true;
        self.takers.push(host);
    }

    /// The server says that nobody was there to take it.
    pub(super) fn nobody(&mut self, now: Instant) {
        if let State::Out(_) = self.state
            && !self.is_taken
        {
            self.sent -= 1;
            self.state = State::Paused(now + self.pause);
            self.pause = (self.pause * 2).min(PAUSES.1);
        }
    }

    /// The connection is lost, and whatever was on its way with it.
    pub(super) fn offline(&mut self) {
        if let State::Out(_) = self.state {
            self.sent -= 1;
            if self.is_taken {
                self.takers.pop();
            }
            self.is_taken = false;
        }
        self.state = State::Offline;
    }

    /// There is a connection again.
    pub(super) fn online(&mut self) {
        if self.state == State::Offline {
            self.state = State::Ready;
        }
    }

    /// Whether a host has it in hands, as far as is known.
    pub(super) fn is_taken(&self) -> bool {
        self.is_taken
    }

    /// Who took it, for each time that it was taken, [`MOST`] at most.
    pub(super) fn takers(&self) -> &[String] {
        &self.takers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Sent,
        Taken,
        Nobody,
        Offline,
        Online,
    }
    use Event::{Nobody, Offline, Online, Sent, Taken};

    impl Event {
        fn happen(self, tries: &mut Tries, now: Instant) {
            match self {
                Sent => tries.sent(now),
                Taken => tries.taken("h1".into(), now),
                Nobody => tries.nobody(now),
                Offline => tries.offline(),
                Online => tries.online(),
            }
        }
    }

    /// When something happens.
    type Then = (f64, Event);

    #[test]
    fn a_picture_is_sent_again_until_it_is_to_blame_and_not_for_what_others_did() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let wait = |seconds: f64| Next::Wait(Some(at(seconds)));
        // The time-out is 10 s.
        let cases: &[(&[Then], f64, Next)] = &[
            (&[], 0.0, Next::Send),
            (&[(0.0, Sent)], 9.9, wait(10.0)),
            (&[(0.0, Sent)], 10.0, Next::Send),
            // Taken: as much again.
            (&[(0.0, Sent), (6.0, Taken)], 10.0, wait(16.0)),
            (&[(0.0, Sent), (6.0, Taken)], 16.0, Next::Send),
            // Three times and no more.
            (&[(0.0, Sent), (10.0, Sent)], 20.0, Next::Send),
            (&[(0.0, Sent), (10.0, Sent), (20.0, Sent)], 29.9, wait(30.0)),
            (
                &[(0.0, Sent), (10.0, Sent), (20.0, Sent)],
                30.0,
                Next::GiveUp,
            ),
            (
                &[(0.0, Sent), (1.0, Taken), (11.0, Sent), (21.0, Sent)],
                31.0,
                Next::GiveUp,
            ),
            // A host that is late takes it while it waits for another.
            (
                &[(0.0, Sent), (10.0, Sent), (20.0, Sent), (29.0, Taken)],
                38.0,
                wait(39.0),
            ),
            // Nobody there: pauses that grow, and no try is lost.
            (&[(0.0, Sent), (0.0, Nobody)], 0.0, wait(0.1)),
            (&[(0.0, Sent), (0.0, Nobody)], 0.1, Next::Send),
            (
                &[(0.0, Sent), (0.0, Nobody), (1.0, Sent), (1.0, Nobody)],
                1.0,
                wait(1.2),
            ),
            (
                &[
                    (0.0, Sent),
                    (0.0, Nobody),
                    (1.0, Sent),
                    (1.0, Nobody),
                    (2.0, Sent),
                    (2.0, Nobody),
                    (3.0, Sent),
                    (13.0, Sent),
                    (23.0, Sent),
                ],
                32.0,
                wait(33.0),
            ),
            // Connection lost: waits for ever, then at once, and no try is lost.
            (&[(0.0, Sent), (1.0, Offline)], 1e6, Next::Wait(None)),
            (
                &[(0.0, Sent), (1.0, Offline), (2.0, Online)],
                2.0,
                Next::Send,
            ),
            (
                &[
                    (0.0, Sent),
                    (1.0, Offline),
                    (2.0, Online),
                    (2.0, Sent),
                    (12.0, Sent),
                    (22.0, Sent),
                ],
                31.0,
                wait(32.0),
            ),
            (
                &[(0.0, Sent), (1.0, Taken), (2.0, Offline), (2.0, Taken)],
                3.0,
                Next::Wait(None),
            ),
            // Said to all, also to those who knew.
            (&[(0.0, Sent), (1.0, Online)], 2.0, wait(10.0)),
            (
                &[(0.0, Sent), (1.0, Offline), (2.0, Offline), (3.0, Online)],
                3.0,
                Next::Send,
            ),
            (&[(0.0, Sent), (0.0, Nobody), (0.0, Nobody)], 0.0, wait(0.1)),
            // Taken after all, the copy of a time that did not count: it counts now, and is lost with the connection.
            (
                &[(0.0, Sent), (0.0, Nobody), (0.05, Taken)],
                1.0,
                wait(10.05),
            ),
            (
                &[
                    (0.0, Sent),
                    (1.0, Offline),
                    (2.0, Online),
                    (2.0, Sent),
                    (2.0, Nobody),
                    (2.05, Taken),
                    (3.0, Offline),
                ],
                4.0,
                Next::Wait(None),
            ),
            // Somebody took the first copy late: that nobody was there for the second says nothing.
            (
                &[(0.0, Sent), (10.0, Sent), (10.1, Taken), (10.2, Nobody)],
                11.0,
                wait(20.1),
            ),
        ];
        for (events, then, expected) in cases {
            let mut tries = Tries::new(Duration::from_secs(10), true);
            for &(second, event) in *events {
                event.happen(&mut tries, at(second));
            }
            assert_eq!(tries.next(at(*then)), *expected, "{events:?} at {then}");
        }
    }

    #[test]
    fn takers_are_those_of_the_times_that_count() {
        // How often it counts as taken.
        let cases: &[(&[Event], usize)] = &[
            (&[Sent], 0),
            (&[Sent, Taken], 1),
            (&[Sent, Taken, Taken], 1),
            (&[Sent, Taken, Sent, Taken], 2),
            (&[Sent, Taken, Sent, Sent], 1),
            (&[Sent, Taken, Offline, Online, Sent], 0),
            (&[Sent, Offline, Taken, Online, Sent, Taken], 1),
            (&[Sent, Nobody, Taken], 1),
        ];
        let now = Instant::now();
        for (events, expected) in cases {
            let mut tries = Tries::new(Duration::from_secs(10), true);
            for &event in *events {
                event.happen(&mut tries, now);
            }
            assert_eq!(tries.takers().len(), *expected, "{events:?}");
        }
    }

    #[test]
    fn a_picture_that_begins_without_a_connection_waits_for_one() {
        let mut tries = Tries::new(Duration::from_secs(10), false);
        let now = Instant::now();
        assert_eq!(tries.next(now), Next::Wait(None));
        tries.online();
        assert_eq!(tries.next(now), Next::Send);
    }
}
