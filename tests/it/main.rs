//! Everything that is tested from outside: the source tree itself, and whole runs of the binary.

mod tidy;

mod command;
mod dataset;

mod artefacts;
mod bad_input;
mod corpus;
mod determinism;
mod kill;
mod make_data;
