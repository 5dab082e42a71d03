//! The lock of an output folder.

use std::fs::TryLockError;

use rustix::io::Errno;

/// Whether `tried` took the lock; `false` where the file system has none, as some network shares.
pub(super) fn is_locked(tried: Result<(), TryLockError>) -> Result<bool, TryLockError> {
    const NONE: [Errno; 4] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL];
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::Error(error))
            if Errno::from_io_error(&error).is_some_and(|errno| NONE.contains(&errno)) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_without_locks_is_used_without_and_other_faults_are_errors() {
        let failed = |errno: Errno| is_locked(Err(TryLockError::Error(errno.into())));
        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::INVAL] {
            assert!(!failed(errno).unwrap(), "{errno}");
        }
        for errno in [Errno::IO, Errno::ACCESS, Errno::BADF] {
            failed(errno).unwrap_err();
        }
        assert!(is_locked(Ok(())).unwrap());
        assert!(matches!(
            is_locked(Err(TryLockError::WouldBlock)),
            Err(TryLockError::WouldBlock)
        ));
    }
}
