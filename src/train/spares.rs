//! Memory of slices that is used again.

use std::sync::{Mutex, PoisonError};

/// What slices were made in, given back by whoever is through with them and taken by whoever makes the
/// next ones. As many are alive as ever were needed at once, so that a pass soon takes no further memory,
/// and none goes back to the allocator while the pass runs.
#[derive(Debug)]
pub(super) struct Spares<T>(Mutex<Vec<T>>);

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Spares<T> {
    /// One that was given back, the last one first.
    pub(super) fn take(&self) -> Option<T> {
        self.lock().pop()
    }

    /// Gives one back.
    pub(super) fn give(&self, spare: T) {
        self.lock().push(spare);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_is_taken_once() {
        let spares = Spares::default();
        assert_eq!(spares.take(), None);
        spares.give(1);
        spares.give(2);
        assert_eq!(
            [spares.take(), spares.take(), spares.take()],
            [Some(2), Some(1), None]
        );
    }
}
