//! Arguments to options, printing, exit codes. Nothing here knows how training works.
//!
//! ```text
//! command line + --config file -> arguments -> options -> one call of the library -> printing
//! ```
//!
//! Results go to the standard output; progress, messages, warnings and errors to the standard
//! error. A usage error exits with 2, a failed run with 1, a stopped one with 128 + the signal.

mod arguments;
pub(crate) mod command;
mod config;
mod options;

mod completions;
mod demo;
mod incremental;
mod inspect;
mod model;
mod plan;
mod prune;
mod scratch;
mod show;
mod synth;
#[cfg(test)]
mod tests;
mod train;

mod log;
mod progress;
mod signals;
mod table;
mod terminal;

pub use command::run;
