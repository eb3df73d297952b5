//! Panics of foreign code on damaged input: caught, and kept off the terminal.
//!
//! The standard hook prints a panic before it is caught. Where a decoder panics because a file is
//! damaged, that text would be printed beside the error's own message. [`catch`] marks such places,
//! and the hook of [`keep_caught_quiet`] prints nothing inside them. Panics anywhere else are bugs and
//! are printed as usual.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    /// The depth of [`catch`] in this thread.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
}

/// Runs `step`, whose panic is an expected outcome. Whatever state `step` leaves behind after a
/// panic must be dropped.
///
/// # Errors
/// The payload of the panic.
pub(crate) fn catch<T>(step: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    CATCHING.set(CATCHING.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(step));
    CATCHING.set(CATCHING.get() - 1);
    outcome
}

/// Installs a hook for the whole process that keeps panics inside [`catch`] from being printed. For
/// programs, never for a library: other panics go to the hook that was there.
#[cfg(feature = "cli")]
pub(crate) fn keep_caught_quiet() {
    let other = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // A thread that is ending may have no thread-local values; then nothing catches either.
        if CATCHING.try_with(Cell::get).unwrap_or(0) == 0 {
            other(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_what_it_carried() {
        let payload = catch(|| -> u32 { panic!("a page") }).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"a page"));
        assert_eq!(CATCHING.get(), 0);
        assert_eq!(catch(|| CATCHING.get()).unwrap(), 1);
    }
}
