//! Time and memory that an image may take, asked for between the steps of the work.
//!
//! The core has neither clock nor allocator: [`Budget`] is the caller's, [`within`] holds for all that it calls in the same
//! thread. Loops over rows ask [`is_spent`] and end early; what they have made then is not whole, and the stage that called
//! them returns the budget's error by [`kept`]. In WebAssembly a host ends a call from outside, so nothing is asked there.

use std::cell::RefCell;
use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use crate::Error;

/// Time and memory that are left for an image.
pub trait Budget {
    /// Checks that the work may go on, and take `bytes` of memory more and the share `time`, 0…1, of all the time that it has.
    /// Returns the share that is left. Asked some thousand times for an image, so it has to be quick; once it has refused it is
    /// not asked again.
    ///
    /// # Errors
    /// Kind `timeout` or `out-of-memory`, with a text for the image's owner.
    fn check(&self, bytes: u64, time: f64) -> Result<f64, Error>;
}

/// Bytes that are read or written between two questions.
pub(crate) const STEP: usize = 16 << 10;

struct Current {
    budget: Rc<dyn Budget>,
    refusal: Option<Error>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Does `work` within `budget`. Every stage of a [`Pipeline`](crate::Pipeline) that it calls returns the budget's error once
/// that is spent.
pub fn within<T>(budget: Rc<dyn Budget>, work: impl FnOnce() -> T) -> T {
    /// Puts back what was there, also when `work` panics.
    struct Restored(Option<Current>);
    impl Drop for Restored {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let current = Current {
        budget,
        refusal: None,
    };
    let _restored = Restored(CURRENT.replace(Some(current)));
    work()
}

/// [`Budget::check`] of the budget that holds; without one, all of the time is left for ever.
///
/// # Errors
/// The budget's.
pub(crate) fn ask(bytes: u64, time: f64) -> Result<f64, Error> {
    if cfg!(target_family = "wasm") {
        return Ok(1.0);
    }
    CURRENT.with_borrow_mut(|current| {
        let Some(Current { budget, refusal }) = current else {
            return Ok(1.0);
        };
        if let Some(refusal) = refusal {
            return Err(refusal.clone());
        }
        let left = budget.check(bytes, time);
        *refusal = left.as_ref().err().cloned();
        left
    })
}

/// Checks that there is time left, and memory for `bytes` more.
///
/// # Errors
/// The budget's.
pub(crate) fn room(bytes: u64) -> Result<(), Error> {
    ask(bytes, 0.0).map(drop)
}

/// [`room`] where there is no error to return: without it, zeroes that nobody has touched take the place of what would be
/// made.
pub(crate) fn has_room(bytes: usize) -> bool {
    room(bytes as u64).is_ok()
}

/// [`room`] for nothing more.
///
/// # Errors
/// The budget's.
pub(crate) fn check() -> Result<(), Error> {
    room(0)
}

/// Whether the work is to end early.
pub(crate) fn is_spent() -> bool {
    check().is_err()
}

/// The outcome of a stage, unless the budget was spent meanwhile: nothing is whole then, errors included.
///
/// # Errors
/// The budget's, or that of `made`.
pub(crate) fn kept<T>(made: Result<T, Error>) -> Result<T, Error> {
    check()?;
    made
}

/// [`check`] in the midst of reading or writing.
///
/// # Errors
/// The budget's, as the cause.
pub(crate) fn check_io() -> io::Result<()> {
    check().map_err(io::Error::other)
}

/// A file in memory, which cannot be read on once the budget is spent.
#[derive(Clone, Debug)]
pub(crate) struct Source<B>(Cursor<B>);

impl<B: AsRef<[u8]>> Source<B> {
    pub(crate) fn new(bytes: B) -> Self {
        Self(Cursor::new(bytes))
    }
}

impl<B: AsRef<[u8]>> Read for Source<B> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<B: AsRef<[u8]>> BufRead for Source<B> {
    /// Up to the next multiple of [`STEP`], behind which is asked again.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let position = self.0.position() as usize % STEP;
        if position == 0 {
            check_io()?;
        }
        let rest = self.0.fill_buf()?;
        Ok(&rest[..rest.len().min(STEP - position)])
    }

    fn consume(&mut self, bytes: usize) {
        self.0.consume(bytes);
    }
}

impl<B: AsRef<[u8]>> Seek for Source<B> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Bytes of a result, to which none can be added once the budget is spent.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    bytes: Vec<u8>,
    /// Bytes until the next question.
    left: usize,
}

impl Sink {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Write for Sink {
    /// Grows by a quarter, not twofold: WebAssembly memory never shrinks, so that the doubling of a
    /// 50 MB result would cost more than the image.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len()) {
            Some(left) => self.left = left,
            None => {
                check_io()?;
                self.left = STEP;
            }
        }
        let free = self.bytes.capacity() - self.bytes.len();
        if free < bytes.len() {
            let growth = bytes.len().max(self.bytes.len() / 4).max(4 * STEP);
            self.bytes
                .try_reserve_exact(growth)
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
