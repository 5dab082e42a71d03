//! The right to have an image in memory: as many at once as the window is wide.

use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender};

use crate::sync::lock;

/// Turns in step with a window.
pub(super) struct Turns {
    state: Mutex<WindowState>,
    give: Sender<()>,
    take: Receiver<()>,
}

struct WindowState {
    window: usize,
    /// Turns that are held or can be had.
    issued: usize,
}

/// The right to have one image in memory, until it is dropped.
pub(in crate::batch) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new(window: usize) -> Self {
        let (give, take) = crossbeam_channel::unbounded();
        let state = WindowState {
            window: 0,
            issued: 0,
        };
        let turns = Self {
            state: Mutex::new(state),
            give,
            take,
        };
        turns.set_window(window);
        turns
    }

    /// Waits for a turn; `None` when the batch is to stop.
    pub(super) fn wait(&self, stop: &Receiver<()>) -> Option<Turn<'_>> {
        crossbeam_channel::select! {
            recv(stop) -> _ => return None,
            recv(self.take) -> _ => {}
        }
        Some(Turn(self))
    }

    /// Follows the window. Turns that are held beyond a narrower one are not given again when they are dropped.
    pub(super) fn set_window(&self, window: usize) {
        let mut state = lock(&self.state);
        state.window = window;
        while state.issued < window {
            state.issued += 1;
            // The other end is in `self`.
            let _ = self.give.send(());
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if state.issued > state.window {
            state.issued -= 1;
        } else {
            let _ = self.0.give.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_turns_as_the_window_is_wide() {
        let turns = Turns::new(4);
        let never = crossbeam_channel::never();
        let mut held: Vec<_> = (0..4).filter_map(|_| turns.wait(&never)).collect();
        assert!(turns.take.is_empty());
        turns.set_window(10);
        held.extend((0..6).filter_map(|_| turns.wait(&never)));
        assert!(turns.take.is_empty());
        // A turn that was given back can be had again.
        held.pop();
        held.extend(turns.wait(&never));
        assert!(turns.take.is_empty() && held.len() == 10);
        // The window is narrower: no turn can be had until fewer are held.
        turns.set_window(4);
        held.truncate(4);
        assert!(turns.take.is_empty());
        held.clear();
        assert_eq!(turns.take.len(), 4);
    }

    #[test]
    fn nobody_waits_for_a_turn_when_the_batch_stops() {
        let turns = Turns::new(1);
        let never = crossbeam_channel::never();
        let _held = turns.wait(&never);
        let (open, closed) = crossbeam_channel::bounded::<()>(0);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.wait(&closed).is_none());
            drop(open);
            assert!(waiting.join().expect("it ends"));
        });
    }
}
