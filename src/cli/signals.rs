//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends it at once.

use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
    iterator::Signals,
};

use crate::{
    error::{Error, Result},
    platform::stop,
};

/// Watches for signals until the process ends.
///
/// # Errors
/// [`Error::Io`] when the system refuses the handlers.
pub(super) fn watch() -> Result<()> {
    install().map_err(|error| Error::io("watch for signals in", "this process", error))
}

fn install() -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it up.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    // Handlers may do next to nothing; a thread that waits for them may call the library. It has
    // nothing to clean up and ends with the process.
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                stop::request(signal);
                tracing::warn!(
                    signal,
                    "stopping at the next safe place; a second signal ends the process at once"
                );
            }
        })?;
    Ok(())
}
