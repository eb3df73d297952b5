//! Messages on the standard error: for a person at a terminal, as lines of a log, or as JSON.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::Arc,
    time::Instant,
};

use tracing::{Event, Level, Subscriber, field::Field};
use tracing_subscriber::{
    fmt::{
        FmtContext, MakeWriter,
        format::{FormatEvent, FormatFields, Writer},
    },
    registry::LookupSpan,
};

use crate::{
    cli::{
        progress::{BarProgress, LogProgress, ShownBar},
        terminal::StandardError,
    },
    engine::Progress,
};

/// The output of messages and progress.
pub(super) struct Log {
    shown: ShownBar,
    bars: bool,
    quiet: bool,
}

impl Log {
    /// Sets up the messages of this process. A second call keeps the format of the first.
    pub(super) fn start(quiet: bool, json: bool) -> Self {
        let shown = ShownBar::default();
        let terminal = io::stderr().is_terminal();
        let writer = BarAwareStderr(Arc::clone(&shown));
        let level = if quiet { Level::WARN } else { Level::INFO };
        let builder = tracing_subscriber::fmt()
            .with_max_level(level)
            // It would say on the standard error that this cannot be written, and panic at that.
            .log_internal_errors(false)
            .with_writer(writer);
        // An error means that a subscriber is there already, as in tests that run commands in turn.
        let _ = if json {
            let subscriber = builder
                .json()
                .flatten_event(true)
                .with_target(false)
                .finish();
            tracing::subscriber::set_global_default(subscriber)
        } else {
            let form = Lines {
                started: (!terminal).then(Instant::now),
            };
            tracing::subscriber::set_global_default(builder.event_format(form).finish())
        };
        Self {
            shown,
            bars: terminal && !json && !quiet,
            quiet,
        }
    }

    /// The display of a run's progress.
    pub(super) fn progress(&self) -> Box<dyn Progress> {
        if self.bars {
            Box::new(BarProgress::new(Arc::clone(&self.shown)))
        } else {
            Box::new(LogProgress::new())
        }
    }

    /// True if only warnings and errors are wanted.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }
}

/// The message alone, after `warning: ` or `error: ` where it is one. In a log file each line but an
/// error starts with the seconds since the start.
struct Lines {
    started: Option<Instant>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut message = Message(String::new());
        event.record(&mut message);
        let level = *event.metadata().level();
        if let (Some(started), true) = (self.started, level != Level::ERROR) {
            write!(writer, "[{:8.1} s] ", started.elapsed().as_secs_f64())?;
        }
        match level {
            Level::ERROR => write!(writer, "error: ")?,
            Level::WARN => write!(writer, "warning: ")?,
            _ => {}
        }
        writeln!(writer, "{}", message.0)
    }
}

/// Picks the message out of an event's fields.
struct Message(String);

impl tracing::field::Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// The standard error, with the progress bar hidden while a line is written; no write fails.
#[derive(Clone)]
struct BarAwareStderr(ShownBar);

impl Write for BarAwareStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bar = self.0.lock().map_or(None, |shown| shown.clone());
        match bar {
            Some(bar) => bar.suspend(|| StandardError.write(bytes)),
            None => StandardError.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        StandardError.flush()
    }
}

impl<'a> MakeWriter<'a> for BarAwareStderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A writer that tests can read.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .expect("no test panics while writing")
                .extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Shared {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn lines(started: Option<Instant>, events: impl FnOnce()) -> String {
        let shared = Shared::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(shared.clone())
            .event_format(Lines { started })
            .finish();
        tracing::subscriber::with_default(subscriber, events);
        String::from_utf8(shared.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_person_reads_the_message_alone() {
        let text = lines(None, || {
            tracing::info!(rows = 7, "survey done");
            tracing::warn!("one bucket is large");
            tracing::error!(exit_code = 1, "no such file");
        });
        assert_eq!(
            text,
            "survey done\nwarning: one bucket is large\nerror: no such file\n"
        );
    }

    #[test]
    fn a_log_file_has_the_seconds() {
        let text = lines(Some(Instant::now()), || {
            tracing::info!("survey done");
            tracing::error!("no such file");
        });
        assert_eq!(text, "[     0.0 s] survey done\nerror: no such file\n");
    }
}
