//! Display of a run's progress: a bar on a terminal, lines elsewhere.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::{
    cli::terminal::{duration, grouped},
    engine::Progress,
};

/// Time between two lines about a pass that is under way.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// The bar's form: pass, bar, rows, rates, time left.
const BAR: &str = "{prefix:>12} [{bar:28}] {rows}  {rates}  {left}";

/// Rows and bytes of the running pass so far.
#[derive(Debug, Default)]
struct Advance {
    rows: AtomicU64,
    bytes: AtomicU64,
}

/// Says that a pass is over: a line for a person, the figures for a program.
fn report_finished(name: &str, seconds: f64, rows: u64, bytes: u64) {
    let (rows_per_second, bytes_per_second) = rates(rows, bytes, seconds);
    tracing::info!(
        event = "pass_finished",
        pass = name,
        rows,
        bytes,
        seconds,
        rows_per_second,
        bytes_per_second,
        "{name}: {} rows in {} ({})",
        grouped(rows),
        duration(seconds),
        rates_text(rows_per_second, bytes_per_second)
    );
}

fn report_message(text: &str) {
    tracing::info!(event = "message", "{text}");
}

fn report_warning(text: &str) {
    tracing::warn!(event = "warning", "{text}");
}

fn rates(rows: u64, bytes: u64, seconds: f64) -> (u64, u64) {
    let rate = |count: u64| {
        if seconds > 0.0 {
            (count as f64 / seconds) as u64
        } else {
            0
        }
    };
    (rate(rows), rate(bytes))
}

fn rates_text(rows_per_second: u64, bytes_per_second: u64) -> String {
    let mut text = format!("{} rows/s", grouped(rows_per_second));
    if bytes_per_second > 0 {
        let _ = write!(text, ", {:.1} MB/s", bytes_per_second as f64 / 1e6);
    }
    text
}

/// The bar on the terminal now. The writer of messages hides it while it writes a line.
pub(super) type ShownBar = Arc<Mutex<Option<ProgressBar>>>;

/// A bar for the running pass, on a terminal.
pub(super) struct BarProgress {
    shown: ShownBar,
    advance: Mutex<Arc<Advance>>,
}

impl BarProgress {
    /// Draws on the standard error; `shown` gives the bar to the writer of messages.
    pub(super) fn new(shown: ShownBar) -> Self {
        Self {
            shown,
            advance: Mutex::default(),
        }
    }

    fn replace_bar(&self, bar: Option<ProgressBar>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *shown, bar);
        // The message writer takes this lock to draw; it must be free again.
        drop(shown);
        if let Some(before) = before {
            before.finish_and_clear();
        }
    }
}

impl Progress for BarProgress {
    fn pass_started(&self, name: &str, rows_total: u64) {
        let advance = Arc::new(Advance::default());
        let style = ProgressStyle::with_template(BAR)
            .expect("the template is constant and drawn in a test")
            .progress_chars("=> ")
            .with_key(
                "rows",
                |state: &ProgressState, line: &mut dyn std::fmt::Write| {
                    let _ = match state.len() {
                        Some(total) if total > 0 => {
                            let percent = 100.0 * state.pos() as f64 / total as f64;
                            write!(
                                line,
                                "{}/{} rows {percent:3.0} %",
                                grouped(state.pos()),
                                grouped(total)
                            )
                        }
                        _ => write!(line, "{} rows", grouped(state.pos())),
                    };
                },
            )
            .with_key("rates", {
                let advance = Arc::clone(&advance);
                move |state: &ProgressState, line: &mut dyn std::fmt::Write| {
                    let bytes = advance.bytes.load(Ordering::Relaxed);
                    let seconds = state.elapsed().as_secs_f64();
                    let (rows, bytes) = rates(state.pos(), bytes, seconds);
                    let _ = line.write_str(&rates_text(rows, bytes));
                }
            })
            .with_key(
                "left",
                |state: &ProgressState, line: &mut dyn std::fmt::Write| {
                    if state.pos() > 0 {
                        let _ = write!(line, "{} left", duration(state.eta().as_secs_f64()));
                    }
                },
            );
        let bar = ProgressBar::new(rows_total)
            .with_style(style)
            .with_prefix(name.to_owned());
        *self.advance.lock().unwrap_or_else(PoisonError::into_inner) = advance;
        self.replace_bar(Some(bar));
    }

    fn advanced(&self, rows: u64, bytes: u64) {
        let advance = self.advance.lock().unwrap_or_else(PoisonError::into_inner);
        advance.bytes.fetch_add(bytes, Ordering::Relaxed);
        drop(advance);
        let shown = self
            .shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(bar) = shown {
            bar.inc(rows);
        }
    }

    fn pass_finished(&self, name: &str, seconds: f64, rows: u64, bytes: u64) {
        self.replace_bar(None);
        report_finished(name, seconds, rows, bytes);
    }

    fn message(&self, text: &str) {
        report_message(text);
    }

    fn warning(&self, text: &str) {
        report_warning(text);
    }
}

impl Drop for BarProgress {
    fn drop(&mut self) {
        // A run that ended in an error leaves its bar; the message must not land in it.
        self.replace_bar(None);
    }
}

/// Lines about the passes, for logs.
pub(super) struct LogProgress {
    pass: Mutex<Pass>,
    advance: Advance,
}

struct Pass {
    name: String,
    rows_total: u64,
    started: Instant,
    last_line: Instant,
}

impl LogProgress {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            pass: Mutex::new(Pass {
                name: String::new(),
                rows_total: 0,
                started: now,
                last_line: now,
            }),
            advance: Advance::default(),
        }
    }
}

impl Progress for LogProgress {
    fn pass_started(&self, name: &str, rows_total: u64) {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.name = name.to_owned();
        pass.rows_total = rows_total;
        pass.started = Instant::now();
        pass.last_line = pass.started;
        self.advance.rows.store(0, Ordering::Relaxed);
        self.advance.bytes.store(0, Ordering::Relaxed);
    }

    fn advanced(&self, rows: u64, bytes: u64) {
        let rows = rows + self.advance.rows.fetch_add(rows, Ordering::Relaxed);
        let bytes = bytes + self.advance.bytes.fetch_add(bytes, Ordering::Relaxed);
        // Somebody else is writing the line.
        let Ok(mut pass) = self.pass.try_lock() else {
            return;
        };
        if pass.last_line.elapsed() < LINE_EVERY {
            return;
        }
        pass.last_line = Instant::now();
        let seconds = pass.started.elapsed().as_secs_f64();
        let (rows_per_second, bytes_per_second) = rates(rows, bytes, seconds);
        tracing::info!(
            event = "pass_advanced",
            pass = pass.name,
            rows,
            rows_total = pass.rows_total,
            bytes,
            seconds,
            rows_per_second,
            bytes_per_second,
            "{}: {} of {} rows ({})",
            pass.name,
            grouped(rows),
            grouped(pass.rows_total),
            rates_text(rows_per_second, bytes_per_second)
        );
    }

    fn pass_finished(&self, name: &str, seconds: f64, rows: u64, bytes: u64) {
        report_finished(name, seconds, rows, bytes);
    }

    fn message(&self, text: &str) {
        report_message(text);
    }

    fn warning(&self, text: &str) {
        report_warning(text);
    }
}

#[cfg(test)]
mod tests;
