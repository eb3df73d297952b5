//! Everything that is tested from outside: the source tree itself, and whole runs of the binary.

// A test that meets an unexpected error should panic with it.
#![allow(clippy::unwrap_used)]

mod tidy;

mod command;
mod dataset;

mod artefacts;
mod bad_input;
mod corpus;
mod dead_stderr;
mod determinism;
mod end_to_end;
mod fuzzed;
mod incremental;
mod kill;
mod kinds;
mod laws;
mod make_data;
mod predictions;
mod prune;
mod recorded;
mod refusals;
mod scratch;
mod stored_options;
mod validation;
